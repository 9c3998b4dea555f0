"""Parts of the programs `dataset`, `train` and `evaluate` of Melody RNN; command line.

Needs the environment `tensorflow`, except `baselines`, `corpus`, `melodies`, `metrics` and `settings`.
"""

import os
import warnings

# TensorFlow and the packages of its time greet with a screen of advice that no student can follow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
warnings.filterwarnings("ignore", module=r"pydub|magenta|tf_slim|tensorflow|keras")
