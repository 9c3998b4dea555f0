"""Plays day 1's patch in real Pd, for its tests and benchmarks."""

from pathlib import Path

from dlwakit.pdtools.pd_session import PatchObject

from support.waiting import wait_until

ROOT = Path(__file__).parents[2]
DAY = ROOT / "01_ai_duet"
PROBES = ROOT / "tests/patches/ai_duet"
OUT = "ai_duet-out"
NETWORK = "starter_attention_rnn"
TWINKLE = (60, 60, 67, 67, 69, 69, 67)


class Duet(PatchObject):
    """The object of the patch in a PdSession, keys and piano roll included."""

    def __init__(self, pd):
        super().__init__(pd, "ai_duet")
        self._start = 0

    def all(self, tag):
        """What the object has sent with this tag since `start_over`."""
        self.pd.sync()
        return [message[1:] for message in self.pd.received[OUT][self._start :] if message[0] == tag]

    def start_over(self):
        """Leave what came so far out of `all` and `drawn`."""
        self._start = len(self.pd.received[OUT])

    def answer(self):
        """Wait for the answer that was asked for, and for all of its notes in the piano roll."""
        count = self.expect("generated")[1]
        wait_until(lambda: len(self.drawn("answer")) == count, f"{count} drawn notes")
        return self.drawn("answer")

    def drawn(self, voice):
        """(pitch, start, length) of the notes in the piano roll."""
        rolls = self.all("roll")
        cleared = max([i for i, roll in enumerate(rolls) if roll[0] == "clear"], default=0)
        return [tuple(roll[1:]) for roll in rolls[cleared:] if roll[0] == voice]

    def load(self, model=NETWORK, timeout=60):
        """Load a network; the sound stays as it is. Returns the message that it is there."""
        self.send("load", model)
        return self.expect("worker", "on", timeout=timeout)

    def play(self, pitches=TWINKLE):
        """Play notes one after the other."""
        for pitch in pitches:
            self.send("note", pitch, 100)
            self.pd.let_time_pass(60)
            self.send("note", pitch, 0)
        self.pd.sync()
