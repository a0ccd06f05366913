"""The Envoy gateway: its configuration as a function of the contracts and settings, and its process."""
