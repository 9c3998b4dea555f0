"""The parts of the model: configuration, files, network, and the loops that generate; worker process and trainings."""
