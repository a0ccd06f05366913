"""The command `flowmesh`, the embedded mesh and the environment they run in."""
