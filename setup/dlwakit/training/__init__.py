"""What all trainings share: the run folder, its report page, and the places where a run can go.

README.md tells how a day's train.py uses it.
"""
