"""Somebody who plays day 1's patch in real Pd, for the tests."""

import time
from pathlib import Path

from support.worker_desk import wait_until

ROOT = Path(__file__).parents[2]
DAY = ROOT / "01_ai_duet"
PROBES = ROOT / "tests/patches/ai_duet"
OUT = "ai_duet-out"
NETWORK = "starter_attention_rnn"
TWINKLE = (60, 60, 67, 67, 69, 69, 67)


class Player:
    """Somebody who plays the patch in a PdSession."""

    def __init__(self, pd):
        self.pd = pd
        self._begin = 0

    def say(self, *message):
        self.pd.send("ai_duet", *message)

    def hear(self, *start, timeout=60):
        return self.pd.expect(OUT, *start, timeout=timeout)

    def heard(self, tag):
        """What the object has said with this tag since `begin`."""
        self.pd.sync()
        return [message[1:] for message in self.pd.received[OUT][self._begin :] if message[0] == tag]

    def begin(self):
        self._begin = len(self.pd.received[OUT])

    def answer(self):
        """Wait for the answer that was asked for, and for all of its notes in the piano roll."""
        count = self.hear("generated")[1]
        wait_until(lambda: len(self.drawn("answer")) == count, f"{count} drawn notes")
        return self.drawn("answer")

    def drawn(self, voice):
        """(pitch, start, length) of the notes in the piano roll."""
        rolls = self.heard("roll")
        cleared = max([i for i, roll in enumerate(rolls) if roll[0] == "clear"], default=0)
        return [tuple(roll[1:]) for roll in rolls[cleared:] if roll[0] == voice]

    def load(self, name=NETWORK):
        self.say("load", name)
        return self.hear("worker", "on")

    def play(self, pitches=TWINKLE):
        """Play notes one after the other."""
        for pitch in pitches:
            self.say("note", pitch, 100)
            time.sleep(0.06)
            self.say("note", pitch, 0)
        self.pd.sync()
