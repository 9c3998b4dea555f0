"""Takes in Pd: recorded, listed, heard, marked; what [dlwa-recorder~] and [dlwa-takes] load.

Every patch of a day has them, so what is said here is said once in each Pd.
"""

import sys

from .library import complaint

if wrong := complaint():
    print(f"error: {wrong}", file=sys.stderr)
