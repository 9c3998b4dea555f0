"""The training of NSynth: batches and steps. Runs in a training."""
