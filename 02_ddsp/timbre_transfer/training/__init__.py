"""What a training of day 2 is made of."""
