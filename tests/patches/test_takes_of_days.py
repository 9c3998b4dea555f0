"""On every day what the model has made by chance is made again, bit for bit, by a worker that begins anew."""

import json
import math
from pathlib import Path

import pytest
from ganspacesynth.fitting import fit
from gansynth.model import load
from support.external import EXTERNAL
from support.gansynth_files import write_model
from support.nsynth_files import write_model as write_nsynth
from support.page import Page
from support.waiting import wait_until

ROOT = Path(__file__).parents[2]
DONE = 240  # seconds, on a very busy machine
VOICE = [0.4 * math.sin(math.tau * 220 * n / 44100) for n in range(22050)]


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """A small GANSynth of random weights, with components."""
    folder = write_model(tmp_path_factory.mktemp("models") / "small")
    fit(load(folder), samples=200, components=12, pitch=62).write(folder / "conv0.npz")
    return folder


@pytest.fixture
def page(play, tmp_path, monkeypatch):
    """`page(patch, door, model)`: a day's patch, the model loaded, with takes of its own."""

    def start(patch, door, model):
        monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
        pd = play([ROOT / patch], ["-lib", "py"], path=[EXTERNAL], listen=[f"{door}-out"])
        page = Page(pd, door)
        page.load(str(model), DONE)
        page.folder = tmp_path / "takes"
        return page

    return start


def bend(page):
    """Bend the network's first layer; a take remembers it."""
    page.send("bend", 1, "noise", 0.5, 3)
    page.expect("bent", timeout=DONE)


def is_made_again(page):
    """Recall what was made last, in a new worker; the facts of the take."""
    name = page.expect("take", timeout=DONE)[1]
    page.send("unload")
    page.expect("worker", "off")
    page.send("recall", name)
    assert page.expect("recalled", timeout=DONE) == ["recalled", name, "same"]
    (path,) = page.folder.glob(f"*/{name}.json")
    facts = json.loads(path.read_text())
    assert "$0-" in str([facts["message"], facts["shown"]]) or facts["kind"] == "melody"
    assert str(page.own("")) not in str([facts["message"], facts["shown"]])
    assert len(list(page.folder.glob("*/*.json"))) == 1
    assert page.pd.errors() == []
    return facts


def test_ai_duet(page):
    page = page("01_ai_duet/ai_duet.pd", "ai_duet", "starter_basic_rnn")
    for pitch in (60, 64, 67):
        page.send("note", pitch, 90)
        page.pd.let_time_pass(200)
        page.send("note", pitch, 0)
    page.send("generate", 2)
    facts = is_made_again(page)
    assert len(facts["sounds"][0]["tracks"][1][1]) > 0 and facts["seed"] is not None


def test_timbre_transfer(page):
    page = page("02_ddsp/timbre_transfer.pd", "timbre_transfer", "starter_violin")
    page.pd.set_array(page.own("in"), VOICE)
    page.send("octave", -1)
    bend(page)
    page.send("transfer", "in", "out")
    facts = is_made_again(page)
    assert facts["settings"]["octave"] == -1 and facts["state"]["bends"][0][1:] == ["noise", 0.5, 3]


def test_gansynth(page, notes):
    page = page("03_gansynth/gansynth_hallucination.pd", "gansynth", notes)
    bend(page)
    page.send("hallucinate", page.own("sound"), 2, 1)
    assert is_made_again(page)["seed"] is not None


def test_nsynth(page, tmp_path):
    page = page("03_gansynth/nsynth.pd", "nsynth", write_nsynth(tmp_path / "small"))
    for corner in range(1, 5):
        page.expect("corner", corner, timeout=DONE)
    page.send("note", 1, "note_4")
    page.expect("corner", 1, "note_4")
    page.send("grid", page.own("grid"))
    (sound,) = is_made_again(page)["sounds"]
    assert sound["parts"] == 16
    assert page.pd.received["nsynth-out"].count(["corner", 1, "note_4", 0.16]) == 2
    (path,) = page.folder.glob("*/*.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "state": {"corners": [[60]]}}))
    page.send("recall", path.stem)
    assert "is damaged, or no take of this version" in page.pd.expect("nsynth-out", "error")[1]
    assert not any("Traceback" in line for line in page.pd.console)


def test_the_last_live_note_of_gansynth(page, notes):
    page = page("03_gansynth/gansynth_live.pd", "gansynth-live", notes)
    page.own("z")
    page.send("keep", "nothing")
    assert page.pd.expect("gansynth-live-out", "error")[1].startswith("there is no take to keep yet")
    page.send("random")
    page.send("note", 62, 100)
    kept = ["kept", "mine"]
    wait_until(lambda: page.send("keep", "mine") or kept in page.pd.received["gansynth-live-out"], "the note")
    point = page.array("z")
    page.send("random")
    page.send("recall", "mine")
    page.pd.expect("gansynth-live-out", "recalled", "mine", "same", timeout=DONE)
    assert page.array("z") == point and len(list(page.folder.glob("*/*.json"))) == 1


@pytest.mark.parametrize(
    "patch, door",
    [("05_samplernn/samplernn_live", "samplernn-live"), ("02_ddsp/timbre_transfer_live", "timbre-live")],
)
def test_the_other_live_patches_have_takes_and_presets(play, patch, door):
    pd = play([ROOT / f"{patch}.pd"], ["-lib", "py"], path=[EXTERNAL], listen=[f"{door}-out"])
    pd.send(door, "keep")
    assert pd.expect(f"{door}-out", "error")[1].endswith("what plays live is kept by record")
    assert len([line for line in pd.errors() if "no take to keep" not in line]) == 0


def test_ganspacesynth(page, notes):
    page = page("04_ganspacesynth/ganspacesynth.pd", "ganspacesynth", notes)
    page.send("randomize_z", page.own("z"))
    page.send("load_ganspace_components", "conv0", page.own("edits"))
    page.expect("loaded_pca", timeout=DONE)
    page.pd.set_array(page.own("edits"), [1.5, -2] + [0] * 10)
    page.send("generate", page.own("z"), page.own("sound"), 62)
    is_made_again(page)
    assert list(page.array("edits"))[:2] == [1.5, -2]


def test_the_sequencer(page, notes):
    page = page("04_ganspacesynth/ganspacesynth_halluseq.pd", "halluseq", notes)
    page.send("load_ganspace_components", "conv0")
    page.expect("loaded_pca", timeout=DONE)
    page.send("rand_step")
    page.send("hallucinate_noz", page.own("sound"))
    is_made_again(page)
    page.send("send_state")
    assert page.expect("step", "count") == ["step", "count", 2]


def test_samplernn(page):
    page = page("05_samplernn/samplernn.pd", "samplernn", "starter_beat")
    bend(page)
    page.pd.set_array(page.own("curve"), [0.9] * 100)
    words = ("--temp", page.own("curve"), "--out", page.own("a"), "--temp", 1.1, "--out", page.own("b"))
    page.send("generate", *words, "--dur", 0.2, "--random", -1)
    facts = is_made_again(page)
    assert len(facts["sounds"]) == 2 and facts["seed"] is not None


def test_presets_know_the_controls_of_a_day(play, tmp_path, monkeypatch):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    pd = play([ROOT / "05_samplernn/samplernn.pd"], ["-lib", "py"], path=[EXTERNAL], listen=["samplernn-out"])
    page = Page(pd, "samplernn")
    file = tmp_path / "takes/presets/samplernn.json"
    rising = [0.5 + step / 100 for step in range(100)]
    for slot, (seconds, curve) in enumerate(((2.5, rising), (4, [1.0] * 100)), 1):
        page.press("seconds-set", seconds)
        pd.set_array(page.own("curve"), curve)
        page.say("presets", "store", 1)
        page.say("presets", "slot", slot)
        wait_until(lambda slot=slot: str(slot) in _slots(file), "the presets")
    slot = _slots(file)["1"]
    assert slot["seconds"] == 2.5 and slot.keys() > {"random", "warmth"} and "dsp" not in slot
    page.listen("seconds")
    page.say("presets", "slot", 1)
    assert page.hear("seconds") == [2.5]
    assert page.array("curve") == pytest.approx(rising, abs=1e-6)
    page.say("presets", "morph", 0.5, 1, 2)
    assert page.hear("seconds") == [3.25]
    assert page.array("curve") == pytest.approx([(value + 1) / 2 for value in rising], abs=1e-6)


def _slots(file):
    return json.loads(file.read_text())["slots"] if file.exists() else {}


def test_presets_know_the_parts_of_a_patch(play, tmp_path, monkeypatch):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    pd = play([ROOT / "03_gansynth/nsynth.pd"], ["-lib", "py"], path=[EXTERNAL], listen=["nsynth-out"])
    page = Page(pd, "nsynth")
    page.press("y-set", 0.25)
    page.say("presets", "store", 1)
    page.say("presets", "slot", 1)
    wait_until((file := tmp_path / "takes/presets/nsynth.json").exists, "the presets")
    assert _slots(file)["1"]["y"] == 0.25
    page.press("y-set", 1)
    page.listen("y")
    page.say("presets", "slot", 1)
    assert page.hear("y") == [0.25]


@pytest.mark.parametrize("made", ["forward", "generate"])
def test_rave(page, made):
    page = page("06_rave/rave_latents.pd", "rave-latents", "starter_drums")
    page.pd.set_array(page.own("sound-a"), VOICE)
    first = page.own("sound-a") if made == "forward" else page.own("sound-out")
    page.send(made, first, page.own("sound-out") if made == "forward" else 0.5)
    assert is_made_again(page)["seed"] is not None


def test_presets_and_knobs_move_latents(play, tmp_path, monkeypatch):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    pd = play([ROOT / "06_rave/rave.pd"], ["-lib", "py"], path=[EXTERNAL], listen=["rave-out"])
    page = Page(pd, "rave")
    page.press("wild")
    drawn = page.array("bias")
    file = tmp_path / "takes/presets/rave.json"
    page.say("presets", "store", 1)
    page.say("presets", "slot", 1)
    wait_until(file.exists, "the presets")
    page.press("neutral")
    assert page.array("bias") == [0] * 8
    page.listen("do")
    page.say("presets", "slot", 1)
    page.hear("do", "bias", 8, pytest.approx(drawn[7], abs=1e-4))
    assert page.array("bias") == pytest.approx(drawn, abs=1e-4)
    page.say("presets", "learn", 1)
    page.say("bias-3-set", 0.5)
    page.say("presets", "cc", 0, 74, 1)
    wait_until(lambda: json.loads(file.read_text())["knobs"] == {"1-74": "bias-3"}, "the knob")

    def turned():
        page.say("presets", "cc", 127, 74, 1)
        return ["bias", 3, 3] in page.heard("do")

    wait_until(turned, "the latent that the knob moves")
    assert pd.errors() == []
