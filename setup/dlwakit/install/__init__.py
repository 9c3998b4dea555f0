"""The components that `setup/dlwa install` makes. Standard library only."""
