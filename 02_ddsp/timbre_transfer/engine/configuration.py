"""Read a model's gin file as data: which decoder, which synthesisers, which sizes.

Nothing is imported or called, and nothing outlives the call, so that two models never see each other's settings.
"""

import ast
import re
from dataclasses import dataclass

from modelfiles.errors import UserError

REFERENCE = re.compile(r"@[\w./]+(?:\(\))?")
MACRO = re.compile(r"%([\w./]+)")


def newest(folder):
    """The gin file of the latest step in a model's folder. Raises UserError where there is none."""
    files = sorted(folder.glob("operative_config*.gin"), key=lambda file: (len(file.name), file.name))
    if not files:
        raise UserError(
            "checkpoint", f"there is no operative_config-*.gin in {folder}: is it a DDSP model's folder?"
        )
    return files[-1]


def parse(text):
    """The settings of a gin file: `{"RnnFcDecoder.rnn_channels": 512, ...}`.

    Names lose their module (`processors.Add.name` becomes `Add.name`) and their scope; references stay text
    (`"@synths.Harmonic()"`). Raises UserError when a line cannot be read.
    """
    settings, macros = {}, {}
    for name, value in _statements(text):
        value = _value(name, value, macros)
        if "." in name:
            settings[".".join(name.split("/")[-1].split(".")[-2:])] = value
        else:
            macros[name] = value
    return settings


def _statements(text):
    block = None
    for line in _logical_lines(text):
        if not line[0].isspace():
            block = None
        line = line.strip()
        if re.match(r"(import|include|from)\b", line):
            continue
        if line.endswith(":"):
            block = line[:-1].strip()
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise UserError("checkpoint", f"cannot read this line of the gin file: {line[:80]}")
        name = name.strip()
        yield (f"{block}.{name}" if block else name), value.strip()


def _logical_lines(text):
    """Lines without comments, where what stands in brackets or after a backslash belongs together."""
    open_brackets, gathered = 0, ""
    for line in text.splitlines():
        line = re.sub(r"#[^'\"]*$", "", line).rstrip()
        continued = line.endswith("\\")
        gathered += line[:-1] if continued else line
        open_brackets += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        if continued or open_brackets > 0:
            continue
        if gathered.strip():
            yield gathered
        gathered = ""
    if gathered.strip():
        raise UserError("checkpoint", "the gin file ends in the middle of a value")


def _value(name, text, macros):
    for macro in MACRO.findall(text):
        if macro not in macros and not macro.isupper():
            raise UserError("checkpoint", f"{name} uses %{macro}, which the gin file does not define")
    text = MACRO.sub(lambda found: repr(macros.get(found[1])), text)
    try:
        return ast.literal_eval(REFERENCE.sub(lambda found: repr(found[0]), text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise UserError(
            "checkpoint", f"cannot read the value of {name} in the gin file: {text[:80]}"
        ) from None


@dataclass(frozen=True)
class Configuration:
    """What of a gin file decides how the model computes.

    input_keys: the decoder's inputs in the order of its stacks, of 'ld_scaled', 'f0_scaled' (and 'z').
    output_splits: ((name, size), ...) of the decoder's last layer.
    sample_rate: Hz; frame_rate: frames a second; noise_window: taps, 0 for as many as there are;
    reverb: whether an impulse response is convolved with the sound; add_dry: whether the dry sound stays in it.
    z_time_steps: frames of the encoder's z in 4 s; None for a model without an encoder.
    """

    input_keys: tuple
    output_splits: tuple
    sample_rate: int
    frame_rate: int
    noise_bias: float
    noise_window: int
    normalize_below_nyquist: bool
    reverb: bool
    add_dry: bool
    z_time_steps: int | None = None

    @property
    def hop_size(self):
        return self.sample_rate // self.frame_rate


OLD_NAMES = {
    "Additive": "Harmonic",
    "DefaultPreprocessor": "F0LoudnessPreprocessor",
    "ZRnnFcDecoder": "RnnFcDecoder",
}
Z_TIME_STEPS = (63, 125, 250, 500, 1000)
KNOWN_PARTS = {"Harmonic", "FilteredNoise", "Add", "Reverb"}


def read(text):
    """The Configuration that a gin file describes.

    Raises UserError, which names the setting, for what only the ddsp package can play.
    """
    settings = {_modern(name): value for name, value in parse(text).items()}

    def setting(name, default=None):
        return settings.get(name, default)

    decoder = _class(setting("Autoencoder.decoder", "@RnnFcDecoder()"))
    if decoder != "RnnFcDecoder" or setting("RnnFcDecoder.rnn_type", "gru") != "gru":
        raise UserError(
            "checkpoint", f"its decoder is {decoder} ({setting('RnnFcDecoder.rnn_type')}), not a GRU"
        )
    encoder = setting("Autoencoder.encoder")
    z_time_steps = setting("MfccTimeDistributedRnnEncoder.z_time_steps", 250) if encoder else None
    if encoder:
        rnn_type = setting("MfccTimeDistributedRnnEncoder.rnn_type", "gru")
        if _class(encoder) != "MfccTimeDistributedRnnEncoder" or rnn_type != "gru":
            raise UserError(
                "checkpoint", f"its encoder is {_class(encoder)} ({rnn_type}), not a GRU on MFCCs"
            )
        if z_time_steps not in Z_TIME_STEPS:
            raise UserError("checkpoint", f"its encoder's z_time_steps are {z_time_steps}")
    parts = [_class(node[0]) for node in setting("ProcessorGroup.dag", ())]
    if set(parts) - KNOWN_PARTS or not {"Harmonic", "FilteredNoise"} <= set(parts):
        raise UserError("checkpoint", f"its signal path is {', '.join(parts) or 'not in the gin file'}")
    if setting("RnnFcDecoder.input_keys") is None:
        raise UserError(
            "checkpoint", "it does not say in which order f0 and loudness enter the decoder (input_keys)"
        )
    input_keys = tuple(setting("RnnFcDecoder.input_keys"))
    if sorted(input_keys) != ["f0_scaled", "ld_scaled", *(["z"] if encoder else [])]:
        raise UserError("checkpoint", f"its decoder's inputs are {', '.join(map(str, input_keys))}")
    if setting("Harmonic.amp_resample_method", "window") != "window":
        raise UserError(
            "checkpoint", f"its amplitudes are resampled by '{setting('Harmonic.amp_resample_method')}'"
        )
    sample_rate = setting("Harmonic.sample_rate", 16000)
    return Configuration(
        input_keys=input_keys,
        output_splits=tuple((str(name), int(size)) for name, size in setting("RnnFcDecoder.output_splits")),
        sample_rate=sample_rate,
        frame_rate=setting("F0LoudnessPreprocessor.frame_rate", 250),
        noise_bias=setting("FilteredNoise.initial_bias", -5.0),
        noise_window=setting("FilteredNoise.window_size", 257),
        normalize_below_nyquist=setting("Harmonic.normalize_below_nyquist", True),
        reverb="Reverb" in parts,
        add_dry=setting("Reverb.add_dry", True),
        z_time_steps=z_time_steps,
    )


def _modern(name):
    part, _, parameter = name.partition(".")
    return f"{OLD_NAMES.get(part, part)}.{parameter}"


def _class(reference):
    """The class that a reference such as "@synths.Harmonic()" names."""
    name = str(reference).lstrip("@").removesuffix("()").split(".")[-1]
    return OLD_NAMES.get(name, name)
