"""A small RAVE: network, losses, training steps, export."""
