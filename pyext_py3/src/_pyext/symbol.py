"""`pyext.Symbol`, and names as Pd's bytes. Any thread."""

from __future__ import annotations


class Symbol(str):
    """A word from Pd.

    It is a `str` in every respect; `isinstance(x, pyext.Symbol)` is False for text made in Python.

    Parameters
    ----------
    text : str, default ""
        The word.

    Raises
    ------
    TypeError
        If `text` is not a str.
    """

    __slots__ = ()

    def __new__(cls, text: str = "") -> Symbol:
        """Create the symbol."""
        if not isinstance(text, str):
            raise TypeError(f"Symbol takes text, not {type(text).__name__}")
        return super().__new__(cls, text)

    def __repr__(self) -> str:
        """Show that it is a symbol."""
        return f"<Symbol {self!s}>"

    def __str__(self) -> str:
        """Return the text as an ordinary str."""
        return str.__str__(self)


def name_bytes(name: str) -> bytes:
    """Return the bytes of a receive or array name.

    Raises
    ------
    ValueError
        If the name is not a str or Symbol.
    """
    if not isinstance(name, str):
        raise ValueError(f"a name must be a str or Symbol, not {type(name).__name__}")
    return name.encode("utf-8", "surrogateescape")
