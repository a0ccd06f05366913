"""The history service's gRPC surface: mapping only."""
