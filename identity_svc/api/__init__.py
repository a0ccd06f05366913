"""The gRPC services, one servicer a file."""
