"""What users do, on a whole mesh of each profile."""
