"""A model that plays live, as small as possible."""
