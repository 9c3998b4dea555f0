"""Real Pd driven from Python, and pictures of what it does. Standard library only."""
