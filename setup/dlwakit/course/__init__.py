"""The days of the course, their checkpoints, downloads and USB bundles. Standard library only."""
