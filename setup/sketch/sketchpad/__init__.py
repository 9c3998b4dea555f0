"""Sketches: eight tracks of takes, heard together. Imported in Pd and in the worker, so it loads nothing heavy."""
