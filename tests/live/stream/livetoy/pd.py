"""The Pd object of the live toy; Pd's thread."""

from pdworker.host.arguments import message
from pdworker.host.live_object import LiveObject
from pdworker.host.settings import Choice, Number, Whole


class livetoy(LiveObject):
    """Makes what comes in softer, now."""

    WORKER = "livetoy.worker"
    SETTINGS = {
        "how": Choice("thread", ("thread", "child"), help="where it plays"),
        "gain": Number(0.5, 0, 1, help="how loud"),
        "buffer": Whole(512, 1, 65536, unit="samples", help="that the model takes at once"),
    }

    def play_arguments(self):
        return dict(self.settings)

    def started_playing(self, playing):
        self.output("playing", playing["buffer"], playing["pid"], playing["block"])

    def setting_changed(self, name):
        if name == "gain":
            self.call("change", gain=self.settings["gain"])
        else:
            self.play()

    @message("trouble KIND")
    def trouble_1(self, kind):
        """Let the model fail: raise, exit, hang, slow, exit_at_once; anything else mends it."""
        self.call("trouble", kind=str(kind))

    @message("deaf SECONDS")
    def deaf_1(self, seconds):
        """Let the worker's process hear nothing for a while."""
        self.call("deaf", seconds=seconds)
