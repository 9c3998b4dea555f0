"""DDSP timbre transfer: sing, and an instrument plays it."""
