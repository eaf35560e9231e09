"""What was asked for and begun, and how far it has come."""
