"""Day 6: RAVE, and any other TorchScript model that follows nn~'s convention, live and on arrays."""
