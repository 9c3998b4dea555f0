"""Reads and writes models: `NAME.safetensors` with its configuration, PRiSM's checkpoints; worker and trainings."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from modelfiles.checkpoint import load_checkpoint
from modelfiles.errors import UserError
from modelfiles.finding import latest
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

from .config import Config, read_config
from .network import SampleRNN

SAY_THEM = "say them: load --checkpoint NAME --q_type linear --sample_rate 16000 (q_type is linear or mu-law)"


def config_path(path):
    """Where the configuration of NAME.safetensors stands: NAME.config.json."""
    return Path(path).with_suffix(".config.json")


def read(path: Path, settings: "dict[str, Any]", name: str) -> SampleRNN:
    """The network in NAME.safetensors, or in a checkpoint of PRiSM SampleRNN.

    path: a .safetensors file, or a training's folder, or the prefix of one of its checkpoints. settings: what fills
    in the configuration of a PRiSM checkpoint, such as q_type and sample_rate. name: how error lines call the model.
    """
    if path.suffix == ".safetensors":
        return load(path)
    folder, prefix = (path, latest(path)) if path.is_dir() else (path.parent, path)
    return from_prism(load_checkpoint(prefix), _only_configuration(folder) | settings, name)


def _only_configuration(folder):
    """The keys of the one *.config.json in a checkpoint's folder; {} if there is none."""
    files = sorted(folder.glob("*.config.json"))
    if len(files) > 1:
        raise UserError("checkpoint", f"{folder.name} holds {len(files)} configurations, it should hold one")
    return read_config(files[0]) if files else {}


def save(path, model, half=False):
    """Write a model's weights (float16 if `half`) and its configuration, each whole or not at all."""
    path = Path(path)
    kind = torch.float16 if half else torch.float32
    weights = {name: value.detach().cpu().to(kind).contiguous() for name, value in model.state_dict().items()}
    part = path.with_suffix(".part")
    part.write_bytes(to_bytes(weights))
    half = config_path(path).with_suffix(".part")
    half.write_text(json.dumps(model.config.to_dict(), indent=2) + "\n")
    half.replace(config_path(path))
    part.replace(path)


def load(path):
    """The model in NAME.safetensors; raises UserError."""
    path = Path(path)
    beside = config_path(path)
    if not beside.exists():
        raise UserError("checkpoint", f"{path.name} has no configuration beside it: {beside.name} is missing")
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError("checkpoint", f"{path.name} is not a whole safetensors file: {error}") from None
    return assemble(Config.from_dict(read_config(beside)), weights, path.name)


def assemble(config, weights, name):
    """A SampleRNN from a configuration and its weights, in float32; `name` is for the message if they do not fit."""
    with torch.device("meta"):
        model = SampleRNN(config)
    wanted = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    held = {key: tuple(value.shape) for key, value in weights.items()}
    if wanted != held:
        key = min(key for key in wanted.keys() | held.keys() if wanted.get(key) != held.get(key))
        raise UserError(
            "checkpoint",
            f"{name} does not fit its configuration: {key} is {held.get(key, 'missing')}, "
            f"the configuration asks for {wanted.get(key, 'no such weights')}",
        )
    aligned = {
        key: value.to(torch.float32, copy=True) for key, value in weights.items()
    }  # those of a file may not be
    model.load_state_dict(aligned, assign=True)
    return model.eval()


SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


def prism_shape(arrays):
    """What PRiSM's weights say about their configuration: all but quantisation and sample rate.

    arrays: variable name -> array, as a TensorFlow checkpoint holds them (optimizer slots are ignored).
    """
    try:
        frame, dim = arrays[f"frame_rnn/inputs/kernel{SUFFIX}"].shape
        big, _ = arrays[f"big_frame_rnn/inputs/kernel{SUFFIX}"].shape
        gates = arrays[f"frame_rnn/rnn/layer_0/cell/recurrent_kernel{SUFFIX}"].shape[1] // dim
        levels, width = arrays[f"sample_mlp/embedding/embeddings{SUFFIX}"].shape
    except KeyError as error:
        raise UserError("checkpoint", f"this is no SampleRNN checkpoint: it has no {error.args[0]}") from None
    layers = 0
    while f"frame_rnn/rnn/layer_{layers}/cell/kernel{SUFFIX}" in arrays:
        layers += 1
    return {
        "frame_sizes": (frame, big),
        "dim": dim,
        "rnn_type": {3: "gru", 4: "lstm"}[gates],
        "num_rnn_layers": layers,
        "skip_conn": f"frame_rnn/rnn/layer_0_skip_out/kernel{SUFFIX}" in arrays,
        "q_levels": levels,
        "emb_size": width,
    }


def from_prism(arrays, values, name="the checkpoint"):
    """A SampleRNN from PRiSM's variables.

    values: the keys of its configuration, of which `q_type` and `sample_rate` are needed (the weights do not say
    them) and the rest, where present, must agree with the weights.
    """
    from_weights = prism_shape(arrays)
    values = {key: value for key, value in values.items() if key != "emb_size"}
    missing = [key for key in ("q_type", "sample_rate") if values.get(key) is None]
    if missing:
        raise UserError("checkpoint", f"{name} does not tell {' and '.join(missing)}", SAY_THEM)
    config = Config.from_dict(values | from_weights)
    stated = Config.from_dict(from_weights | values)
    for key in from_weights:
        if getattr(stated, key) != getattr(config, key):
            raise UserError(
                "checkpoint",
                f"{name} does not fit its configuration: {key} is {getattr(config, key)} in the weights, "
                f"{getattr(stated, key)} in the configuration",
            )
    return assemble(config, dict(_translated(arrays, config)), name)


def _translated(arrays, config):
    """PRiSM's variables under this model's names, each in torch's layout."""

    def get(key):
        try:
            return np.asarray(arrays[key + SUFFIX], np.float32)
        except KeyError:
            raise UserError("checkpoint", f"the checkpoint has no {key}") from None

    def linear(ours, theirs, bias=True):
        yield f"{ours}.weight", get(f"{theirs}/kernel").T
        if bias:
            yield f"{ours}.bias", get(f"{theirs}/bias")

    def tier(ours, theirs):
        yield from linear(f"{ours}.inputs", f"{theirs}/inputs")
        yield f"{ours}.upsample", get(f"{theirs}/upsample")
        for index in range(config.num_rnn_layers):
            yield from _cell(f"{ours}.layers.{index}", f"{theirs}/rnn/layer_{index}/cell")
            if config.skip_conn:
                yield from linear(f"{ours}.skips.{index}", f"{theirs}/rnn/layer_{index}_skip_out", index == 0)

    def _cell(ours, theirs):
        lstm = config.rnn_type == "lstm"
        order = (lambda a: a) if lstm else _reset_gate_first
        bias = get(f"{theirs}/bias")
        yield f"{ours}.weight_ih_l0", order(get(f"{theirs}/kernel").T)
        yield f"{ours}.weight_hh_l0", order(get(f"{theirs}/recurrent_kernel").T)
        yield f"{ours}.bias_ih_l0", order(bias if lstm else bias[0])
        yield f"{ours}.bias_hh_l0", np.zeros_like(bias) if lstm else order(bias[1])

    def everything():
        yield from tier("big_frame_tier", "big_frame_rnn")
        yield from tier("frame_tier", "frame_rnn")
        yield "sample_tier.embedding", get("sample_mlp/embedding/embeddings")
        yield "sample_tier.inputs", get("sample_mlp/inputs/kernel")
        for layer in ("hidden1", "hidden2", "outputs"):
            yield from linear(f"sample_tier.{layer}", f"sample_mlp/{layer}")

    for key, value in everything():
        yield key, torch.from_numpy(np.ascontiguousarray(value))


def _reset_gate_first(rows):
    """Keras orders a GRU's gates update, reset, candidate; torch reset, update, candidate."""
    update, reset, candidate = np.split(rows, 3)
    return np.concatenate((reset, update, candidate))
