"""Day 5's worker: the partial results of `generate` are the whole sound, a cancelled call stops, files are written."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from modelfiles.errors import UserError
from pdworker.serving.job import Cancelled, Job
from samplernn import load
from samplernn.worker import Worker

STARTERS = Path(__file__).parents[2] / "05_samplernn/checkpoints"
NOTHING = np.empty(0, np.float32)


class Frames(list):
    """Keeps the frames that a call sends, and can cancel it after some."""

    def __init__(self, cancel_after=None):
        self.job = Job(self.send, 1)
        self.cancel_after = cancel_after

    def send(self, header, arrays=()):
        self.append((header, [np.array(array) for array in arrays]))
        if len(self) == self.cancel_after:
            self.job.cancelled.set()


@pytest.fixture(scope="module")
def worker():
    worker = Worker()
    facts = worker.load(Frames().job, folders=[STARTERS], ckpt_dir="starter_beat", num_seqs=4, threads=1)
    assert (facts["name"], facts["rate"], facts["weights"]) == ("starter_beat", 16000, "int8")
    return worker


@pytest.mark.parametrize("rate, length", [(None, 8000), (48000, 24000), (11025, 5512)])
def test_the_pieces_are_the_whole_sound(worker, rate, length):
    frames = Frames()
    curve = np.array([1.2, 0.9], np.float32)
    values = worker.generate(
        frames.job, temperatures=[1.3, {"array": 1}], seconds=0.5, rate=rate, seed=3, arrays=[NOTHING, curve]
    )
    assert values == {"samples": length}
    first, *pieces = [(header, arrays) for header, arrays in frames if "values" in header]
    assert first[0]["values"] == {"rate": rate or 16000, "length": length} and first[1] == []
    done = 0
    for header, sounds in pieces:
        assert header["values"]["start"] == done
        assert [len(sound) for sound in sounds] == [len(sounds[0])] * 2
        done += len(sounds[0])
        assert header["fraction"] == pytest.approx(done / length)
    assert done == length
    one = np.concatenate([sounds[0] for _, sounds in pieces])
    if rate is None:
        model = load("starter_beat", folders=[STARTERS], threads=1)
        assert np.array_equal(one, model.generate(0.5, [1.3, curve], seed=3)[0])
    assert 0.001 < np.abs(one).max() <= 1


def test_a_cancelled_call_stops(worker):
    frames = Frames(cancel_after=2)
    with pytest.raises(Cancelled):
        worker.generate(frames.job, temperatures=[1.0], seconds=60, arrays=[NOTHING])
    assert len(frames) == 2


def test_nothing_can_be_generated_without_a_model():
    with pytest.raises(UserError, match="load one first") as raised:
        Worker().generate(Frames().job, temperatures=[1.0], seconds=1, arrays=[NOTHING])
    assert raised.value.kind == "state"


@pytest.mark.parametrize(
    "arguments, complaint",
    [({"checkpoint": "nothing"}, "no checkpoint 'nothing'"), ({"engine": "upstream"}, "one engine")],
)
def test_what_cannot_be_loaded(arguments, complaint):
    with pytest.raises(UserError, match=complaint) as raised:
        Worker().load(Frames().job, folders=[STARTERS], **arguments)
    assert raised.value.hint


def test_a_sound_is_written(tmp_path):
    sound = np.linspace(-1, 1, 100, dtype=np.float32)
    values = Worker().save(Frames().job, path=str(tmp_path / "my sound"), rate=8000.0, arrays=[sound])
    samples, rate = soundfile.read(values["path"], dtype="float32")
    assert values["path"] == str(tmp_path / "my sound.wav")
    assert rate == 8000 and np.array_equal(samples, sound)
