"""The map of notes of days 3 and 4: the timbres that a model was trained on, or random points; Pd's thread."""

from pdworker.host.arguments import message, number
from pdworker.host.arrays import draw
from pdworker.host.mapped import MappedObject
from pdworker.host.settings import Whole

MOST = 200  # points
SPACING_S = 0.25  # from a note to the next, along a path


class GansynthMap(MappedObject):
    """A map of points of a latent space, by what their notes sound like.

    Where the patch has an array SOUND-picture, it gets the sound's spectrogram.
    """

    SETTINGS = {"pitch": Whole(60, 0, 127, help="the pitch of what the map plays, within those of the model")}

    @message("map [COUNT [SEED]]")
    async def map_1(self, count=60, seed=0):
        """Put the timbres that the model was trained on on a map; COUNT random points where it does not tell them."""
        self.require_model()
        count, seed = (
            int(number(count, "the number of points", 2, MOST)),
            int(number(seed, "the seed", 0, 2**24)),
        )
        call = self.call("known_points", pitch=self._map_pitch(), count=count, seed=seed, most=MOST)
        facts, (points, looks) = await call
        codes = {name: point[:, None] for name, point in zip(facts["names"], points)}
        await self.show_map(facts["what"], codes, facts["loudness"], looks, sphere=True)

    @message("spread ARRAY")
    async def spread_1(self, array):
        """Draw how much of each latent the place on the map says, as a share of the one that it says most of."""
        await self.draw_shares(array, self.space().explained)

    def steps_of(self, seconds):
        return max(2, round(seconds / SPACING_S))

    async def play_codes(self, message, sound, codes, kept):
        if kept:
            asked = {"pitch": self._map_pitch(), "spacing": SPACING_S}
            making = self.making(message, "travel", arrays=[codes.T.copy()], **asked)
        else:
            making = self.making_notes([], list(codes.T), [self._map_pitch()])
        values, (audio, picture) = await making.call()
        if kept:
            making.keep_sounds({sound: [audio]}, values["rate"])
        draw(f"{sound}-picture", picture.ravel())
        await self.write(sound, audio)
        return len(audio), values["rate"]

    def _map_pitch(self):
        facts = self.require_model()
        return min(max(self.settings["pitch"], facts["low"]), facts["high"])
