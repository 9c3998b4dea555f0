"""What the ddsp package wants and we do not use: import this before `ddsp`.

ddsp imports `crepe`, whose installation fetches weights from the internet; f0 comes from `f0.py` here.
"""

import sys
import types

sys.modules.setdefault("crepe", types.ModuleType("crepe"))
