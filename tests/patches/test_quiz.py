"""The listening quiz: its rounds, played and answered in real Pd, and rounds of one's own."""

import re

import numpy as np
import pytest
import soundfile
from dlwakit.cli.open import OTHERS
from dlwakit.pdtools.pd_session import atoms
from dlwakit.takes import quiz
from modelfiles.errors import UserError
from pdworker.takes import formats
from pdworker.takes.place import Place
from pdworker.takes.store import Store
from support.course_copy import ROOT
from support.page import Page

PATCH, _ = OTHERS["quiz"]
ROUNDS = sorted(PATCH.parent.glob("*.txt"))
QUIET = 0.01  # root of the mean square of a sound that is heard


def lines_of(file):
    """(the question, its answers, [(sound, number of the right answer, what gives it away)]) of a round."""
    first, *others = [
        atoms(" ".join(line.split("\n"))) for line in re.split(r"(?<!\\);\n", file.read_text())[:-1]
    ]
    return first[0], first[1:], [(sound, int(right), why) for sound, right, why in others]


@pytest.fixture
def page(play):
    """The quiz in Pd, listening to what it shows."""
    page = Page(play([PATCH], listen=["quiz-out"]), "quiz")
    page.listen(
        "say", "score", "asked", "number", "total", "explanation", "open-sound", "sound-opened", "complain"
    )
    page.listen("choice-1-label", "choice-5-label")
    return page


@pytest.mark.parametrize("file", ROUNDS, ids=[file.stem for file in ROUNDS])
def test_the_sounds_of_a_round_are_there_alike_and_explained(file):
    question, answers, sounds = lines_of(file)
    assert question.endswith("?") and 2 <= len(answers) <= 5
    assert {right for _, right, _ in sounds} == set(range(1, len(answers) + 1))
    for name, _, why in sounds:
        sound, rate = soundfile.read(PATCH.parent / name)
        assert (rate, sound.ndim) == (16000, 1) and 1.5 < len(sound) / rate <= 2.5
        assert np.std(sound) > QUIET and abs(np.abs(sound).max() - 0.7) < 0.01
        assert len(why) <= 95


def answer(page, right):
    """Wait for the sound of a question, answer it rightly or not, and see what is said; returns the sound's path."""
    path = page.hear("open-sound")[0]
    page.hear("sound-opened")
    _, answers, sounds = lines_of(PATCH.parent / "recording.txt")
    number, why = next((number, why) for name, number, why in sounds if path.endswith(f"/quiz/{name}"))
    page.press(f"choice-{number if right else 3 - number}", "bang")
    page.hear("say", f"{'Right' if right else 'No'}: {answers[number - 1]}")
    page.hear("explanation", "label", why)
    return path


def test_a_round_is_played_to_its_end_and_counted(page):
    page.press("recording", "bang")
    assert page.hear("total")[0] == 8
    heard = [answer(page, right=True)]
    page.press("choice-1", "bang")  # the second answer does not count
    for number in range(7):
        page.press("next", "bang")
        heard.append(answer(page, right=number < 5))
    page.press("next", "bang")
    page.hear("say", "Done: 6 of 8 right. Choose another round, or the same again.")
    assert len(set(heard)) == 8
    assert (
        page.heard("score")[-1] == [6] and page.heard("asked")[-1] == [8] and page.heard("number")[-1] == [8]
    )
    assert page.pd.errors() == []


def test_a_round_begins_anew_with_its_own_answers(page):
    page.press("network", "bang")
    page.hear("open-sound")
    page.press("temperature", "bang")
    page.hear("total", 6)
    assert page.heard("choice-1-label")[-2:] == [["label", "Melody RNN"], ["label", "low: 0.7"]]
    assert page.heard("choice-5-label")[-1] == ["label", "empty"]
    page.press("choice-5", "bang")  # there is no such answer
    assert page.heard("asked")[-1] == [0]
    assert page.pd.errors() == []


def test_a_round_of_takes_is_one_of_ones_own(page, tmp_path):
    store = Store(Place(tmp_path / "my takes", 10**9))
    sound, samples = {"sounds": [{"ending": ".wav"}]}, np.sin(np.arange(4000, dtype="<f4") / 9)
    content = formats.wav(samples.tobytes(), 1, 8000)
    for name in ("a, one", "b"):
        store.add("x", {**sound, "model": {"name": name}}, {".wav": content})
    store.add("x", {**sound, "model": {}}, {".wav": content})
    file = quiz.write(store.place, store.takes())
    page.press("own", str(file))
    page.hear("total", 2)
    assert page.heard("choice-1-label")[-1] == ["label", "a, one"]
    page.hear("sound-opened", 4000, 8000)
    (tmp_path / "empty.txt").write_text("")
    page.press("own", str(tmp_path / "empty.txt"))
    page.hear("complain", "That file has no round in it.")
    with pytest.raises(UserError, match="two models"):
        quiz.write(store.place, store.takes()[:1])


def test_next_without_a_round_asks_for_one(page):
    page.press("next", "bang")
    page.hear("say", "Choose a round first.")


def test_the_overview_opens_it():
    text = (ROOT / "setup/overview.pd").read_text()
    for patch, _ in OTHERS.values():
        assert f"dlwa-day {patch.parent.relative_to(ROOT)} {patch.name};" in text
