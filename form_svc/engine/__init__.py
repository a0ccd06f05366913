"""How the engine is asked."""
