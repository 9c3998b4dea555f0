"""What `setup/dlwa install` makes, and how. Standard library only."""
