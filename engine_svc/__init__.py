"""The engine: deploys process models and runs their instances."""
