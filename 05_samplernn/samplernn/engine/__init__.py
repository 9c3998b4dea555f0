"""The parts of the model: configuration, files, network, and the loops that generate. Runs in the worker process."""
