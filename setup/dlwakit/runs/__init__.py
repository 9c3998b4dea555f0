"""Trainings as the command line sees them: where they run, and how they go. Standard library only."""
