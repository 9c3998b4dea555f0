"""Downloads of a folder of a Google Cloud Storage bucket, by the bucket's listing. On the command line.

The listing is the answer of the storage's JSON API to `.../b/BUCKET/o?prefix=PREFIX`: `items`, each with name, size,
md5Hash (base64) and mediaLink.
"""

import base64
import hashlib
import json
import re
import urllib.request
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit import VERSION
from dlwakit.course.download import PATIENCE, TIMEOUT, fetch

PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def is_listing(url):
    """Whether a URL asks for a bucket's listing."""
    return "/o?prefix=" in url


def fetch_folder(url, target, patience=PATIENCE):
    """Download what a listing names into the folder `target`.

    What has come is kept in `target.part`, and a later call goes on from there. Raises UserError; then there is no new
    folder under the name `target`.
    """
    target = Path(target)
    part = target.with_name(target.name + ".part")
    part.mkdir(parents=True, exist_ok=True)
    for item in _items(url):
        file = part / item["name"]
        if not file.exists() or _md5(file) != item["md5"]:
            fetch(item["url"], file, item["size"], patience=patience)
            if _md5(file) != item["md5"]:
                file.unlink()
                raise UserError(
                    "file", f"{item['url']}: what came is not what the listing says", "Try again."
                )
    part.replace(target)


def _items(url):
    request = urllib.request.Request(url, headers={"User-Agent": f"dlwa/{VERSION}"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            listed = json.load(answer).get("items", [])
        items = [
            {
                "name": item["name"].rpartition("/")[2],
                "size": int(item["size"]),
                "md5": base64.b64decode(item["md5Hash"]).hex(),
                "url": item["mediaLink"],
            }
            for item in listed
            if not item["name"].endswith("/")
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            "file",
            f"{url}: no list of files comes from there ({getattr(error, 'reason', error)})",
            "Try again later.",
        ) from None
    if not items or not all(PLAIN_NAME.fullmatch(item["name"]) for item in items):
        raise UserError("file", f"{url}: there are no files of a checkpoint there", "They may have moved.")
    return items


def _md5(file):
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
