"""The Pd object inside `[timbre_transfer~]`, which plays live."""

import pyext
from pdworker.host.arguments import message, number, only
from pdworker.host.pd_object import WorkerObject

REPORT = 200  # milliseconds from one look at what plays to the next
USUAL_LATENCY = 220
NO_MODEL = ("none", "-")


class timbre_transfer_live(WorkerObject):
    """An instrument that plays what comes in, now.

    Arguments: the abstraction's $0, and MODEL and MILLISECONDS of its box.

    In:  load NAME, unload, cancel, status (see WorkerObject)
         latency MILLISECONDS     from sound to sound, as near as the machine and the model allow
         octave OCTAVES, threshold CONFIDENCE, loudness DB
    Out: latency SAMPLES MILLISECONDS, late BLOCKS, alive 0|1
         and what every WorkerObject says: worker, progress, status, error
    """

    WORKER = "timbre_transfer.worker"
    NICENESS = 0  # its sound is played while it is made

    def __init__(self, box=0, model=None, milliseconds=0):
        super().__init__()
        self._to_stream = f"{box:g}-stream"
        self._milliseconds = milliseconds or USUAL_LATENCY
        self._controls = {"octave_shift": 0.0, "threshold": 0.2, "loudness_shift": 0.0}
        self._stream = self._latency = None
        self._clock = pyext.Clock(self._ask)
        if model and str(model) not in NO_MODEL:
            pyext.call_soon(self.load_1, model)

    def loaded(self, facts):
        self._play()

    def _play(self):
        if self.facts is None:
            return
        if self._stream is None:
            self._send(self._to_stream, None)
            return
        self._latency = None
        self.call(
            "play",
            lambda values, arrays: self._clock.delay(0),
            stream=self._stream,
            milliseconds=self._milliseconds,
            **self._controls,
        )

    def _ask(self):
        if self.facts is not None:
            self._call("report", {}, self._reported)

    def _reported(self, report, arrays):
        if report["error"]:
            self.report(f"the sound has stopped: {report['error']}; load the model again")
            return
        if report["latency"] != self._latency:
            self._latency = report["latency"]
            self._send(self._to_stream, "latency", [self._latency // report["block"]])
            self.say("latency", self._latency, round(1000 * self._latency / pyext._samplerate()))
        self._clock.delay(REPORT)

    def stream_1(self, *words):
        """What [pystream~] says."""
        tag, values = str(words[0]), words[1:]
        if tag == "stream":
            self._stream = str(values[0])
            self._play()
        elif tag != "latency":
            self.say(tag, *values)

    @message("latency MILLISECONDS")
    def latency_1(self, *values):
        self._milliseconds = number(only(values), "the latency", 1, 2000)
        self._play()

    @message("octave OCTAVES")
    def octave_1(self, *values):
        self._change("octave_shift", number(only(values), "the octave", -20, 20))

    @message("threshold CONFIDENCE")
    def threshold_1(self, *values):
        self._change("threshold", number(only(values), "the threshold", 0, 1))

    @message("loudness DB")
    def loudness_1(self, *values):
        self._change("loudness_shift", number(only(values), "the loudness", -100, 100))

    def _change(self, control, value):
        self._controls[control] = value
        if self.facts is not None:
            self._call("change", self._controls, lambda values, arrays: None)
