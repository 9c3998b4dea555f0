"""Day 5's worker: what Pd can ask of a SampleRNN."""

from pathlib import Path

import numpy as np
import soxr
from modelfiles.finding import find
from pdworker.serving.server import WorkerError, serve

from .engine import envelope, store
from .model import Generator

SHORTEST, LONGEST = 0.001, 600.0  # seconds
MOST_SEQUENCES = 16
A_WHILE = 0.1  # seconds of computing per `more`

generator = None
take = None
resampler = None
takes = 0


def load(
    job,
    *,
    folders,
    checkpoint="tabla",
    engine="small",
    ckpt_dir=None,
    num_seqs=None,
    q_type=None,
    sample_rate=None,
    threads=None,
):
    """Load NAME.safetensors, or a checkpoint of PRiSM SampleRNN (its folder or its prefix).

    ckpt_dir is the original's word for checkpoint, and num_seqs its number of sequences, which `start` needs no more.
    q_type and sample_rate answer what a PRiSM checkpoint without a configuration does not tell.
    """
    global generator, take
    if engine != "small":
        raise WorkerError("engine", "SampleRNN has one engine", "leave --engine out")
    name = str(ckpt_dir or checkpoint)
    told = {"q_type": q_type, "sample_rate": sample_rate}
    job.progress(0.1, f"reading {name}")
    try:
        path = find(name, folders, suffixes=(".safetensors", ".index", ""))
        model = store.read(path, {key: value for key, value in told.items() if value is not None}, name)
    except WorkerError as error:
        hint = error.hint or "see: setup/dlwa checkpoints list"
        raise WorkerError("checkpoint", error.message, hint) from None
    job.progress(0.4, "preparing (the very first time this takes a minute)")
    take = None
    generator = Generator(model, threads)
    config = generator.config
    return {
        "name": Path(name).name,
        "rate": config.sample_rate,
        "rnn": f"{config.rnn_type}-{config.num_rnn_layers}x{config.dim}",
        "levels": f"{config.q_levels}-{config.q_type}",
        "weights": generator.engine,
        "bits_lost": round(generator.bits_lost, 6),
    }


def start(job, *, temperatures, seconds, out_sr=None, seed_sr=None, top_k=0, top_p=1.0, random=0, arrays=()):
    """Begin sequences, one for each of `temperatures`; `more` hands out their sound.

    A temperature is a number, Env text, or {"array": i}: a curve in arrays[i] over the whole time.
    arrays[0] is the seed sound, at seed_sr Hz (the model's rate if not given), that all go on from; it may be empty.
    out_sr: rate of the answer in Hz (the model's if not given). random: number to repeat it by.
    """
    global take, resampler, takes
    if generator is None:
        raise WorkerError("order", "no model is loaded", "load one first")
    rate = generator.config.sample_rate
    out_sr, seed_sr = check_rate(out_sr or rate), check_rate(seed_sr or rate)
    if not SHORTEST <= seconds <= LONGEST:
        raise WorkerError(
            "duration", f"{seconds:g} s cannot be made", f"from {SHORTEST:g} to {LONGEST:g} s can"
        )
    if not 1 <= len(temperatures) <= MOST_SEQUENCES:
        raise WorkerError(
            "outputs", f"{len(temperatures)} sequences cannot be made at once", f"1 to {MOST_SEQUENCES}"
        )
    if not (top_k >= 0 and 0 < top_p <= 1):
        raise WorkerError(
            "arguments", f"top_k {top_k} and top_p {top_p} do not fit", "top_k from 0, top_p above 0 to 1"
        )
    samples = max(1, round(seconds * rate))
    try:
        curves = [
            envelope.temperatures(arrays[what["array"]] if isinstance(what, dict) else what, samples, seconds)
            for what in temperatures
        ]
    except WorkerError as error:
        raise WorkerError("input", error.message, "see step 3 of the patch") from None
    primer = np.nan_to_num(np.asarray(arrays[0] if len(arrays) else [], np.float32))
    if len(primer) and seed_sr != rate:
        primer = soxr.resample(primer, seed_sr, rate)
    take = generator.start(
        samples, np.stack(curves), primer=primer, top_k=int(top_k), top_p=top_p, seed=abs(int(random))
    )
    resampler = Resampler(rate, out_sr, len(curves), round(seconds * out_sr))
    takes += 1
    return {"take": takes, "rate": out_sr, "length": resampler.length, "sequences": len(curves)}


def check_rate(rate):
    if not 1000 <= rate <= 384000:
        raise WorkerError("rate", f"{rate:g} Hz is no sample rate for sound", "such as 16000, 44100 or 48000")
    return int(rate)


class Resampler:
    """Sound [B, n] of one rate to another as it comes, `length` samples in all."""

    def __init__(self, rate, out_rate, sequences, length):
        self.length, self.done = length, 0
        self.stream = (
            None if rate == out_rate else soxr.ResampleStream(rate, out_rate, sequences, dtype="float32")
        )

    def take(self, audio, last):
        """The new samples at the out rate; `last`: nothing comes after these."""
        if self.stream and self.done < self.length:
            audio = self.stream.resample_chunk(np.ascontiguousarray(audio.T), last=last).T
            missing = self.length - self.done - audio.shape[1]
            if last and missing > 0:
                audio = np.pad(audio, ((0, 0), (0, missing)))
        audio = np.clip(audio[:, : self.length - self.done], -1, 1)
        self.done += audio.shape[1]
        return audio


def more(job):
    """The sound that the next tenth of a second of computing makes: which samples of which take, and one array each."""
    if take is None:
        raise WorkerError("order", "nothing is being generated", "generate first")
    first = resampler.done
    audio = resampler.take(take.more(A_WHILE, job.check), take.finished)
    facts = {
        "take": takes,
        "from": first,
        "to": resampler.done,
        "length": resampler.length,
        "finished": take.finished,
    }
    return facts, [np.ascontiguousarray(row, np.float32) for row in audio]


def save(job, *, path, rate, arrays):
    """Write sounds, one array per channel, into a WAV file of 32-bit floats."""
    import soundfile

    path = Path(path).expanduser()
    path = path if path.suffix else path.with_suffix(".wav")
    length = max(map(len, arrays))
    try:
        soundfile.write(
            path, np.stack([np.pad(one, (0, length - len(one))) for one in arrays], 1), int(rate), "FLOAT"
        )
    except (OSError, RuntimeError) as error:
        raise WorkerError("save", f"{path} cannot be written: {error}", "choose another place") from None
    return {"path": str(path)}


if __name__ == "__main__":
    serve({"load": load, "start": start, "more": more, "save": save})
