"""What `ai_duet.dataset` and `ai_duet.train` are made of; playing needs none of it.

Needs the environment `tensorflow`, except `corpus`, `melodies`, `baselines`, `metrics` and `run_folder`.
"""
