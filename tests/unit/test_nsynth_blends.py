"""NSynth's training on sounds between two sounds: what these are, and that a decoder learns them."""

import numpy as np
import pytest
import torch
from nsynth import train
from nsynth.engine import mulaw
from nsynth.engine.config import Config
from nsynth.sheet import off_the_middle
from nsynth.training.morphing import morph
from nsynth.training.trainer import Trainer, loss_of

RATE = 8000
TINY = Config(RATE, 64, 4, 4, 2, 8, 8, 2, 2, 8)


def vowel(formant, f0=220):
    partials = np.arange(1, 4000 // f0)[:, None] * f0
    loud = np.exp(-(((partials - formant) / 300) ** 2))
    sound = (loud * np.sin(2 * np.pi * partials * np.arange(12000) / RATE)).sum(0)
    return sound / np.abs(sound).max()


def test_a_morph_has_its_energy_between_and_keeps_the_harmonics():
    dark, bright = vowel(700), vowel(2300)
    half_way = morph(dark, bright, 0.5, RATE)
    off = [off_the_middle(dark, bright, sound, RATE) for sound in (half_way, dark + bright)]
    assert off[0] < 0.5 and off[1] > 0.8
    power = np.abs(np.fft.rfft(half_way * np.hanning(12000))) ** 2
    hertz = np.fft.rfftfreq(12000, 1 / RATE)
    near = np.abs(hertz - 220 * np.rint(hertz / 220)) < 6
    assert power[near].sum() > 0.95 * power.sum()
    assert (power[near] * hertz[near]).sum() / power[near].sum() == pytest.approx(1500, abs=250)


@pytest.mark.parametrize("share", (0, 1))
def test_at_its_ends_a_morph_is_one_of_the_two(share):
    sounds = vowel(700), 0.2 * vowel(2300)
    found = morph(*sounds, share, RATE)
    assert np.abs(found - sounds[share])[1000:-1000].max() < 0.05 * np.abs(sounds[share]).max()


def test_the_level_is_half_way_in_decibels_and_silence_stays_finite():
    loud, quiet = vowel(900), 0.01 * vowel(900)
    found = morph(loud, quiet, 0.5, RATE)
    assert np.std(found) == pytest.approx(0.1 * np.std(loud), rel=0.05)
    assert np.isfinite(morph(loud, np.zeros(12000), 0.5, RATE)).all()


def test_a_decoder_that_learns_what_lies_between_predicts_it_from_the_sum_of_encodings():
    audio = np.int16(30000 * np.stack([vowel(700), vowel(2300)]))
    between = torch.from_numpy(mulaw.encode(morph(*(audio / 32768), 0.5, RATE))[None, :11968])
    nats = {}
    for blends in (0, 1):
        settings = {"seed": 0, "learning_rate": 5e-3, "batch_size": 4, "blends": blends}
        trainer = Trainer(TINY, audio, settings, "cpu")
        for step in range(150):
            trainer.learn(step / 150)
        with torch.no_grad():
            ends = trainer.average.module.encode(torch.from_numpy(trainer.codes[:, :11968]) / mulaw.HALF)
            logits = trainer.average.module.decode(between / mulaw.HALF, ends.mean(dim=0, keepdim=True))
            nats[blends] = loss_of(logits, between).item()
    assert nats[1] < nats[0]


def test_a_share_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit):
        train.main(["--blends", "1.5"])
    assert "it lies from 0 to 1" in capsys.readouterr().err
