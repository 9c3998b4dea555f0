"""Read a model's gin file as data: which decoder, which synthesisers, which sizes. Runs in the worker process.

Nothing is imported or called, and nothing outlives the call, so that two models never see each other's settings.
"""

import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gin.config_parser import BindingStatement, ConfigParser, ParserDelegate
from modelfiles.errors import UserError

UNREADABLE = (SyntaxError, tokenize.TokenError, ValueError, TypeError, RecursionError, MemoryError)


def newest(folder: Path) -> Path:
    """The gin file of the latest step in a model's folder. Raises UserError where there is none."""
    files = sorted(folder.glob("operative_config*.gin"), key=lambda file: (len(file.name), file.name))
    if not files:
        raise UserError(
            "checkpoint", f"there is no operative_config-*.gin in {folder}: is it a DDSP model's folder?"
        )
    return files[-1]


def parse(text: str) -> dict[str, Any]:
    """The settings of a gin file: `{"RnnFcDecoder.rnn_channels": 512, ...}`.

    Names lose their module (`processors.Add.name` becomes `Add.name`) and their scope; references stay text
    (`"@synths.Harmonic()"`). Raises UserError when a line cannot be read.
    """
    settings: dict[str, Any] = {}
    macros: dict[str, Any] = {}
    delegate = _AsText(macros)
    try:
        for statement in ConfigParser(text, delegate):
            if isinstance(statement, BindingStatement):
                place, name = (
                    (settings, _short(statement)) if statement.arg_name else (macros, statement.selector)
                )
                place[name] = statement.value
            delegate.check()
    except UNREADABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError("checkpoint", f"the gin file cannot be read: {reason[:200]}") from None
    return settings


class _AsText(ParserDelegate):
    """What gin's parser asks where a file names a class or a macro."""

    def __init__(self, macros: Mapping[str, Any]) -> None:
        self._macros = macros
        self._undefined: list[str] = []

    def configurable_reference(self, scoped_configurable_name: str, evaluate: bool) -> str:
        return f"@{scoped_configurable_name}{'()' if evaluate else ''}"

    def macro(self, macro_name: str) -> Any:
        """The macro's value; None for a constant, which is written in capitals and defined in a program."""
        if macro_name not in self._macros and not macro_name.isupper():
            self._undefined.append(macro_name)
        return self._macros.get(macro_name)

    def check(self) -> None:
        """Raise UserError if a macro was used that is not defined."""
        if self._undefined:
            raise UserError(
                "checkpoint", f"the gin file uses %{self._undefined[0]}, which it does not define"
            )


def _short(statement: BindingStatement) -> str:
    return f"{statement.selector.split('.')[-1]}.{statement.arg_name}"


@dataclass(frozen=True)
class Configuration:
    """The settings of a gin file that decide how the model computes.

    input_keys: the decoder's inputs in the order of its stacks, of 'ld_scaled', 'f0_scaled' (and 'z').
    output_splits: ((name, size), ...) of the decoder's last layer.
    sample_rate: Hz; frame_rate: frames a second; noise_window: samples of the noise filter's window, 0 for all;
    reverb: whether an impulse response is convolved with the sound; add_dry: whether the dry sound stays in it.
    z_time_steps: frames of the encoder's z in 4 s; None for a model without an encoder.
    """

    input_keys: tuple[str, ...]
    output_splits: tuple[tuple[str, int], ...]
    sample_rate: int
    frame_rate: int
    noise_bias: float
    noise_window: int
    normalize_below_nyquist: bool
    reverb: bool
    add_dry: bool
    z_time_steps: int | None = None

    @property
    def hop_size(self) -> int:
        """Samples of a frame."""
        return self.sample_rate // self.frame_rate


OLD_NAMES = {
    "Additive": "Harmonic",
    "DefaultPreprocessor": "F0LoudnessPreprocessor",
    "ZRnnFcDecoder": "RnnFcDecoder",
}
MOST_HZ, MOST_SAMPLES = 384_000, 1 << 24
Z_TIME_STEPS = (63, 125, 250, 500, 1000)
KNOWN_PARTS = {"Harmonic", "FilteredNoise", "Add", "Reverb"}


def read(text: str) -> Configuration:
    """The Configuration that a gin file describes.

    Raises UserError, which names the setting, for what only the ddsp package can play.
    """
    settings = {_modern(name): value for name, value in parse(text).items()}
    _check_decoder(settings)
    _check_scales(settings)
    z_time_steps = _z_time_steps(settings)
    parts = _signal_path(settings)
    return Configuration(
        input_keys=_input_keys(settings, z_time_steps is not None),
        output_splits=_output_splits(settings),
        sample_rate=_sample_rate(settings),
        frame_rate=_frame_rate(settings),
        noise_bias=_number(settings, "FilteredNoise.initial_bias", -5.0),
        noise_window=max(0, _whole(settings, "FilteredNoise.window_size", 257, most=MOST_SAMPLES)),
        normalize_below_nyquist=bool(settings.get("Harmonic.normalize_below_nyquist", True)),
        reverb="Reverb" in parts,
        add_dry=bool(settings.get("Reverb.add_dry", True)),
        z_time_steps=z_time_steps,
    )


def _sample_rate(settings: Mapping[str, Any]) -> int:
    return _whole(settings, "Harmonic.sample_rate", 16000, 1, MOST_HZ)


def _frame_rate(settings: Mapping[str, Any]) -> int:
    """Frames a second; old releases say how many there are in a number of samples."""
    rate = _sample_rate(settings)
    if "F0LoudnessPreprocessor.time_steps" in settings and "Harmonic.n_samples" in settings:
        steps = _whole(settings, "F0LoudnessPreprocessor.time_steps", 1000, 1, MOST_SAMPLES)
        samples = _whole(settings, "Harmonic.n_samples", 64000, steps, MOST_SAMPLES)
        if steps * rate % samples:
            raise UserError("checkpoint", f"its time_steps, {steps} in {samples} samples, are no frame rate")
        usual = steps * rate // samples
    else:
        usual = 250
    return _whole(settings, "F0LoudnessPreprocessor.frame_rate", usual, 1, rate)


def _check_scales(settings: Mapping[str, Any]) -> None:
    """Refuse synthesisers whose controls are scaled in another way than all of ddsp's own models are."""
    for part in ("Harmonic", "FilteredNoise"):
        scale = settings.get(f"{part}.scale_fn", "@core.exp_sigmoid")
        if _class(scale) != "exp_sigmoid":
            raise UserError("checkpoint", f"its {part}.scale_fn is {scale!r:.80}")


def _check_decoder(settings: Mapping[str, Any]) -> None:
    decoder = _class(settings.get("Autoencoder.decoder", "@RnnFcDecoder()"))
    rnn_type = settings.get("RnnFcDecoder.rnn_type", "gru")
    if decoder != "RnnFcDecoder" or rnn_type != "gru":
        raise UserError("checkpoint", f"its decoder is {decoder} ({rnn_type}), not a GRU")


def _z_time_steps(settings: Mapping[str, Any]) -> int | None:
    """Frames of z in 4 s; None where there is no encoder."""
    encoder = settings.get("Autoencoder.encoder")
    if not encoder:
        return None
    rnn_type = settings.get("MfccTimeDistributedRnnEncoder.rnn_type", "gru")
    if _class(encoder) != "MfccTimeDistributedRnnEncoder" or rnn_type != "gru":
        raise UserError("checkpoint", f"its encoder is {_class(encoder)} ({rnn_type}), not a GRU on MFCCs")
    steps = settings.get("MfccTimeDistributedRnnEncoder.z_time_steps", 250)
    if steps not in Z_TIME_STEPS:
        raise UserError("checkpoint", f"its encoder's z_time_steps are {steps}")
    return int(steps)


def _signal_path(settings: Mapping[str, Any]) -> set[str]:
    """The classes of the processors that make the sound."""
    dag = settings.get("ProcessorGroup.dag", ())
    nodes = dag if isinstance(dag, (list, tuple)) else ()
    parts = [_class(node[0]) for node in nodes if isinstance(node, (list, tuple)) and node]
    if set(parts) - KNOWN_PARTS or not {"Harmonic", "FilteredNoise"} <= set(parts):
        raise UserError("checkpoint", f"its signal path is {', '.join(parts) or 'not in the gin file'}")
    method = settings.get("Harmonic.amp_resample_method", "window")
    if method != "window":
        raise UserError("checkpoint", f"its amplitudes are resampled by '{method}'")
    return set(parts)


def _input_keys(settings: Mapping[str, Any], encoder: bool) -> tuple[str, ...]:
    keys = settings.get("RnnFcDecoder.input_keys")
    if not isinstance(keys, (list, tuple)):
        raise UserError(
            "checkpoint", "it does not say in which order f0 and loudness enter the decoder (input_keys)"
        )
    names = tuple(map(str, keys))
    if sorted(names) != ["f0_scaled", "ld_scaled", *(["z"] if encoder else [])]:
        raise UserError("checkpoint", f"its decoder's inputs are {', '.join(names)}")
    return names


def _output_splits(settings: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    try:
        splits = tuple((str(name), int(size)) for name, size in settings["RnnFcDecoder.output_splits"])
    except (KeyError, TypeError, ValueError):
        raise UserError(
            "checkpoint", "it does not say what its decoder's outputs are (output_splits)"
        ) from None
    if sorted(name for name, _ in splits) != ["amps", "harmonic_distribution", "noise_magnitudes"]:
        raise UserError("checkpoint", f"its decoder's outputs are {', '.join(name for name, _ in splits)}")
    return splits


def _whole(
    settings: Mapping[str, Any], name: str, default: int, least: int | None = None, most: int | None = None
) -> int:
    value = settings.get(name, default)
    if type(value) is not int or (least is not None and value < least) or (most is not None and value > most):
        raise UserError("checkpoint", f"its {name} is {value!r:.80}")
    return value


def _number(settings: Mapping[str, Any], name: str, default: float) -> float:
    value = settings.get(name, default)
    if type(value) not in (int, float):
        raise UserError("checkpoint", f"its {name} is {value!r:.80}")
    return float(value)


def _modern(name: str) -> str:
    part, _, parameter = name.partition(".")
    return f"{OLD_NAMES.get(part, part)}.{parameter}"


def _class(reference: object) -> str:
    """The class that a reference such as "@synths.Harmonic()" names."""
    name = str(reference).lstrip("@").removesuffix("()").split(".")[-1]
    return OLD_NAMES.get(name, name)
