"""What NSynth's model is made of: network, checkpoints, loops that generate. Worker process and trainings."""
