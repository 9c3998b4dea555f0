"""The messages of a Pd object as a table, from its class; also outside Pd, where a stub stands for `pyext`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pdworker.host.arguments import Handler, figure
from pdworker.host.settings import Setting


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
    if setting.default is None:
        return ""
    if isinstance(setting.default, bool):
        return str(int(setting.default))
    return figure(setting.default) if isinstance(setting.default, (int, float)) else str(setting.default)
