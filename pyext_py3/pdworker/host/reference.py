"""The messages of a Pd object as a table, from its class; also outside Pd, where a stub stands for `pyext`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pdworker.host.arguments import Handler, figure
from pdworker.host.settings import Number, Setting, Whole


class MessageRow(NamedTuple):
    """One message of an object.

    Attributes
    ----------
    usage : str
        How it looks, e.g. "temperature NUMBER".
    help : str
        What it does, one line.
    range, unit, default : str
        Of a setting; else empty.
    """

    usage: str
    help: str
    range: str = ""
    unit: str = ""
    default: str = ""


def message_reference(cls: type) -> list[MessageRow]:
    """Return the messages of a PdObject's class.

    Parameters
    ----------
    cls : type
        A subclass of PdObject.

    Returns
    -------
    list of MessageRow
        Its own messages, then its own settings, each in the order of the code; then those of its base classes. Aliases
        are left out.
    """
    rows, known = [], set()
    for base in cls.__mro__:
        for name, row in [*_handlers(base), *_settings(base)]:
            if name not in known:
                known.add(name)
                rows.append(row)
    return rows


def _handlers(base: type) -> Iterator[tuple[str, MessageRow]]:
    for name, member in vars(base).items():
        handler = getattr(member, "handler", None)
        if isinstance(handler, Handler) and name not in _setting_names(base):
            yield name, MessageRow(handler.usage, handler.help)


def _settings(base: type) -> Iterator[tuple[str, MessageRow]]:
    for name, setting in vars(base).get("SETTINGS", {}).items():
        usage = f"{name} {setting.usage()}"
        row = MessageRow(usage, setting.help, setting.range(), setting.unit, _default(setting))
        yield f"{name}_1", row


def _setting_names(base: type) -> set[str]:
    return {f"{name}_1" for name in vars(base).get("SETTINGS", {})}


def _default(setting: Setting) -> str:
    """Return the default as a message would set it."""
    value = setting.default
    if value is None and isinstance(setting, Number):
        words = [word for word, meaning in setting.words.items() if meaning is None]
        return words[0] if words else _word_for_none(setting)
    if isinstance(value, bool):
        return str(int(value))
    return figure(value) if isinstance(value, (int, float)) else str(value or "")


def _word_for_none(setting: Number) -> str:
    is_below = isinstance(setting, Whole) and setting.low < setting.none_below
    return figure(setting.low) if is_below else ""
