"""Open a report page in headless Chromium: a screenshot, and for each sound whether the browser can play it.

    python tests/training/report_in_browser.py REPORT.html SCREENSHOT.png

Needs Debian's package chromium, which `setup/dlwa test` installs in continuous integration alone: it is large, and
only this looks at it.
"""

import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--disable-audio-output",
    "--autoplay-policy=no-user-gesture-required",
)

STAY = "--remote-debugging-port=0"  # else it ends when the page is loaded
PATIENCE = 120  # seconds for all sounds
QUIET = {"stderr": subprocess.DEVNULL}  # where it complains of a machine without a desktop

PROBE = """
<script>
for (const sound of document.querySelectorAll("audio")) {
  const tell = text => fetch("http://127.0.0.1:PORT/", {method: "POST", mode: "no-cors", body: text});
  sound.onerror = () => tell("cannot be played: " + sound.error.message);
  sound.onended = () => tell("played to the end, " + sound.duration.toFixed(2) + " s");
  sound.playbackRate = 16;
  sound.play().catch(error => tell("" + error));
}
</script>
"""


def command(page, profile, *arguments):
    """The command that opens a page in Chromium."""
    return ["chromium", *FLAGS, f"--user-data-dir={profile}", *arguments, page.resolve().as_uri()]


class Listener(BaseHTTPRequestHandler):
    """Keeps what the page tells of its sounds."""

    def do_POST(self):
        self.server.told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def main(report, screenshot):
    """Write the screenshot, print a line for each sound; 1 if one cannot be played."""
    report = Path(report)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.told, server.timeout = [], 1
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        size = [f"--screenshot={Path(screenshot).resolve()}", "--window-size=1000,2400"]
        subprocess.run(command(report, Path(folder, "one"), *size), **QUIET, check=True, timeout=120)
        text = report.read_text()
        page = Path(folder, "probed.html")
        page.write_text(text.replace("</body>", PROBE.replace("PORT", str(server.server_port)) + "</body>"))
        with subprocess.Popen(command(page, Path(folder, "two"), STAY), **QUIET) as browser:
            end = time.monotonic() + PATIENCE
            while len(server.told) < text.count("<audio") and time.monotonic() < end:
                server.handle_request()  # a browser may connect more often than it has something to tell
            browser.terminate()
    server.server_close()
    print("\n".join(server.told))
    played = sum(told.startswith("played") for told in server.told)
    return 0 if 0 < played == text.count("<audio") else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
