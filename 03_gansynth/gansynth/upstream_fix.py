"""What magenta's GANSynth needs to run on a current Python, put right from outside its packages.

Only the environment `tensorflow` has the packages that this module imports.
"""

import collections
import inspect
import types

ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def fix_tensorflow_gan():
    """Give tensorflow_gan's training module the `getargspec` that Python 3.11 took out of `inspect`.

    The module uses nothing else of `inspect`; Python's own module stays as it is.
    """
    from tensorflow_gan.python import train

    def getargspec(function):
        return ArgSpec(*inspect.getfullargspec(function)[:4])

    train.inspect = types.SimpleNamespace(getargspec=getargspec)
