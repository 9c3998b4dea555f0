"""Download of one file over HTTP: resumed after a cut, checked, put in place whole. On the command line."""

import http.client
import shutil
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit import VERSION
from dlwakit.base.console import Activity, human_size
from dlwakit.base.files import explained, is_disk_full, read_json, sha256, write_json
from dlwakit.course.kinds import PAGE_CAME, complaint

BLOCK = 1 << 18
TIMEOUT = 30  # seconds of silence after which a connection counts as cut
PATIENCE = (1, 2, 4, 8)  # seconds before another try after a cut that brought nothing


def fetch(url, target, size=None, digest=None, patience=PATIENCE):
    """Download `url` to `target` and return the SHA-256 of what came.

    size, digest: bytes and SHA-256 that it must have, where they are known. The part that has come is kept as
    `target.part` beside the target, and a later call goes on from there, as long as the server says that its
    file is still the same one. Raises UserError; then there is no new file under the name `target`.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    notes = target.with_name(target.name + ".part.json")
    _receive_all(url, part, notes, size, patience)
    found = sha256(part)
    wrong = complaint(part, target.name)
    if size is not None and part.stat().st_size != size:
        wrong = f"{part.stat().st_size} bytes instead of {size}"
    elif digest is not None and found != digest:
        wrong = wrong or f"SHA-256 {found[:12]}... instead of {digest[:12]}..."
    if wrong:
        part.unlink()
        notes.unlink(missing_ok=True)
        raise UserError(
            "file",
            f"{url}: what came is not the file that was expected ({wrong})",
            "It was thrown away. Try again; if it happens again, the file was changed at its source.",
        )
    part.replace(target)
    notes.unlink(missing_ok=True)
    return found


def _receive_all(url, part, notes, size, patience):
    """Ask again after each cut until all is there; gives up when `patience` tries in a row bring nothing."""
    waits = iter(patience)
    with Activity(part.stem) as activity:
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                if _receive(url, part, notes, size, activity):
                    return
                problem = "the connection was cut"
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 429:
                    raise UserError(
                        "file",
                        f"{url}: the server answers {error.code} {error.reason}",
                        "The file may have moved.",
                    ) from None
                problem = f"the server answers {error.code} {error.reason}"
            except (OSError, http.client.HTTPException) as error:
                if is_disk_full(error) or getattr(error, "filename", None):
                    raise explained(error) from None
                problem = _in_words(getattr(error, "reason", error))
            if part.exists() and part.stat().st_size > before:
                waits = iter(patience)
            wait = next(waits, None)
            if wait is None:
                have = part.stat().st_size if part.exists() else 0
                raise UserError(
                    "file",
                    f"{url}: {problem}",
                    f"{human_size(have)} are kept; the same command goes on from there.",
                )
            time.sleep(wait)


def _in_words(reason):
    if isinstance(reason, socket.gaierror):
        return "the name of its server is not found; is there a network?"
    if isinstance(reason, TimeoutError):
        return "its server does not answer; is there a network?"
    return getattr(reason, "strerror", None) or str(reason)


def _receive(url, part, notes, size, activity):
    """One request: appends to `part`, or starts over. Returns whether all has come."""
    have = part.stat().st_size if part.exists() else 0
    mark = read_json(notes, {}).get("mark")
    request = urllib.request.Request(url, headers={"User-Agent": f"dlwa/{VERSION}"})
    if have and mark:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", mark)
    else:
        have = 0
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        part.unlink()  # nothing follows what is here, so it cannot be told from another file; fetch it anew
        return False
    with answer:
        if answer.headers.get_content_type() == "text/html":
            raise UserError(
                "file", f"{url}: {PAGE_CAME}", "Open a page in a browser and log in, then try again."
            )
        if answer.status != 206:
            have = 0
        elif answer.headers.get("Content-Range", "").partition("-")[0] != f"bytes {have}":
            raise OSError("the server answers with another part than was asked for")
        length = answer.headers.get("Content-Length")
        whole = have + int(length) if length is not None else size
        if whole is not None and whole - have > shutil.disk_usage(part.parent).free:
            raise UserError("file", f"{url}: no room for {human_size(whole - have)} in {part.parent}")
        etag = answer.headers.get("ETag", "")
        write_json(
            notes, {"url": url, "mark": etag if etag.startswith('"') else answer.headers.get("Last-Modified")}
        )
        with part.open("ab" if have else "wb") as file:
            while block := answer.read(BLOCK):
                file.write(block)
                have += len(block)
                activity.text = f"{human_size(have)} of {human_size(whole) if whole else '?'}"
    return whole is None or have >= whole
