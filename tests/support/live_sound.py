"""Recording what an object plays live, at a moment when the machine was quick enough."""

REPORT_MS = 100  # how often [pystream~] tells its late blocks, in Pd's time


def undisturbed(pd, outlet, record, tries=5):
    """What `record()` returns, recorded again while blocks came late; the last try's, if they always did.

    pd: a PdSession. outlet: where the object's messages are heard. A machine that is too busy for a moment says
    nothing of the object, so what was recorded in that moment is not judged.
    """
    for _ in range(tries):
        before = count_late(pd, outlet)
        sound = record()
        pd.let_time_pass(2 * REPORT_MS)
        if count_late(pd, outlet) == before:
            break
    return sound


def count_late(pd, outlet):
    """How many blocks have come late so far."""
    return max((message[1] for message in pd.received[outlet] if message[0] == "late"), default=0)
