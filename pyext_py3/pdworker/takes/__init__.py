"""Takes: what models have made and what was recorded, as files; in Pd and on the command line."""
