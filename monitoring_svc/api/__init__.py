"""The monitoring service's gRPC surface."""
