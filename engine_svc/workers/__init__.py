"""Background work of the engine. Every process runs it; the database sees to it that each item is done once."""
