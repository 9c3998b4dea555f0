"""Play a real Pd from Python: start it, open patches, send messages to receive names, see what comes back.

Runs in the command line (demos) and in tests. Pd runs without a window unless a display is given, takes no
preferences, and gets its messages through a little driver patch with a `[netreceive]` in it.

    with PdSession([Path("01_ai_duet/ai_duet.pd")], listen=["ai_duet-out"]) as pd:
        pd.send("ai_duet", "load", "attention_rnn")
        pd.expect("ai_duet-out", "worker", "on", timeout=20)
"""

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from dlwakit.pdtools.processes import ending_with_us, free_port

DRIVER = """#N canvas 0 0 450 300 10;
#X obj 20 20 netreceive {port};
#X obj 20 50 route send ping wait;
#X obj 20 80 list;
#X obj 150 110 list split 1;
#X obj 20 110 list split 1;
#X obj 20 140 list trim;
#X obj 20 200 send;
#X obj 250 80 list prepend send pong;
#X obj 250 110 list trim;
#X obj 250 20 receive {reply};
#X obj 20 95 t l l;
#X obj 350 80 delay;
#X msg 350 110 send pong wait;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 1 7 0;
#X connect 2 0 10 0;
#X connect 10 0 4 0;
#X connect 10 1 3 0;
#X connect 3 0 6 1;
#X connect 4 1 5 0;
#X connect 5 0 6 0;
#X connect 7 0 8 0;
#X connect 8 0 0 0;
#X connect 9 0 0 0;
#X connect 1 2 11 0;
#X connect 11 0 12 0;
#X connect 12 0 0 0;
"""

LISTENER = """#N canvas 0 0 450 300 10;
#X obj 20 20 receive \\$1;
#X obj 20 50 list prepend send received \\$1;
#X obj 20 80 list trim;
#X obj 20 110 send {reply};
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
"""

EMPTY_WAV = 44  # bytes of a WAV file without samples

# How many times longer to wait than said, for a Pd that runs under valgrind.
PATIENCE = float(os.environ.get("PD_PATIENCE", 1))

ERROR = re.compile(
    r"^(error|fatal error)\b|couldn't create|Traceback \(most recent|no such object|: can't load library"
)


BEGIN = 5  # seconds in which the object of a patch sends something by itself


class PdError(RuntimeError):
    """Pd could not be started, ended too early, or did not answer in time."""


def escape(atom):
    """The FUDI text of one atom: numbers as they are, blanks and the characters that Pd reads escaped."""
    if isinstance(atom, (int, float)):
        return repr(atom)
    return re.sub(r"([\\;,$ ])", r"\\\1", str(atom)) or "symbol"


def atoms(text):
    """The atoms of one FUDI message without its semicolon: floats where Pd would read floats, else str."""
    words = re.findall(r"(?:\\.|[^\s\\])+", text, flags=re.S)
    return [_atom(word) for word in words]


def _atom(word):
    try:
        return float(word)
    except ValueError:
        return re.sub(r"\\(.)", r"\1", word, flags=re.S)


def starts_with(message, start):
    """Whether a list of atoms begins with `start`; numbers to 32-bit precision."""
    return len(message) >= len(start) and all(
        abs(have - want) < 1e-5 * max(1.0, abs(want))
        if isinstance(have, float) and isinstance(want, (int, float))
        else have == want
        for have, want in zip(message, start)
    )


class PdSession:
    """A running Pd.

    patches: .pd files to open, in order. arguments: more words for Pd's command line.
    listen: receive names to collect from before the patches open (see `listen`).
    jack: a `Jack` to play through; without one Pd runs without audio hardware, DSP still computes.
    display: an X display such as ":7" to show windows on; without one Pd runs without windows.
    path: folders for Pd's search path. environment: variables that differ from this process's own.
    """

    def __init__(
        self,
        patches=(),
        arguments=(),
        *,
        listen=(),
        jack=None,
        display=None,
        path=(),
        environment=None,
        pd="pd",
    ):
        if shutil.which(pd) is None:
            raise PdError(f"'{pd}' is not installed: run setup/dlwa install")
        self.console = []
        self.received = {}
        self._cursor = {}
        self._changed = threading.Condition()
        self._pings = self._pongs = 0
        self._waits = self._waited = 0
        self._folder = Path(tempfile.mkdtemp(prefix="dlwa-pd-"))
        self._start(pd, arguments, jack, display, path, environment or {})
        try:
            self._connect()
            for name in listen:
                self.listen(name)
            for patch in patches:
                self.open(patch)
        except BaseException:
            self.close()
            raise

    def _start(self, pd, arguments, jack, display, path, environment):
        self._port = free_port()
        reply = f"pd-session-reply-{self._port}"
        (self._folder / "driver.pd").write_text(DRIVER.format(port=self._port, reply=reply))
        (self._folder / "listener.pd").write_text(LISTENER.format(reply=reply))
        audio = ["-jack", "-channels", "2"] if jack else ["-nosound"]
        priority = "-rt" if jack and jack.realtime else "-nrt"
        command = [pd, "-noprefs", "-stderr", priority, "-nomidi", *audio]
        command += [] if display else ["-nogui"]
        for folder in path:
            command += ["-path", str(folder)]
        command += [*arguments, str(self._folder / "driver.pd")]
        variables = dict(os.environ, **(jack.environment if jack else {}), **environment)
        if display:
            variables["DISPLAY"] = display
        self.process = subprocess.Popen(
            ending_with_us("KILL", command),
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._console_reader = threading.Thread(target=self._read_console, daemon=True)
        self._console_reader.start()

    def _read_console(self):
        with self.process.stderr as lines:
            for line in lines:
                with self._changed:
                    self.console.append(line.decode("utf-8", "replace").rstrip("\n"))
                    self._changed.notify_all()

    def _connect(self):
        deadline = time.monotonic() + 30 * PATIENCE
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", self._port))
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise PdError("Pd did not start:\n" + "\n".join(self.console)) from None
                time.sleep(0.02)
        threading.Thread(target=self._read_replies, daemon=True).start()

    def _read_replies(self):
        rest = b""
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                return
            if not data:
                return
            *messages, rest = re.split(rb"(?<!\\);\n?", rest + data)
            with self._changed:
                for message in messages:
                    self._take(atoms(message.decode("utf-8", "replace")))
                self._changed.notify_all()

    def _take(self, words):
        if words[:2] == ["pong", "wait"]:
            self._waited += 1
        elif words[:1] == ["pong"]:
            self._pongs = int(words[1])
        elif words[:1] == ["received"] and len(words) > 1:
            self.received.setdefault(str(words[1]), []).append(words[2:])

    def send(self, name, *message):
        """Send a message to a receive name; no message is a bang."""
        text = " ".join(map(escape, ("send", name, *(message or ("bang",)))))
        self._socket.sendall(text.encode() + b";\n")

    def sync(self, timeout=30):
        """Wait until Pd has worked off everything that was sent so far."""
        self._pings += 1
        self._socket.sendall(f"ping {self._pings};\n".encode())
        self._wait(lambda: self._pongs >= self._pings, timeout, "Pd does not answer")

    def let_time_pass(self, ms):
        """Wait until Pd has computed as many milliseconds of its own time, however long that takes."""
        self._waits += 1
        self._socket.sendall(f"wait {ms};\n".encode())
        self._wait(lambda: self._waited >= self._waits, 20 + ms / 1000, "Pd does not compute")
        self.sync()

    def open(self, patch):
        """Open a patch, as File/Open does, and wait until it is there."""
        patch = Path(patch).resolve()
        self.send("pd", "open", patch.name, str(patch.parent))
        self.sync()

    def listen(self, name):
        """Collect from now on what is sent to a name, in `received[name]`."""
        if name not in self.received:
            self.received[name] = []
            self.send("pd-driver.pd", "obj", 20, 250, "listener", name)
            self.sync()

    def forget(self, name):
        """Drop what was sent to a name so far, as a session of hours has to."""
        with self._changed:
            self.received[name].clear()
            self._cursor.pop(name, None)

    def expect(self, name, *start, timeout=20, refuse=None):
        """The first message to `name`, after the last one expected, that begins with the atoms `start`.

        refuse: the first atom of messages that end the waiting, unless they are what is expected; PdError then says
        the rest of such a message.
        """
        found = []

        def look():
            messages = self.received.get(name, [])
            for index in range(self._cursor.get(name, 0), len(messages)):
                message = messages[index]
                expected = starts_with(message, start)
                if expected or message[:1] == [refuse]:
                    self._cursor[name] = index + 1
                    found.append(message)
                    if not expected:
                        raise PdError(" ".join(map(str, message[1:])))
                    return True
            return False

        self._wait(look, timeout, lambda: f"'{name}' never sent {start}; it sent {self.received.get(name)}")
        return found[0]

    def expect_console(self, text, timeout=20):
        """The first console line that holds `text`."""
        found = []

        def look():
            found[:] = [line for line in self.console if text in line][:1]
            return bool(found)

        self._wait(look, timeout, lambda: f"'{text}' never stood in the console")
        return found[0]

    def _wait(self, condition, timeout, complaint):
        deadline = time.monotonic() + timeout * PATIENCE
        with self._changed:
            while not condition():
                dead = self.process.poll() is not None
                if dead or time.monotonic() >= deadline:
                    what = complaint() if callable(complaint) else complaint
                    end = f" (Pd ended with {self.process.returncode})" if dead else ""
                    raise PdError(what + end + "\nconsole:\n" + "\n".join(self.console[-40:]))
                self._changed.wait(min(0.2, deadline - time.monotonic()))

    def array(self, name):
        """The points of a Pd array, as floats."""
        file = self._folder / "array.txt"
        file.unlink(missing_ok=True)
        self.send(name, "write", str(file))
        self.sync()
        if not file.exists():
            raise PdError(f"there is no array '{name}'")
        return [float(line) for line in file.read_text().split()]

    def set_array(self, name, values):
        """Resize a Pd array and fill it."""
        file = self._folder / "array.txt"
        file.write_text("\n".join(map(repr, map(float, values))))
        self.send(name, "resize", len(values))
        self.send(name, "read", str(file))
        self.sync()

    def errors(self):
        """Console lines that a student would take for an error."""
        return [line for line in self.console if ERROR.search(line)]

    def quit(self, timeout=20):
        """Ask Pd to quit and return its exit status."""
        self.send("pd", "quit")
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise PdError("Pd does not quit") from None

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._console_reader.join(1)  # longer lives what a process that Pd has started still holds open
        if hasattr(self, "_socket"):
            self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class PatchObject:
    """The Python object of a day's patch in a PdSession that listens to NAME-out, where the object answers.

    name: the receive name at which the object gets its messages.
    """

    def __init__(self, pd, name):
        self.pd, self.name = pd, name
        self._number = None

    def send(self, *message):
        """Send the object a message."""
        self.pd.send(self.name, *message)

    def own(self, name):
        """The full name of what the patch calls `$0-NAME`: a button, a field, an array."""
        if self._number is None:
            self.send("number")
            self._number = int(self.expect("number")[1])
        return f"{self._number}-{name}"

    def expect(self, *start, timeout=60):
        """The object's next message that begins so; PdError with its error message if one comes before."""
        return self.pd.expect(f"{self.name}-out", *start, timeout=timeout, refuse="error")

    def load(self, model, timeout=120):
        """Turn the sound on, load a model and wait until it is there."""
        if not self.pd.received[f"{self.name}-out"]:
            try:
                self.pd.expect(f"{self.name}-out", timeout=BEGIN)
            except PdError:
                raise PdError("the patch's Python object is missing: run setup/dlwa doctor") from None
        self.pd.send("pd", "dsp", 1)
        self.send("load", model)
        self.expect("worker", "on", timeout=timeout)


def wait_for_sound(file, timeout=10):
    """Wait until Pd's [writesf~] has closed a WAV file, which is when its header holds the length.

    It does so in a thread of its own after `stop`; a Pd that quits before leaves a file without a length.
    """
    deadline = time.monotonic() + timeout * PATIENCE
    while time.monotonic() < deadline:
        content = file.read_bytes() if file.exists() else b""
        (size,) = struct.unpack_from("<I", content.ljust(8, b"\0"), 4)
        if EMPTY_WAV < size + 8 <= len(content):
            return
        time.sleep(0.05)
    raise PdError(f"the sound was not written to {file}")
