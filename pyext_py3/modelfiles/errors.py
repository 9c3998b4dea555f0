"""The one error for what a person can do wrong; used in Pd, in the workers and on the command line.

Needs the standard library alone.
"""

KINDS = (
    "checkpoint",  # a model file is missing, damaged, or of a kind that is not read here
    "file",  # another file cannot be read or written
    "sound",  # a sound, or a folder of sounds, that nothing can be made of
    "input",  # an argument or a message with a value that cannot be
    "usage",  # a message or a command that is not of its form
    "state",  # something else has to come first: nothing is loaded, nothing is being generated
    "environment",  # a program, a package or an interpreter is missing
    "protocol",  # the two ends of a pipe do not understand each other
    "internal",  # a fault of this software, or of a process of its own
    "cancelled",
)


class UserError(Exception):
    """Something that a person can put right, in one line.

    Parameters
    ----------
    kind : str
        One of KINDS: a word for programs.
    message : str
        One line that says what is wrong.
    hint : str, optional
        What to do about it.
    log : str, optional
        The file that holds the whole story.
    """

    def __init__(self, kind: str, message: str, hint: str = "", log: str = "") -> None:
        super().__init__(kind, message, hint, log)
        self.kind, self.message, self.hint, self.log = kind, message, hint, log

    @property
    def brief(self) -> str:
        """The message and the hint, on one line."""
        return f"{self.message} - {self.hint}" if self.hint else self.message

    def __str__(self) -> str:
        return f"{self.brief} [log: {self.log}]" if self.log else self.brief
