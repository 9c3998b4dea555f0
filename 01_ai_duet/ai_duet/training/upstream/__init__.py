"""Magenta's own training of Melody RNN, and what was made with it; environment `tensorflow`."""

import os
import warnings

# TensorFlow and the packages of its time greet with a screen of advice that no student can follow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
warnings.filterwarnings("ignore", module=r"pydub|magenta|tf_slim|tensorflow|keras")
