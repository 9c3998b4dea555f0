"""What belongs to a take of day 6 besides the model: its prior, set attributes, bends; Pd's thread."""

from pathlib import Path

from modelfiles.errors import UserError
from modelfiles.finding import find
from pdworker.host.bendable import BendableObject
from pdworker.host.takes import background
from pdworker.takes.fingerprint import fingerprint

from .prior_files import find_prior


class RaveTakes(BendableObject):
    """A Pd object that keeps what a TorchScript model makes.

    Attributes
    ----------
    was_set : dict
        Attributes and their values, by `set` since the model was loaded.
    """

    TAKES = ("forward", "decode", "apply", "generate", "travel")
    USUAL_MODEL = "starter_drums"
    MODEL_SUFFIXES = (".ts",)

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.was_set = {}
        self._prior = ["", ""]  # path and SHA-256

    def model_came(self, arguments):
        super().model_came(arguments)
        path = find(arguments.get("checkpoint", self.USUAL_MODEL), arguments["folders"], self.MODEL_SUFFIXES)
        prior = find_prior(path, arguments.get("prior"), arguments["folders"])
        known = self._prior = [str(prior or ""), ""]
        self.was_set = {}
        background.run(lambda: known.__setitem__(1, fingerprint(prior) if prior else ""))

    def take_state(self):
        return {**super().take_state(), "prior": self._prior, "attributes": dict(self.was_set)}

    async def restore_take(self, state, call, arrays):
        path, digest = state["prior"]
        if digest and await background.run(fingerprint, Path(path)) != digest:
            raise UserError(
                "checkpoint", f"the prior {path} is gone, or has changed since this take was made"
            )
        if state["attributes"] != self.was_set:
            await self.load(self._load_words)
            for attribute, values in state["attributes"].items():
                await self.call("set", name=attribute, values=values)
            self.was_set = dict(state["attributes"])
        await super().restore_take(state, call, arrays)
