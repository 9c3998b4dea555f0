"""What every other part of dlwakit uses: console, files, paths. Standard library only."""
