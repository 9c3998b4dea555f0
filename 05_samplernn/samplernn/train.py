"""Train a SampleRNN on a data set of `dataset`; stop it at any time, the same command goes on where it stopped.

    setup/dlwa train samplernn DATASET [--preset laptop|course|prism] [--run FOLDER] [--steps N]

Truncated backpropagation through time: every stream of a batch reads one chunk from beginning to end, `seq_len`
samples a step, and hands its recurrent state on to the next step. The run folder holds the best model
(model.safetensors and its configuration), what is needed to go on (last.pt), log.csv, loss.png and previews.
"""

import argparse
import csv
import dataclasses
import json
import math
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from . import quantise, store
from .config import PRESETS, Config, ConfigError
from .generator import Generator
from .model import SampleRNN

CLIP = 5.0
LOWEST_GAIN = 0.5
PREVIEW_SECONDS = 2.0


def batches(chunks, size, config, random):
    """Endless batches (codes [size, big_frame_size + seq_len] int64, starts anew: bool) from chunks [n, samples].

    A group of `size` chunks is read side by side; each begins at a place of its own and at a loudness of its own.
    """
    big, step = config.big_frame_size, config.seq_len
    if chunks.shape[1] < 2 * step:
        raise ConfigError(f"chunks of {chunks.shape[1]} samples are too short for steps of {step}")
    while True:
        order = random.permutation(np.resize(random.permutation(len(chunks)), -(-len(chunks) // size) * size))
        for group in order.reshape(-1, size):
            shifts = random.integers(0, step, size)
            gains = random.uniform(LOWEST_GAIN, 1, (size, 1)) * random.choice([-1, 1], (size, 1))
            length = (chunks.shape[1] - step) // step * step
            audio = np.stack([chunks[chunk, shift : shift + length] for chunk, shift in zip(group, shifts)])
            codes = with_silence(
                quantise.encode(audio / 32768 * gains, config.q_type, config.q_levels), config
            )
            for start in range(0, length, step):
                yield torch.from_numpy(codes[:, start : start + big + step].astype(np.int64)), start == 0


def with_silence(codes, config):
    """Codes [batch, n] with one big frame of silence before them."""
    return np.pad(codes, ((0, 0), (config.big_frame_size, 0)), constant_values=config.q_levels // 2)


def bits_per_sample(model, chunks, device="cpu"):
    """Mean -log2 p of every sample of chunks [n, samples] int16, states carried from start to end."""
    config = model.config
    length = chunks.shape[1] // config.seq_len * config.seq_len
    codes = quantise.encode(chunks[:, :length] / 32768, config.q_type, config.q_levels)
    codes = torch.from_numpy(with_silence(codes, config).astype(np.int64))
    states, total = (None, None), 0.0
    with torch.no_grad():
        for start in range(0, length, config.seq_len):
            part = codes[:, start : start + config.big_frame_size + config.seq_len].to(device)
            logits, states = model(part, states)
            target = part[:, config.big_frame_size :].flatten()
            total += functional.cross_entropy(logits.flatten(0, 1), target, reduction="sum").item()
    return total / math.log(2) / (len(chunks) * length)


class Run:
    """One training run in its folder: model, optimiser, how far it is, and its files."""

    def __init__(self, folder, config, steps, rate, device):
        self.folder, self.config, self.steps, self.rate, self.device = folder, config, steps, rate, device
        self.model = SampleRNN(config).to(device)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=rate)
        self.step, self.best, self.seconds = 0, math.inf, 0.0
        folder.mkdir(parents=True, exist_ok=True)

    def resume(self):
        """Go on from last.pt, if there is one."""
        file = self.folder / "last.pt"
        if not file.exists():
            return False
        held = torch.load(file, map_location=self.device, weights_only=True)
        self.model.load_state_dict(held["model"])
        self.optimiser.load_state_dict(held["optimiser"])
        self.step, self.best, self.seconds = held["step"], held["best"], held["seconds"]
        return True

    def keep(self):
        """Write last.pt, whole or not at all."""
        part = self.folder / "last.part"
        held = {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save(held | {"step": self.step, "best": self.best, "seconds": self.seconds}, part)
        part.replace(self.folder / "last.pt")

    def learn(self, codes, states, scaler):
        """One step on one batch; returns (bits per sample, states for the next step)."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * max(0.02, 0.5 + 0.5 * math.cos(math.pi * self.step / self.steps))
        codes = codes.to(self.device)
        with torch.autocast(self.device, enabled=self.device == "cuda"):
            logits, states = self.model(codes, states)
            target = codes[:, self.config.big_frame_size :].flatten()
            loss = functional.cross_entropy(logits.flatten(0, 1).float(), target)
        self.optimiser.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.unscale_(self.optimiser)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        scaler.step(self.optimiser)
        scaler.update()
        self.step += 1
        return loss.item() / math.log(2), detached(states)

    def report(self, trained, validation):
        """Score the model, keep it if it is the best so far, add to the log and the plot, make a preview."""
        self.model.eval()
        scored = bits_per_sample(self.model, validation, self.device)
        if scored < self.best:
            self.best = scored
            store.save(self.folder / "model.safetensors", self.model)
        log = self.folder / "log.csv"
        new = not log.exists()
        with log.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", "training_bits", "validation_bits"])
            writer.writerow([self.step, f"{self.seconds:.0f}", f"{trained:.4f}", f"{scored:.4f}"])
        plot(log, self.folder / "loss.png")
        self.preview()
        self.model.train()
        return scored

    def preview(self):
        """Two seconds from the model as it is, as previews/STEP.wav."""
        import soundfile

        folder = self.folder / "previews"
        folder.mkdir(exist_ok=True)
        generator = Generator(self.model)
        audio = generator.generate(PREVIEW_SECONDS, temperature=[0.95], seed=self.step)[0]
        soundfile.write(folder / f"{self.step:07d}.wav", audio, self.config.sample_rate)


def detached(states):
    """Recurrent states cut off from the graph that made them."""
    if torch.is_tensor(states):
        return states.detach()
    return type(states)(map(detached, states))


def plot(log, image):
    """Draw log.csv: bits per sample over steps, with the 8 bits of pure noise as the ceiling."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = np.genfromtxt(log, delimiter=",", names=True, ndmin=1)
    figure, axes = pyplot.subplots(figsize=(7, 4))
    axes.plot(rows["step"], rows["training_bits"], label="training")
    axes.plot(rows["step"], rows["validation_bits"], label="validation (never trained on)")
    axes.set(xlabel="step", ylabel="bits per sample", ylim=(0, 8.2))
    axes.legend()
    figure.tight_layout()
    figure.savefig(image, dpi=100)
    pyplot.close(figure)


def train(data, folder, config, steps, batch=16, rate=1e-3, every=250, device="cpu", say=print):
    """Train until `steps`, reporting every `every` steps; returns the best validation bits per sample."""
    chunks, validation = np.load(data / "train.npy"), np.load(data / "validation.npy")
    facts = json.loads((data / "dataset.json").read_text())
    config = dataclasses.replace(config, sample_rate=facts["sample_rate"])
    run = Run(folder, config, steps, rate, device)
    if run.resume():
        say(f"going on at step {run.step} (best so far {run.best:.3f} bits per sample)")
    scaler = torch.amp.GradScaler(device, enabled=device == "cuda")
    states, bits, began = (None, None), [], time.monotonic()
    for codes, anew in batches(chunks, batch, config, np.random.default_rng([run.step, 1])):
        if run.step >= steps:
            break
        one, states = run.learn(codes, (None, None) if anew else states, scaler)
        bits.append(one)
        if run.step % every == 0 or run.step == steps:
            run.seconds += time.monotonic() - began
            began = time.monotonic()
            trained = float(np.mean(bits))
            bits.clear()
            scored = run.report(trained, validation)
            run.keep()
            left = run.seconds / run.step * (steps - run.step) / 60
            say(
                f"step {run.step}/{steps}: {trained:.3f} bits per sample, validation {scored:.3f} "
                f"(best {run.best:.3f}), about {left:.0f} min left"
            )
    return run.best


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="setup/dlwa train samplernn", description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="data set folder made by setup/dlwa dataset samplernn")
    parser.add_argument("--preset", choices=PRESETS, default="laptop", help="size of the model (laptop)")
    parser.add_argument("--config", type=Path, help="a configuration file instead of a preset")
    parser.add_argument("--run", type=Path, help="run folder (default: runs/samplernn-DATASET)")
    parser.add_argument("--steps", type=int, default=20000, help="training steps (20000)")
    parser.add_argument("--batch", type=int, default=16, help="streams side by side (16)")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate at the start (0.001)")
    parser.add_argument("--every", type=int, default=250, help="steps between reports (250)")
    parser.add_argument("--threads", type=int, help="processor threads (all)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads or os.cpu_count())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = options.run or Path("runs") / f"samplernn-{options.data.name}"
    for kind in (signal.SIGINT, signal.SIGTERM):  # also where whoever started it has them ignored
        signal.signal(kind, signal.default_int_handler)
    try:
        config = PRESETS[options.preset]
        if options.config:
            config = Config.from_dict(json.loads(options.config.read_text()))
        print(
            f"training on {device}, run folder {folder}; Ctrl-C stops, the same command goes on", flush=True
        )
        train(options.data, folder, config, options.steps, options.batch, options.rate, options.every, device)
    except KeyboardInterrupt:
        sys.exit(f"stopped; the same command goes on from {folder / 'last.pt'}")
    except (ConfigError, OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    print(f"done: {folder / 'model.safetensors'}")


if __name__ == "__main__":
    main()
