"""Messages read like command lines."""

import pytest
from pdworker.options import parse, text

MESSAGES = [
    ([], [], {}),
    (["attention_rnn"], ["attention_rnn"], {}),
    (["my", "voice", 2], ["my", "voice", 2], {}),
    (["--python", "~/my env/bin/python"], [], {"python": "~/my env/bin/python"}),
    (["--python", "p", "--", "--ckpt_dir", "d"], [], {"python": "p", "ckpt_dir": "d"}),
    (["--python", "p", "--", "name"], ["name"], {"python": "p"}),
    (["name", "--loop", "--seed", -1], ["name"], {"loop": True, "seed": -1}),
    (["--temperature", "0.95", "1.2"], [], {"temperature": [0.95, 1.2]}),
    (["--file", "take", 2, "b.wav"], [], {"file": "take 2 b.wav"}),
    (["--file=a.wav", "--n=3", "b"], [], {"file": "a.wav", "n": "3 b"}),
    (["--num-seqs", "2"], [], {"num_seqs": 2}),
    (["--a", "1e3", "--b", "-.5", "--c", "1.", "--d", "+7"], [], {"a": 1000.0, "b": -0.5, "c": 1.0, "d": 7}),
    (["--a", "nan", "--b", "inf", "--c", "1_0"], [], {"a": "nan", "b": "inf", "c": "1_0"}),
    (["--a", 1, "--a", 2], [], {"a": 2}),
]


@pytest.mark.parametrize("message, plain, given", MESSAGES)
def test_parse(message, plain, given):
    assert parse(message) == (plain, given)


def test_values_look_as_in_pd():
    assert text(["take", 2, 0.5, 3.0]) == "take 2 0.5 3"
