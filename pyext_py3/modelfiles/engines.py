"""The two engines behind a day's `load`; used in the workers and in notebooks. Needs the standard library alone."""

from __future__ import annotations

import importlib
from types import ModuleType

from .errors import UserError

ENGINES = ("small", "upstream")


def upstream_module(package: str, engine: str) -> ModuleType | None:
    """Import the module that loads models through the original package, where that engine is asked for.

    Parameters
    ----------
    package : str
        A day's package, such as "gansynth".
    engine : {"small", "upstream"}

    Returns
    -------
    module or None
        `PACKAGE.upstream`; None for the engine "small".

    Raises
    ------
    UserError
        There is no such engine, or this Python lacks what it needs.
    """
    if engine not in ENGINES:
        raise UserError("input", f"there is no engine '{engine}', only {' and '.join(ENGINES)}")
    if engine == "small":
        return None
    try:
        return importlib.import_module(f"{package}.upstream")
    except ImportError as error:
        raise UserError(
            "environment",
            f"the engine 'upstream' cannot be imported here: {error}",
            "it needs the environment tensorflow: setup/dlwa install --env tensorflow",
        ) from error
