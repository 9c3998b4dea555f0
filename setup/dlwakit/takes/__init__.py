"""Takes as a page for the browser; on the command line."""
