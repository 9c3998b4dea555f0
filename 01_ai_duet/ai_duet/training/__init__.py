"""Parts of the programs `dataset`, `train` and `evaluate` of Melody RNN; command line.

`upstream` needs the environment `tensorflow`, everything else the environment `torch`.
"""
