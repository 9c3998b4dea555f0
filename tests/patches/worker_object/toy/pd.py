"""The Pd object of the toy day."""

from pdworker.host.pd_object import WorkerObject


class toy(WorkerObject):
    """Adds one verb to what every day's object answers: `add A B`."""

    WORKER = "toy.worker"

    def loaded(self, facts):
        self.say("hook", facts["name"])

    def add_1(self, a, b):
        self.call("add", self.added, a=a, b=b)

    def added(self, values, arrays):
        self.say("added", values["sum"])

    def wait_1(self, seconds):
        self.call("wait", self.waited, seconds=seconds)

    def waited(self, values, arrays):
        self.say("waited")

    def crash_1(self):
        self.call("crash", self.waited)

    def path_of_1(self, *words):
        self.say("path", self.path(" ".join(words)))
