"""Print a page of the book into a PDF file, with a browser that is there. On the command line."""

import os
import shutil
import subprocess
import tempfile

from modelfiles.errors import UserError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LONGEST_S = 600


def write_pdf(page, file):
    """Print a page into a file. Raises UserError where no browser can do it without a window."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        hint = f"Open {page} in a browser and print it into a file."
        raise UserError("environment", "there is no Chromium here, which makes the PDF", hint)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="dlwa-pdf-", ignore_cleanup_errors=True) as profile:
        made = os.path.join(profile, "book.pdf")
        command = [browser, "--headless", "--disable-gpu", "--disable-background-networking", *as_root]
        command += [
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={made}",
            page.as_uri(),
        ]
        said = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False).stderr
        if not os.path.exists(made):
            raise UserError("file", f"{browser} made no PDF", said.strip()[-300:])
        try:
            shutil.move(made, file)
        except OSError as error:
            raise UserError("file", f"{file}: {error.strerror or error}") from None
