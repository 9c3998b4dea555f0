"""The lessons as a website of plain files: its pages, their sources made ready, the build. On the command line."""
