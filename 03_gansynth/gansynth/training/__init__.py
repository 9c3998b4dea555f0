"""The trainer by regression: network, losses, codes, loop. Runs on the command line, in the environment `torch`."""
