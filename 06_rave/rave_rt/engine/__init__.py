"""The parts of the model: TorchScript files and what they can do. Runs in forks of the worker process."""
