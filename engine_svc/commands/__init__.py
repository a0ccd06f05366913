"""What changes the engine: one module a group of commands, each load, step, commit."""
