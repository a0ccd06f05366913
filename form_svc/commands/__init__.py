"""What the service does: one module for each subject."""
