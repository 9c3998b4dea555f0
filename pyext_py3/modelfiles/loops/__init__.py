"""What compiled loops that generate sound sample by sample share: weights of few bits, threads, draws. Needs numba.

Runs in the workers. numba caches compiled loops by the date of the file that they stand in: after a change here,
change something in the loops of the models, too, or old ones run.
"""
