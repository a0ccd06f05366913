"""What a model is checked for once it was read; each module has one subject."""
