"""A small RAVE: network, losses, training steps, export. Runs in a training."""
