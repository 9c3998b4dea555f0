"""The calls of a worker whose model's network is bent in the worker itself; worker process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from modelfiles.bending import Bending
from modelfiles.errors import UserError

from pdworker.serving.job import Job


class BendableWorker:
    """A worker, the other side of `pdworker.host.bendable.BendableObject`."""

    _bending: Bending | None = None  # of the model that is loaded; a subclass sets it

    def bend_layers(self, job: Job, *, bends: Sequence[list]) -> dict:
        """Bend the network in just these ways."""
        self._bendable().put(bends)
        self._network_bent(bends)
        return {}

    def weights(self, job: Job, *, layer: str, columns: int) -> tuple[dict, list[np.ndarray]]:
        """Return a picture of a layer's weights as they are bent, one array."""
        return {}, [self._bendable().picture(layer, int(columns))]

    def _network_bent(self, bends: Sequence[list]) -> None:
        """Hook: the network was bent in just these ways."""

    def _layers(self) -> list[list]:
        """What a model's facts say of its layers."""
        return [] if self._bending is None else self._bending.describe()

    def _bendable(self) -> Bending:
        if self._bending is None:
            raise UserError("state", "there is no network to bend", "load a model with the engine small")
        return self._bending
