"""The messages of a Pd object whose network can be bent: its weights changed while it plays; Pd's thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelfiles.errors import UserError

from pdworker.host.arguments import message, name, number
from pdworker.host.arrays import draw, existing
from pdworker.host.takes import TakesObject

KINDS = ("scale", "noise", "flip", "zero", "shift", "swap")
MOST = 100.0


class BendableObject(TakesObject):
    """A TakesObject that bends its model's network; takes remember how.

    Its worker has the calls `bend_layers(bends)`, bends being what `modelfiles.bending.Bending.put` takes, and
    `weights(layer, columns)`, which answers one array; the facts of a model have `layers`, as `Bending.describe` says
    them.

    Out of the outlet, besides what TakesObject sends: `layer N NAME SIZE ...`, `layers COUNT`,
    `bent LAYER KIND AMOUNT SEED`, `restored LAYERS`.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.bends: dict[tuple[str, str], tuple[float, int]] = {}  # {(layer, kind): (amount, seed)}
        self._bent_model: object = None  # its name

    @property
    def bend_list(self) -> list[list]:
        """What is bent, as the worker takes it."""
        return [[*key, *value] for key, value in self.bends.items()]

    @message("layers")
    def layers_1(self) -> None:
        """Get the network's layers: number, name, and size of each axis of its weights."""
        layers = self._layers()
        for index, (layer, *sizes) in enumerate(layers):
            self.output("layer", index + 1, layer, *sizes)
        self.output("layers", len(layers))

    @message("bend LAYER scale|noise|flip|zero|shift|swap AMOUNT [SEED]", latest=True)
    async def bend_1(self, layer: Any, kind: Any, amount: Any, seed: Any = 0) -> None:
        """Change a layer's weights, by number or name, live; AMOUNT is a factor, a share, or of a spread."""
        kind = name(kind)
        if kind not in KINDS:
            raise UserError("input", f"there is no bend {kind[:40]}, only {', '.join(KINDS)}")
        key = self._layer(layer), kind
        value = number(amount, "the amount", -MOST, MOST), int(number(seed, "the seed", 0, 1 << 31))
        await self.put_bends([*self._others(key), [*key, *value]])
        self.output("bent", *key, *value)

    @message("mend [LAYER]")
    async def mend_1(self, layer: Any = None) -> None:
        """Give a layer, or all, its own weights back, bit for bit."""
        restored = None if layer is None else self._layer(layer)
        kept = [bend for bend in self.bend_list if restored not in (None, bend[0])]
        count = len({layer for layer, _ in self.bends} - {bend[0] for bend in kept})
        await self.put_bends(kept)
        self.output("restored", count)

    @message("weights LAYER PICTURE")
    async def weights_1(self, layer: Any, picture: Any) -> None:
        """Draw a layer's weights, as they are now, into an array."""
        array = name(picture)
        columns = max(1, len(existing(array)) // 2)
        _, (drawn,) = await self.call("weights", layer=self._layer(layer), columns=columns)
        draw(array, drawn)

    async def put_bends(self, bends: list[list]) -> None:
        """Bend in just these ways, [layer, kind, amount, seed] each; what was stays where that is refused."""
        if bends == self.bend_list:
            return
        call = self.call("bend_layers", bends=bends)
        before, self.bends = (
            self.bends,
            {(layer, kind): (amount, seed) for layer, kind, amount, seed in bends},
        )
        try:
            await call  # what is made from now on is made so, before the answer comes
        except UserError:
            self.bends = before
            raise

    def _others(self, key: tuple[str, str]) -> list[list]:
        """All bends but one."""
        return [bend for bend in self.bend_list if (bend[0], bend[1]) != key]

    def take_state(self) -> dict[str, Any]:
        """Return how the network is bent, too."""
        return {**super().take_state(), "bends": self.bend_list}

    async def restore_take(self, state: Mapping[str, Any], call: Mapping[str, Any], arrays: list) -> None:
        """Bend the network as it was."""
        await super().restore_take(state, call, arrays)
        await self.put_bends(state.get("bends", []))

    def model_loaded(self, facts: dict) -> None:
        """Forget how another model's network was bent; one that is loaded again stays bent."""
        names = {name for name, *_ in facts.get("layers", [])}
        if facts.get("name") != self._bent_model or not {layer for layer, _ in self.bends} <= names:
            self.bends = {}
        self._bent_model = facts.get("name")
        self._bend_again()
        super().model_loaded(facts)

    def worker_replaced(self) -> None:
        """Bend the network in the new process as it was."""
        self._bend_again()
        super().worker_replaced()

    def facts_to_show(self, facts: dict) -> dict:
        """Leave the layers out."""
        shown = super().facts_to_show(facts)
        return {name: value for name, value in shown.items() if name != "layers"}

    def _bend_again(self) -> None:
        if self.bends:
            self.call("bend_layers", bends=self.bend_list)

    def _layers(self) -> list[list]:
        self.require_model()
        return (self.facts or {}).get("layers", [])

    def _layer(self, layer: Any) -> str:
        """Find a layer's name by itself or by its number from 1 on."""
        names = [one for one, *_ in self._layers()]
        if isinstance(layer, (int, float)):
            return names[int(number(layer, "the layer", 1, max(1, len(names)))) - 1]
        if layer not in names:
            raise UserError("input", f"there is no layer {layer}", f"layers names all {len(names)}")
        return str(layer)
