"""A day of the course, as small as possible."""
