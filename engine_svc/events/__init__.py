"""How the engine tells the world what happened: compact records in the outbox, typed events on the bus."""
