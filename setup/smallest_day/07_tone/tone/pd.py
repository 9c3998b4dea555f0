"""The Pd object of day 7, `[pyext. 1 1 tone.pd tone]`; Pd's thread."""

from pdworker.host.arguments import message, name
from pdworker.host.pd_object import PdObject
from pdworker.host.settings import Number


class tone(PdObject):
    """A tone, into a Pd array.

    Out of the outlet, besides what every PdObject says: `generated SAMPLES HZ`.
    """

    WORKER = "tone.worker"
    SETTINGS = {"seconds": Number(1, 0.1, 60, unit="seconds", help="how much to generate")}

    @message("generate ARRAY")
    async def generate_1(self, array):
        """Generate a tone into an array."""
        self.require_model()
        values, (sound,) = await self.call("generate", seconds=self.settings["seconds"])
        await self.write(name(array), sound)
        self.output("generated", len(sound), values["rate"])
