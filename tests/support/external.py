"""Where the tests find the Pd external: the folder that `setup/dlwa install` put it into."""

import os
from pathlib import Path

# PYEXT_FOLDER names another build, one with AddressSanitizer for example.
EXTERNAL = Path(os.environ.get("PYEXT_FOLDER") or Path.home() / ".local/lib/pd/extra/pyext")
