"""What runs beside the calls and the consumer."""
