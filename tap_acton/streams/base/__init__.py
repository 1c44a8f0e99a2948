"""What all streams are made of."""
