"""Console, files and paths, as all of dlwakit uses them. Standard library only."""
