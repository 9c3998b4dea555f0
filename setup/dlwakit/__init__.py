"""What the commands of `setup/dlwa` are made of: parts that can be installed, days, downloads, the console.

Runs on a fresh machine with any Python from 3.9 on, so it uses the standard library alone.
"""

VERSION = "0.1.0"
