"""The one error that reading a checkpoint raises."""


class CheckpointError(ValueError):
    """A checkpoint is missing, damaged, or of a kind that is not read here.

    `str(error)` is one line that says what is wrong; `hint` says what to do about it (may be empty).
    """

    kind = "checkpoint"

    def __init__(self, message, hint=""):
        super().__init__(message)
        self.message = message
        self.hint = hint
