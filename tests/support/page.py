"""A patch in real Pd with its buttons, fields and arrays, which tests name without the number `$0`."""

from dlwakit.pdtools.pd_session import PatchObject

# A patch that is reached by the name `page`; more lines of objects and cords may follow.
HOST = "#N canvas 40 30 1000 300 12;\n#X obj 10 10 dlwa-remote \\$0 page;\n"


class Page(PatchObject):
    """A patch with a [dlwa-remote $0 NAME] in it, in a PdSession that listens to NAME-out."""

    def press(self, button, *value):
        """Do what a click on a button does, or set its value."""
        self.send("press", button, *value)

    def listen(self, *names):
        """Keep what is sent to these fields."""
        for name in names:
            self.pd.listen(self.own(name))

    def say(self, name, *message):
        """Send a field a message."""
        self.pd.send(self.own(name), *message)

    def hear(self, name, *start, timeout=20):
        """The next message to a field that begins so."""
        return self.pd.expect(self.own(name), *start, timeout=timeout)

    def heard(self, name):
        """All messages to a field."""
        self.pd.sync()
        return self.pd.received[self.own(name)]

    def label(self, name):
        """The next label of a field."""
        return str(self.hear(name, "label", timeout=60)[1])

    def line(self):
        """What the status line shows."""
        return [message[1] for message in self.heard("status") if message[0] == "label"][-1]

    def array(self, name):
        """The values of an array."""
        return self.pd.array(self.own(name))

    def spots(self, count, timeout):
        """{name: (x, y)} of a map of so many places that is made now."""
        assert self.expect("map", timeout=timeout)[1] == count
        found = [self.expect("spot", timeout=timeout) for _ in range(count)]
        return {spot[6]: tuple(spot[2:4]) for spot in found}
