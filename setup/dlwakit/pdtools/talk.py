"""A conversation with the patch of a day, as the demos have it."""

import struct
import time

EMPTY = 44  # bytes of a WAV file without samples


class Talk:
    """Speaks to the Python object of a patch through `pd`, a PdSession that listens to NAME-out."""

    def __init__(self, pd, name):
        self._pd, self._name, self._heard = pd, name, 0

    def load(self, model, timeout=120):
        """Turn the sound on and load a model."""
        if not self._pd.received[f"{self._name}-out"]:
            raise RuntimeError("the patch's Python object could not be made: run setup/dlwa doctor")
        self._pd.send("pd", "dsp", 1)
        self.say("load", model)
        self.hear("worker", "on", timeout=timeout)

    def say(self, *message):
        """Send the object a message."""
        self._pd.send(self._name, *message)

    def hear(self, *start, timeout=60):
        """Wait until the object says this, after what was heard before. Raises RuntimeError, also with its error."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            messages = list(self._pd.received[f"{self._name}-out"])
            for index, message in enumerate(messages[self._heard :], self._heard):
                if message[0] == "error":
                    raise RuntimeError(message[1])
                if message[: len(start)] == list(start):
                    self._heard = index + 1
                    return
            time.sleep(0.02)
        raise RuntimeError(
            f"the patch did not say '{' '.join(start)}' in {timeout} seconds: run setup/dlwa doctor"
        )


def wait_for_end(sound, timeout=10):
    """Wait until Pd's [writesf~] has closed a WAV file, which is when its header tells the length.

    It does so in a thread of its own after `stop`; a Pd that quits before leaves a file without a length.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        content = sound.read_bytes() if sound.exists() else b""
        if len(content) > EMPTY and EMPTY < struct.unpack_from("<I", content, 4)[0] + 8 <= len(content):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the sound was not written to {sound}")
