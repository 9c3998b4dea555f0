"""What all trainings share: options, run folder, report page. Runs in the models' environments.

README.md shows how a day's train.py uses it.
"""
