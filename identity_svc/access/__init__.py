"""What grants mean: pure, without database and transport."""
