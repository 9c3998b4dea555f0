"""The parts of the model: configuration, features, network, synthesisers. Runs in the worker process."""
