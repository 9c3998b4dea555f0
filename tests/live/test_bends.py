"""A network that is bent at random and killed while it plays in real Pd."""

from contextlib import closing

import numpy as np
from support.bend_soak import RAVE, Soak
from support.live_sound import undisturbed
from support.sounds import loudness
from support.waiting import wait_until

RECORDING_MS = 96000 / 44.1 + 50  # as long as the arrays of live.pd are at 44.1 kHz, and a little more


def loud(soak):
    """How loud the next two seconds are."""

    def record():
        soak.pd.send("record")
        soak.pd.let_time_pass(RECORDING_MS)
        return np.array(soak.pd.array("heard"))

    return loudness(undisturbed(soak.pd, RAVE.out, record))


def test_it_plays_on_and_restored_it_is_as_before(tmp_path):
    """What a bent network makes may be silenced; restored, the same sound as before. Wrong bends are told."""
    with closing(Soak(RAVE, tmp_path)) as soak:
        before, own = loud(soak), soak.whole()
        soak.run(bends=30, kills=2)
        for layer in range(1, 1 + soak.layers):
            soak.send("bend", layer, "scale", 100)
            soak.expect("bent")
        wait_until(lambda: soak.heard("silence instead"), "the word that it is silent")
        soak.mend()
        np.testing.assert_array_equal(soak.whole(), own)
        wait_until(lambda: loud(soak) > 0.3 * before, "the sound of a restored network")
        for words, said in (
            (("nowhere", "scale", 1), "there is no layer nowhere"),
            ((1, "melt", 1), "there is no bend melt"),
            ((1, "scale", "nan"), "not nan"),
            ((1, "scale", 1e9), "out of range"),
            ((1, "zero", 2), "a number from 0 to 1, not 2"),
        ):
            soak.send("bend", *words)
            wait_until(lambda said=said: soak.heard(said), f"the word that {said}")
