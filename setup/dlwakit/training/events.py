"""Event files of a run for TensorBoard: tensorboard --logdir FOLDER. Runs in a training."""

import time
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it imports greets old Pythons with advice
    from tensorboardX import summary
    from tensorboardX.event_file_writer import EventsWriter
    from tensorboardX.proto.event_pb2 import Event, SessionLog


class Events:
    """Writes an event file into a folder; what earlier ones say of steps later than `step` no longer counts."""

    def __init__(self, folder, step):
        folder.mkdir(exist_ok=True)
        self._writer = EventsWriter(str(folder / "events"), f".{step}")
        self._write(step + 1, session_log=SessionLog(status=SessionLog.START))

    def numbers(self, step, numbers):
        """One scalar for each name."""
        for name, value in numbers.items():
            self._write(step, summary=summary.scalar(name, value))
        self._writer.flush()

    def audio(self, step, name, samples, rate):
        """Samples (n,), -1 to 1."""
        self._write(step, summary=summary.audio(name, samples, rate))
        self._writer.flush()

    def close(self):
        """Write what is left."""
        self._writer.close()

    def _write(self, step, **content):
        self._writer.write_event(Event(step=step, wall_time=time.time(), **content))
