"""Settings as a table: what messages set, what they refuse, and how the table reads."""

import pytest
from modelfiles.errors import UserError
from pdworker.host.arguments import message, number, only, with_usage
from pdworker.host.reference import MessageRow, message_reference
from pdworker.host.settings import Choice, Number, Setting, Text, Toggle, Whole

OCTAVE = Number(0.0, -20, 20, unit="octaves", help="up or down")
SEED = Whole(None, -1, 2**24, none_below=0)
TEMPO = Number(None, 20, 400, unit="BPM", words={"estimate": None})
ESTIMATOR = Choice("swift", ("swift", "crepe tiny"), label="pitch estimator")

PARSED = [
    (OCTAVE, [1.5], 1.5),
    (OCTAVE, [-20], -20),
    (SEED, [3], 3),
    (SEED, [2.6], 3),
    (SEED, [-1], None),
    (TEMPO, ["estimate"], None),
    (TEMPO, [90], 90),
    (Toggle(True), [0], False),
    (Toggle(False), [0.5], True),
    (ESTIMATOR, ["crepe", "tiny"], "crepe tiny"),
    (Text(""), ["my", "voice", 2], "my voice 2"),
]


@pytest.mark.parametrize("setting, values, expected", PARSED)
def test_what_a_message_sets(setting, values, expected):
    value = setting.parse("thing", values)
    assert value == expected and type(value) is type(expected)


REFUSED = [
    (OCTAVE, [21], "input", "the big thing 21 is out of range, it goes from -20 to 20"),
    (OCTAVE, ["up"], "usage", "the big thing should be a number, not up"),
    (OCTAVE, [float("nan")], "usage", "the big thing should be a number, not nan"),
    (OCTAVE, [1, 2], "usage", "2 words instead of one"),
    (SEED, [-2], "input", "the big thing -2 is out of range, it goes from -1 to 16777216"),
    (TEMPO, ["fast"], "usage", "the big thing should be a number, not fast"),
    (Toggle(True), [2], "input", "big thing 2 is out of range, it goes from 0 to 1"),
    (Toggle(True), [], "usage", "no words instead of one"),
    (ESTIMATOR, ["slow"], "usage", "there is no pitch estimator 'slow'"),
    (Text(""), [], "usage", "no big thing is named"),
]


@pytest.mark.parametrize("setting, values, kind, line", REFUSED)
def test_what_a_message_cannot_set(setting, values, kind, line):
    with pytest.raises(UserError) as caught:
        setting.parse("big_thing", values)
    assert (caught.value.kind, caught.value.message) == (kind, line)


class Base:
    """What PdObject is to the reference: a class with handlers and a table."""

    SETTINGS = {}

    def handle_message(self, handler, values):
        try:
            self.returned = handler.call(self, *values)
        except UserError as error:
            self.refused = with_usage(error, handler.usage)

    @message("status")
    def status_1(self):
        """Get the state.

        And more.
        """

    @message("load NAME")
    async def load_1(self, *words):
        """Load a model."""


class Day(Base):
    SETTINGS = {"octave": OCTAVE, "loud": Toggle(True, help="louder"), "seed": SEED, "tempo": TEMPO}

    @message("play FROM [TO]")
    def play_1(self, start, end=None):
        """Play it."""
        return start, end

    @message("name WORD ...")
    def name_1(self, first, *rest):
        pass

    @message("status more")
    def status_1(self):
        """Get more."""

    def helper(self):
        pass


def test_the_reference_has_each_message_once_own_ones_first():
    assert message_reference(Day) == [
        MessageRow("play FROM [TO]", "Play it."),
        MessageRow("name WORD ...", ""),
        MessageRow("status more", "Get more."),
        MessageRow("octave OCTAVES", "up or down", "-20 to 20", "octaves", "0"),
        MessageRow("loud 0|1", "louder", "0 or 1", "", "1"),
        MessageRow("seed NUMBER", "", "-1 to 16777216", "", "-1"),
        MessageRow("tempo BPM|estimate", "", "20 to 400, estimate", "BPM", "estimate"),
        MessageRow("load NAME", "Load a model."),
    ]


COUNTS = [
    ("play_1", [1], None),
    ("play_1", [1, 2], None),
    ("play_1", [], "no words instead of one to two (it should be: play FROM [TO])"),
    ("play_1", [1, 2, 3], "3 words instead of one to two (it should be: play FROM [TO])"),
    ("name_1", [], "no words instead of at least one (it should be: name WORD ...)"),
    ("status_1", [1], "1 word instead of none (it should be: status more)"),
]


@pytest.mark.parametrize("method, words, line", COUNTS)
def test_the_words_of_a_message_are_counted(method, words, line):
    day = Day()
    day.refused = None
    getattr(day, method)(*words)
    assert (day.refused and day.refused.brief) == line


def test_checks_of_words():
    assert only([3]) == 3 and number(2, "it", 2, 2) == 2
    assert issubclass(Number, Setting)
