"""The embedded mesh: every service on one machine, its data in one folder, supervised by one small process.

    supervisor ─┬─ engine     its gRPC server, its workers
                ├─ services   history, identity, forms, monitoring, notifications, the relay of the engine's outbox
                └─ gateway    Envoy

The supervisor imports neither gRPC nor Protobuf; what needs them runs in its children.
"""
