"""What a SampleRNN is trained with: batches, steps, averaged weights, saved state. Runs in a training."""
