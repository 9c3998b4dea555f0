"""Whether a file that was downloaded can be what its name says, by its first bytes. On the command line."""

import re
import struct
import tarfile
import zipfile
from pathlib import Path

PAGE = re.compile(rb"\s*(<!doctype html|<html|<head|<\?xml)", re.IGNORECASE)
PAGE_CAME = "a page came, not a file; does the network ask for a login?"
FIRST_BYTES = 512
MAX_HEADER = 100 << 20  # bytes of a .safetensors file's header, as that library has it


def complaint(file, name):
    """What speaks against `file` being a checkpoint of this name, in words; "" for nothing."""
    file = Path(file)
    with file.open("rb") as opened:
        first = opened.read(FIRST_BYTES)
    if not first:
        return "nothing came"
    if PAGE.match(first):
        return PAGE_CAME
    ending = Path(name).suffix
    if ending in (".zip", ".ts") and not zipfile.is_zipfile(file):
        return f"it is no archive, as a {ending} file is"
    if ending == ".tar" and not tarfile.is_tarfile(file):
        return "it is no archive, as a .tar file is"
    if ending == ".safetensors" and not _has_header(file, first):
        return "it has no header, as a .safetensors file has"
    return ""


def _has_header(file, first):
    size = struct.unpack("<Q", first[:8])[0] if len(first) > 8 else 0
    return 0 < size <= min(MAX_HEADER, file.stat().st_size - 8) and first[8:9] == b"{"
