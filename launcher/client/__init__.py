"""The commands of `flowmesh` that talk to a running mesh, by gRPC through its gateway."""
