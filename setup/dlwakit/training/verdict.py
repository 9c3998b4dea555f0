"""Verdict on a training from its numbers: still learning, done, or going wrong, and why. Runs in a training."""

import math
from dataclasses import dataclass

ENOUGH = 4  # checks before anything can be said
LATE = 0.25  # share of the checks that count as the latest ones
STANDS = 0.02  # a gain in the latest checks below this share of all gain so far is standing still
BEHIND = 1.2  # times a healthy run's number from which a run counts as behind


@dataclass(frozen=True)
class Verdict:
    """`kind`: "early", "learning", "done" or "wrong"; a headline, and a sentence that says why."""

    kind: str
    headline: str
    why: str


def judge(rows, watch, learned="", healthy=()):
    """The verdict on the rows of a history.

    watch: the number that says how good the model is, the lower the better; "" where no number does, as with
    two networks that train each other. learned: the same number on what it learns from, if there is one.
    healthy: the rows of a good run, to compare with.
    """
    broken = next((n for row in rows for n, v in row.items() if not math.isfinite(v)), None)
    if broken:
        why = f"'{broken}' is no number any more. Begin anew with a smaller learning rate."
        return Verdict("wrong", "Going wrong", why)
    if len(rows) < ENOUGH:
        return Verdict("early", "Too early to say", f"It takes {ENOUGH} checks; so far: {len(rows)}.")
    if not watch:
        why = "No number says how good this model sounds: compare the previews from first to last."
        return Verdict("learning", "Compare by ear", why)
    values = [row[watch] for row in rows]
    return (
        _rising(rows, values, watch, learned)
        or _level(rows, values, watch)
        or _learning(rows, values, watch, healthy)
    )


def _rising(rows, values, watch, learned):
    """The verdict where the number has risen since its best, else None."""
    best = min(values)
    at, since = values.index(best), len(values) - 1 - values.index(best)
    if since < _late(rows) or values[-1] <= best + max(STANDS * (values[0] - best), 0):
        return None
    why = f"'{watch}' was best at step {rows[at]['step']:.0f} and has risen since"
    if (
        learned in rows[at] and rows[-1][learned] < rows[at][learned]
    ):  # a check before the first step has none
        why += (
            ", while what it learns from still gets better. The best model is kept; more sounds of yours would help, "
            "more time would not."
        )
        return Verdict("wrong", "Going wrong: overfitting (it memorises)", why)
    return Verdict("wrong", "Going wrong", f"{why}. Begin anew with a smaller learning rate.")


def _level(rows, values, watch):
    """The verdict where the latest checks have gained next to nothing, else None."""
    best, gain = min(values), values[0] - min(values)
    if _recent(rows, values) >= STANDS * gain and gain > 0:
        return None
    step = rows[values.index(best)]["step"]
    why = (
        f"'{watch}' has hardly changed in the last {_late(rows)} checks (best {best:.4g} at step {step:.0f})."
    )
    return Verdict("done", "Done", why)


def _learning(rows, values, watch, healthy):
    """The verdict where the number still falls, beside what a healthy run had by now."""
    text = f"'{watch}' fell from {values[0]:.4g} to {min(values):.4g}, by {_recent(rows, values):.2g} in the last "
    text += f"{_late(rows)} checks."
    usual = near(healthy, rows[-1]["step"], watch)
    if usual is not None and values[-1] > BEHIND * usual:
        text += f" A healthy run had {usual:.4g} by now: look at the data and the settings."
    return Verdict("learning", "Still learning", text)


def _late(rows):
    """How many checks count as the latest ones."""
    return max(2, math.ceil(LATE * len(rows)))


def _recent(rows, values):
    """What the latest checks have gained on all before them."""
    late = _late(rows)
    return min(values[: len(values) - late]) - min(values[-late:])


def near(rows, step, name):
    """The number that a run had at its last check up to `step`; None where it had none."""
    earlier = [row[name] for row in rows if row["step"] <= step and name in row]
    return earlier[-1] if earlier else None
