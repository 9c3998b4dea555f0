"""Sounds of one's own in a patch: collect them, train a model on them, hear it learn."""
