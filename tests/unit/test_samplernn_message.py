"""The words of `generate`: which temperature belongs to which array, and what is refused."""

import pytest
from modelfiles.errors import UserError
from samplernn.generate_message import read_request

ENVELOPE = "Env([0.7,1],[4],[-2])"


@pytest.mark.parametrize(
    "words, arrays, temperatures, options",
    [
        (["--out", "a"], ["a"], [None], {}),
        (["--temp", 1, "--out", "a", "--temp", 2.0, "--out", "b"], ["a", "b"], [1, 2.0], {}),
        (["--out", "a", "--out", "b", "c", "--temp", 1.5, 0.5], ["a", "b", "c"], [1.5, 0.5, 0.5], {}),
        (["--out=a", "--temp", ENVELOPE, "--dur", 2], ["a"], [ENVELOPE], {"dur": 2}),
        (
            ["--out", "a", "--seed", "before", "--seed_sr", "44100"],
            ["a"],
            [None],
            {"seed": "before", "seed_sr": 44100},
        ),
    ],
)
def test_words_are_sorted(words, arrays, temperatures, options):
    request = read_request(words)
    assert (request.arrays, request.temperatures, request.options) == (arrays, temperatures, options)


@pytest.mark.parametrize(
    "words, complaint",
    [
        ([], "at least one --out"),
        (["--dur", 4], "at least one --out"),
        (["--out"], "--out has no value"),
        (["--out", "a", "--temp"], "--temp has no value"),
        (["--out", "a", "--dur"], "--dur has no value"),
        (["my", "sound", "--out", "a"], "'my sound' stands alone"),
        (["--out", "a", "--temp", 1, 2], "2 temperatures for 1 array"),
        (["--out", *"abcdefghijklmnopq"], "takes 16"),
    ],
)
def test_what_is_not_of_the_form(words, complaint):
    with pytest.raises(UserError, match=complaint) as raised:
        read_request(words)
    assert raised.value.kind == "usage"
