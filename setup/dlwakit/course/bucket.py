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
from dlwakit.base.files import content, remove
from dlwakit.course.download import PATIENCE, TIMEOUT, fetch

PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def is_listing(url):
    """Whether a URL asks for a bucket's listing."""
    return "/o?prefix=" in url


def fetch_folder(url, target, patience=PATIENCE, digest=None):
    """Download what a listing names into the folder `target`.

    digest: the SHA-256 that the folder must have (`files.content`), where it is known.
    The part that has come is kept in `target.part`, and a later call continues it. Raises UserError; then there is no
    new folder under the name `target`.
    """
    target = Path(target)
    part = target.with_name(target.name + ".part")
    part.mkdir(parents=True, exist_ok=True)
    items = _items(url)
    for file in part.iterdir():
        if file.name.removesuffix(".json").removesuffix(".part") not in {item["name"] for item in items}:
            remove(file)  # of an earlier listing
    for item in items:
        file = part / item["name"]
        if not file.exists() or _md5(file) != item["md5"]:
            fetch(item["url"], file, item["size"], patience=patience)
            if _md5(file) != item["md5"]:
                file.unlink()
                raise UserError(
                    "file", f"{item['url']}: what came is not what the listing says", "Try again."
                )
    for file in part.glob("*.part*"):
        remove(file)
    found = content(part)[1]
    if digest is not None and found != digest:
        remove(part)
        raise UserError(
            "file",
            f"{url}: what came is not what was expected (SHA-256 {found[:12]}... instead of {digest[:12]}...)",
            "It was thrown away. Try again; if it happens again, the files were changed at their source.",
        )
    remove(target)
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
