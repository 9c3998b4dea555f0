"""A plain word on a training, from its numbers: is it still learning, done, or going wrong, and why."""

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

    watch: the number that tells how good the model is, the lower the better; "" where no number does, as with
    two networks that train each other. learned: the same number on what it learns from, if there is one.
    healthy: the rows of a good run, to compare with.
    """
    broken = next((n for row in rows for n, v in row.items() if not math.isfinite(v)), None)
    if broken:
        return Verdict(
            "wrong",
            "Going wrong",
            f"'{broken}' is no number any more. Begin anew with a smaller learning rate.",
        )
    if len(rows) < ENOUGH:
        return Verdict("early", "Too early to say", f"It takes {ENOUGH} checks; so far: {len(rows)}.")
    if not watch:
        return Verdict(
            "learning",
            "Your ears decide",
            "No number tells how good this model sounds: compare the previews from first to last.",
        )
    values = [row[watch] for row in rows]
    best = min(values)
    best_at, late = values.index(best), max(2, math.ceil(LATE * len(rows)))
    step = f"step {rows[best_at]['step']:.0f}"
    gain = values[0] - best
    since = len(values) - 1 - best_at
    falls = learned and rows[-1][learned] < rows[best_at][learned]
    if since >= late and values[-1] > best + max(STANDS * gain, 0):
        if falls:
            return Verdict(
                "wrong",
                "Going wrong: it learns by heart",
                f"'{watch}' was best at {step} and has risen since, while what it learns from still gets "
                "better. The best model is kept; more sounds of yours would help, more time would not.",
            )
        return Verdict(
            "wrong",
            "Going wrong",
            f"'{watch}' was best at {step} and has risen since. Begin anew with a smaller learning rate.",
        )
    recent = min(values[: len(values) - late]) - min(values[-late:])
    if recent < STANDS * gain or gain <= 0:
        return Verdict(
            "done",
            "Done",
            f"'{watch}' has hardly changed in the last {late} checks (best {best:.4g} at {step}).",
        )
    text = f"'{watch}' fell from {values[0]:.4g} to {best:.4g}, by {recent:.2g} in the last {late} checks."
    usual = near(healthy, rows[-1]["step"], watch)
    if usual is not None and values[-1] > BEHIND * usual:
        text += f" A healthy run had {usual:.4g} by now: look at the data and the settings."
    return Verdict("learning", "Still learning", text)


def near(rows, step, name):
    """The number that a run had at its last check up to `step`; None where it had none."""
    earlier = [row[name] for row in rows if row["step"] <= step and name in row]
    return earlier[-1] if earlier else None
