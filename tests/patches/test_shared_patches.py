"""The abstractions that all days share, each in real Pd: what it hears, what it says, what it shows."""

import pytest
from support.course_copy import ROOT
from support.page import HOST

SHARED = ROOT / "setup/patches"
EMPTY, NEXT = "No model is loaded.", "Play a melody."
OFF = "The sound is off: press sound on."
MISSING = "The Python object is missing: run setup/dlwa install in a terminal, then open this patch again."


def escaped(text):
    return text.replace(" ", "\\ ")


HEAD = f"dlwa-status \\$0 Title A\\ sentence {escaped(EMPTY)} {escaped(NEXT)}"


@pytest.fixture
def head(page):
    page = page(HEAD)
    page.listen("status", "do", "progress")
    return page


# The status line.


def test_a_page_asks_the_object_how_it_is_and_says_if_nobody_answers(page):
    page = page(HEAD, "r \\$0-do", "s seen", cords=[(2, 3)])
    page.listen("status")
    assert page.pd.expect("seen") == ["status"]
    page.hear("status", "label", MISSING)
    assert page.heard("status")[-2] == ["color", "#e6e6e6", "#000000", "#a02020"]
    page.say("from", "worker", "off")
    assert page.line() == EMPTY
    assert page.heard("status")[-2] == ["color", "#e6e6e6", "#000000", "#202020"]


def test_an_object_that_answers_is_not_missing(page):
    page = page(
        HEAD,
        "r \\$0-do",
        "list prepend worker off",
        "list trim",
        "s \\$0-from",
        cords=[(2, 3), (3, 4), (4, 5)],
    )
    page.listen("status")
    with pytest.raises(RuntimeError):
        page.hear("status", "label", MISSING, timeout=1)
    page.say("from", "worker", "on", "name", "starter")
    assert page.line() == f"Ready: starter. {NEXT}"


def test_a_model_is_loaded(head):
    head.say("from", "worker", "off")
    head.say("do", "load", "starter")
    head.hear("status", "label", "Loading starter")
    head.say("from", "progress", 0, "loading")
    assert head.line().startswith("Loading starter")
    head.say("from", "progress", 0.5, "building it")
    assert head.line().startswith("building it")
    assert head.heard("progress")[-1] == ["vis_size", 64, 16]
    head.say("from", "progress", 1, "loaded")
    head.say("from", "worker", "on", "name", "starter", "rate", 16000)
    assert head.line() == f"Ready: starter. {NEXT}"
    assert head.heard("progress")[-1] == ["vis_size", 1, 16]


def test_the_line_counts_the_seconds_of_loading_until_it_is_done(head):
    head.say("do", "load", "starter")
    head.hear("status", "label", "Loading starter: 1 s")
    head.say("from", "progress", 0.5, "warming up")
    assert head.line() == "warming up: 1 s"
    head.hear("status", "label", "warming up: 2 s")
    head.say("from", "worker", "on", "name", "starter")
    head.say("from", "progress", 0.5, "note 2 of 4")
    head.pd.let_time_pass(1100)
    assert head.line() == "note 2 of 4"


def test_an_error_passes_and_the_work_or_the_state_is_back(head):
    head.say("from", "worker", "on", "name", "starter")
    head.say("from", "progress", 0.5, "note 2 of 4")
    head.say("from", "error", "still loading " * 20)
    assert head.line().startswith("Error: still loading") and head.line().endswith("...")
    assert len(head.line()) == 131
    head.hear("status", "label", "note 2 of 4")
    head.hear("status", "label", "note 2 of 4", timeout=10)
    head.say("from", "progress", 0, "failed")
    assert head.line() == f"Ready: starter. {NEXT}"


def test_a_worker_that_is_off_after_an_error_does_not_hide_it(head):
    head.say("from", "error", "the worker was killed")
    head.say("from", "worker", "off")
    assert head.line() == "Error: the worker was killed"
    head.hear("status", "label", EMPTY, timeout=10)


def test_the_patch_itself_says_things(head):
    head.say("from", "worker", "on", "name", "starter")
    head.say("say", "symbol", "Done: press play.")
    assert head.line() == "Done: press play."
    head.say("note", "symbol", "Opened.")
    assert head.line() == "Opened."
    head.hear("status", "label", "Done: press play.")
    head.hear("status", "label", "Done: press play.", timeout=10)
    head.say("from", "saved", "/tmp/a sound.wav")
    assert head.line() == "Saved: /tmp/a sound.wav"
    head.say("complain", "symbol", "That is wrong.")
    assert head.line() == "That is wrong."


def test_what_plays_gives_way_while_the_sound_is_off(head):
    head.pd.send("pd", "dsp", 1)
    head.say("plays", "symbol", "Playing. Sing.")
    assert head.line() == "Playing. Sing."
    head.pd.send("pd", "dsp", 0)
    head.hear("status", "label", OFF)
    head.say("plays", "symbol", "Playing. Play keys.")
    assert head.line() == OFF
    head.pd.send("pd", "dsp", 1)
    head.hear("status", "label", "Playing. Play keys.")
    head.say("from", "worker", "on", "name", "starter")
    head.pd.send("pd", "dsp", 0)
    head.pd.let_time_pass(200)
    assert head.line() == f"Ready: starter. {NEXT}"


def test_what_plays_stays_when_pd_stops_the_sound_to_open_a_patch(head, tmp_path):
    head.pd.send("pd", "dsp", 1)
    head.say("plays", "symbol", "Playing. Sing.")
    (tmp_path / "other.pd").write_text("#N canvas 40 30 300 300 12;\n#X obj 10 10 osc~;\n")
    head.pd.open(tmp_path / "other.pd")
    head.pd.let_time_pass(200)
    assert ["label", OFF] not in head.heard("status")


def test_what_is_played_while_the_sound_is_off_says_so(page):
    boxes = (HEAD, "dlwa-player~ \\$0-tone 0 0 0 \\$0", "array define \\$0-tone 4410")
    page = page(*boxes)
    page.listen("status")
    page.say("from", "worker", "on", "name", "starter")
    page.say("tone-play")
    page.say("say", "symbol", "Done: the note plays.")
    page.hear("status", "label", OFF)
    assert page.heard("status")[-2][3] == "#a02020"
    page.hear("status", "label", "Done: the note plays.", timeout=10)
    page.pd.send("pd", "dsp", 1)
    page.say("tone-play")
    page.pd.let_time_pass(200)
    assert page.line() == "Done: the note plays."


def test_a_page_without_an_object_asks_nobody(page):
    page = page("dlwa-status \\$0 Title A\\ sentence")
    page.listen("status", "do")
    page.say("say", "symbol", "Press open.")
    with pytest.raises(RuntimeError):
        page.hear("status", "label", MISSING, timeout=1)
    assert page.line() == "Press open." and page.heard("do") == []


# The names of a patch.


def test_a_patch_is_reached_by_its_name(page):
    page = page()
    page.listen("do", "lamp")
    page.pd.send("page", "load", "starter")
    assert page.hear("do") == ["load", "starter"]
    page.pd.send("page", "press", "lamp")
    assert page.hear("lamp") == []
    page.pd.send("page", "press", "lamp", 0.5)
    assert page.hear("lamp") == [0.5]
    page.pd.send("page", "press", "lamp", "/tmp/a b.wav")
    assert page.hear("lamp") == ["/tmp/a b.wav"]
    page.say("from", "worker", "off")
    assert page.pd.expect("page-out", "worker", "off")


# Sound.


def test_the_toggle_follows_the_sound_whoever_turns_it_on(page):
    page = page("dlwa-output~ \\$0 0.5")
    page.listen("dsp-set", "volume")
    page.pd.send("pd", "dsp", 1)
    assert page.hear("dsp-set") == ["set", 1]
    page.say("dsp", 0)
    assert page.hear("dsp-set") == ["set", 0]


def test_a_patch_that_opens_while_the_sound_is_on_shows_it(play, tmp_path):
    patch = tmp_path / "page.pd"
    boxes = ("dlwa-output~ \\$0 0.5", "r \\$0-dsp-set", "s shown")
    patch.write_text(HOST + "".join(f"#X obj 20 40 {box};\n" for box in boxes) + "#X connect 2 0 3 0;\n")
    pd = play(path=[SHARED], listen=["shown"])
    pd.send("pd", "dsp", 1)
    pd.open(patch)
    assert pd.expect("shown") == ["set", 1]


def test_the_playhead_runs_over_the_picture_and_goes_back(page):
    page = page("dlwa-player~ \\$0-tone 100 40 200", "array define \\$0-tone 22050")
    page.listen("tone-head")
    page.pd.send("pd", "dsp", 1)
    page.say("tone-play")
    page.hear("tone-head", "pos", 300, 40)
    assert page.hear("tone-head") == ["pos", 100, 40]
    places = [message[1] for message in page.heard("tone-head")]
    assert len(set(places)) > 5 and places[:-1] == sorted(places[:-1])
    page.say("tone-play")
    page.pd.let_time_pass(200)
    page.say("tone-stop")
    assert page.heard("tone-head")[-1] == ["pos", 100, 40]


def test_a_silent_microphone_is_said(page):
    page = page("dlwa-mic~ \\$0 voice 5", "array define \\$0-voice 9")
    page.listen("voice-recorded", "voice-record-set", "complain")
    page.say("voice-record", 1)
    page.hear("voice-record-set", "label", "5 s")
    page.say("voice-record", 0)
    assert page.hear("complain") == ["Nothing was recorded: turn the sound on."]
    page.pd.send("pd", "dsp", 1)
    page.say("voice-record", 1)
    page.hear("voice-record-set", "label", "4 s")
    page.say("voice-record", 0)
    assert page.hear("complain") == ["The recording is silent: is the microphone the right one?"]
    samples, rate = page.hear("voice-recorded")
    assert rate == 44100 and 44100 <= samples < 3 * 44100
    assert len(page.array("voice")) == samples
    assert page.heard("voice-record-set")[-1] == ["label", "record"]


def test_an_array_is_saved_at_its_rate(page, tmp_path):
    soundfile = pytest.importorskip("soundfile")
    page = page("dlwa-saver \\$0 tone", "array define \\$0-tone 9")
    page.listen("complain")
    page.pd.set_array(page.own("tone"), [0.25] * 1000)
    page.say("tone-rate", 16000)
    page.say("save", "symbol", str(tmp_path / "a tone.wav"))
    assert page.pd.expect("page-out", "saved")[1] == str(tmp_path / "a tone.wav")
    sound, rate = soundfile.read(tmp_path / "a tone.wav")
    assert rate == 16000 and sound == pytest.approx([0.25] * 1000, abs=1e-6)
    page.say("save-file", "symbol", "/nowhere/a tone.wav")
    assert page.hear("complain") == ["The file could not be written."]


# Controls.


def test_a_slider_shows_what_is_set_and_keeps_its_limits(page):
    page = page("dlwa-slider \\$0 octave octaves -3 3 1 1", "dlwa-slider \\$0 heat heat 0.1 2 0.9")
    page.listen("octave", "heat")
    for value, shown in ((1.6, 2), (-1.6, -2), (9, 3), (0.2, 0)):
        page.say("octave-set", value)
        assert page.hear("octave") == [shown]
    page.say("heat-set", 0.05)
    assert page.hear("heat") == [pytest.approx(0.1)]
    assert page.pd.errors() == []


def test_sliders_edit_an_array(page):
    page = page("dlwa-latents \\$0-edits -5 5", "array define \\$0-edits 64")
    page.say("edits-fill", 2.5)
    page.pd.sync()
    assert page.array("edits") == [2.5] * 64
    page.say("edits-show")
    page.pd.sync()
    assert page.pd.errors() == []
