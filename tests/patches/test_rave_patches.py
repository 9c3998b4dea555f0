"""The three patches of day 6 in real Pd: their buttons and sliders do their main job."""

import functools

import numpy as np
import pytest
import soundfile
from rave_rt.engine.prior import write_prior
from rave_rt.engine.torchscript import Model
from rave_rt.engine.torchscript import load_module as load
from rave_rt.model import load as whole_model
from support import rave_files
from support.rave_page import open_page, write_tone
from support.waiting import wait_until


@pytest.fixture
def patch(play, tmp_path):
    """`patch(name, *listen)` opens a patch and listens to its fields."""
    return functools.partial(open_page, play, tmp_path)


def loudest(patch, array, seconds=5):
    """The loudest that an array is in a while."""
    found = 0.0
    for _ in range(5 * seconds):
        if found < 0.01:
            patch.pd.let_time_pass(200)
            found = max(found, np.abs(patch.array(array)).max())
    return found


def test_rave_plays_the_starter(patch):
    rave = patch("rave.pd", "status", "n-latency")
    rave.press("dsp", 1)
    rave.press("starter")
    rave.expect("playing", "forward", 4096)
    rave.hear("status", "label", "Loading starter_drums")
    rave.hear("status", "label", "Playing. Move the latents; dry to wet is in step 4.")
    rave.press("dsp", 0)
    rave.hear("status", "label", "The sound is off: press sound on.")
    rave.press("dsp", 1)
    rave.hear("status", "label", "Playing. Move the latents; dry to wet is in step 4.")
    assert "latency:" in rave.label("n-latency")
    rave.press("sweep-set", 1)
    rave.press("wet-set", 1)
    assert loudest(rave, "view-in") > 0.01
    assert loudest(rave, "view-out", 10) > 0.001
    rave.press("wild")
    rave.press("neutral")
    assert rave.array("scale") == [1] * 8 and rave.array("bias") == [0] * 8
    rave.press("size-set", 0)
    rave.expect("playing", "forward")
    rave.press("wet-set", 0)
    assert loudest(rave, "view-out", 10) > 0.01  # the dry sound
    assert rave.pd.errors() == []


def test_sliders_bend_latents(patch):
    rave = patch("rave.pd", "do")
    rave.say("scale-moved", 2, 0.5)  # as the third slider says it
    assert rave.hear("do", "scale")[1:] == [3, 0.5]
    rave.press("wild")
    assert [rave.hear("do", "bias")[1] for _ in range(8)] == list(range(1, 9))
    assert len(set(rave.array("bias"))) > 4 and max(map(abs, rave.array("bias"))) <= 2


def test_a_slider_bends_a_layer_and_it_is_restored(patch):
    rave = patch("rave_bend.pd", "do", "layer-name", "status")
    rave.press("starter")
    rave.expect("layers", timeout=90)
    assert "encoder.layers.0" in rave.hear("layer-name", "label")[1]

    def another(than):
        """The picture of a layer's weights, when it is another one."""
        return wait_until(lambda: (now := list(rave.array("weights"))) != than and now, "another picture")

    first = another([0] * len(rave.array("weights")))
    rave.press("layer-set", 40)
    wait_until(lambda: "decoder" in str(rave.heard("layer-name")[-1]), "the name of another layer")
    own = another(first)
    rave.press("kind-set", 1)
    rave.press("amount-set", 2)
    assert rave.expect("bent")[2:] == ["noise", 2, 1]
    another(own)
    rave.press("restore")
    assert rave.expect("restored")[1] == 1
    wait_until(lambda: list(rave.array("weights")) == list(own), "the picture as it was")
    rave.press("amount-set", 5)  # the slider ends at 3
    assert rave.expect("bent")[2:] == ["noise", 3, 1]


def test_latents_are_drawn_blended_and_decoded(patch, tmp_path):
    path = rave_files.save(rave_files.Codec(rate=44100), tmp_path / "codec.ts")
    rave = patch("rave_latents.pd")
    rave.send("load", str(path))
    rave.expect("worker", "on")
    for name, length, speed in (("a", 30000, 30), ("b", 20000, 9)):
        file = tmp_path / f"{name}.wav"
        soundfile.write(file, 0.8 * np.sin(np.arange(length) / speed), 44100, subtype="FLOAT")
        rave.press(f"open-sound-{name}", str(file))
    rave.press("encode")
    rave.expect("done", "encode", rave.own("b"))
    rave.expect("done", "encode", rave.own("a"))
    rave.press("blend", 0.5)
    rave.expect("done", "mix", rave.own("mix"))
    a, b, mixed = (np.array(rave.array(f"{name}-2")) for name in ("a", "b", "mix"))
    assert len(mixed) == pytest.approx((len(a) + len(b)) / 2, abs=1)
    assert mixed[0] == pytest.approx((a[0] + b[0]) / 2, abs=1e-5)
    for control, value in (("latent-set", 2), ("factor-set", 0), ("shift-set", 0.5)):
        rave.press(control, value)
    rave.press("adjust")
    rave.expect("done", "adjust")
    rave.pd.set_array(rave.own("mix-1"), np.linspace(-1, 1, len(mixed)))  # drawn with the mouse
    assert rave.array("mix-2")[5] == 0.5
    rave.press("decode")
    length = int(rave.expect("done", "decode", rave.own("sound-out"))[3])
    latents = np.array([rave.array(f"mix-{latent}") for latent in range(1, 5)], np.float32)
    expected = Model(load(path)).run("decode", latents)[0]
    heard = np.array(rave.array("sound-out"))
    assert len(heard) == length
    np.testing.assert_allclose(heard, expected, atol=1e-5)
    assert max(rave.array("view-a")) == pytest.approx(0.8, abs=0.01)
    rave.press("save-file", str(tmp_path / "decoded.wav"))
    rave.expect("saved")
    assert soundfile.info(tmp_path / "decoded.wav").frames == length
    rave.send("decode", "nothing", rave.own("sound-out"))
    rave.expect("error", "there is no array nothing-1 to nothing-4")
    rave.send("prior", rave.own("mix"), 1)
    assert "this model has no prior" in rave.expect("error")[1]


@pytest.mark.parametrize("prior", [True, False])
def test_a_prior_plays_and_one_that_is_missing_is_told(patch, tmp_path, prior):
    path = rave_files.save(rave_files.Codec(prior=prior, rate=44100), tmp_path / "codec.ts")
    rave = patch("rave_prior.pd", "has-prior")
    rave.press("dsp", 1)
    rave.send("load", str(path))
    assert rave.label("has-prior") == ("this model: has a prior" if prior else "this model: has no prior")
    rave.expect("playing", "decode")
    assert loudest(rave, "latent-2", 20) > 0.01
    assert rave.pd.errors() == []


def test_latents_that_a_prior_makes_up(patch, tmp_path):
    path = rave_files.save(rave_files.Codec(prior=True, rate=44100), tmp_path / "codec.ts")
    rave = patch("rave_latents.pd")
    rave.send("load", str(path))
    rave.expect("worker", "on")
    mix = rave.own("mix")
    rave.send("prior", mix, 1)
    assert rave.expect("done", "prior")[2:4] == [mix, 689]  # 44100 / 64
    for latent in range(1, 5):
        expected = np.sin(np.arange(689) * 0.1 * latent)
        np.testing.assert_allclose(rave.array(f"mix-{latent}"), expected, atol=1e-4)


@pytest.fixture
def codec(tmp_path):
    """The file of a codec with a prior beside it."""
    path = rave_files.save(rave_files.Codec(rate=44100), tmp_path / "codec.ts")
    write_prior(tmp_path / "codec.prior.safetensors", rave_files.random_prior())
    return path


def test_the_prior_beside_a_model_plays_and_goes_on_from_a_sound(patch, codec, tmp_path):
    rave = patch("rave_prior.pd", "has-prior", "status")
    rave.send("load", str(codec))
    assert rave.label("has-prior") == "this model: has a prior"
    rave.hear("status", "label", "Ready: codec. It plays as soon as the sound is on.", timeout=60)
    rave.press("dsp", 1)
    rave.expect("playing", "decode")
    assert loudest(rave, "latent-2", 20) > 0.01
    moved = {}
    for temperature in (0, 2):
        rave.press("temperature-set", temperature)
        rave.pd.let_time_pass(11_000)  # the picture is that of the last ten seconds
        moved[temperature] = np.std(rave.array("latent-2"))
    assert moved[0] < 0.2 * moved[2]
    rave.press("open-sound", write_tone(tmp_path / "tone.wav"))
    rave.hear("status", "label", "Playing on from your sound.")
    assert rave.pd.errors() == []


def test_latents_and_sounds_that_go_on_from_a_sound(patch, codec, tmp_path):
    rave = patch("rave_latents.pd")
    rave.send("load", str(codec))
    rave.expect("worker", "on")
    rave.press("open-sound-a", write_tone(tmp_path / "tone.wav"))
    rave.send("temperature", 0)
    rave.press("go-on")
    assert rave.expect("done", "continue")[2:4] == [rave.own("mix"), 2068]  # 3 * 44100 / 64
    model = whole_model(codec)
    player = model.prior.player()
    player.follow(model.encode(np.array(rave.array("sound-a"), np.float32)))
    expected = player.play([0.0] * 2068)
    for latent in range(4):
        np.testing.assert_allclose(rave.array(f"mix-{latent + 1}"), expected[latent], atol=1e-4)
    heard = {}
    rave.send("temperature", 1)
    out, sound = rave.own("sound-out"), rave.own("sound-a")
    for take, words in {"one": [], "again": [], "on": ["--start", sound]}.items():
        rave.send("generate", out, 0.5, "--random", 3, *words)
        assert rave.expect("done", "generate")[2:4] == [out, 22050]
        heard[take] = rave.array("sound-out")
    assert heard["one"] == heard["again"] != heard["on"] and max(heard["one"]) > 0.001
    rave.send("generate", out, 600)
    rave.expect("progress")
    rave.send("cancel")
    rave.expect("progress", 0, "cancelled")
    rave.send("generate", out, 0.25)
    assert rave.expect("done", "generate")[3] == 11025
    rave.send("generate", out)
    assert "1 words instead of an array and its seconds" in rave.expect("error")[1]
    rave.send("follow", sound)
    assert "no prior plays" in rave.expect("error")[1]


@pytest.mark.parametrize(
    "fault, complaint",
    [("cut", "is not a whole safetensors file"), ("other", "the prior does not fit the model: it makes 3")],
)
def test_a_bad_prior_is_told_and_its_model_plays(patch, codec, fault, complaint):
    beside = codec.with_name("codec.prior.safetensors")
    if fault == "cut":
        beside.write_bytes(beside.read_bytes()[:-100])
    else:
        write_prior(beside, rave_files.random_prior(latents=3))
    rave = patch("rave_latents.pd")
    rave.send("load", str(codec))
    assert complaint in rave.expect("error")[1]
    rave.expect("worker", "on", "name", "codec", "engine", "program")
    assert "the program in codec plays: its program is" in rave.expect("note")[1]
    rave.send("generate", rave.own("sound-out"), 1)
    assert "no prior beside it" in rave.expect("error")[1]
    rave.send("load", str(codec), "--prior", "nowhere")
    assert "there is no checkpoint 'nowhere'" in rave.expect("error")[1]
