"""Export a RAVE of an official configuration, with random weights, through the acids-rave package.

    python rave_acids.py CONFIGURATION LATENTS FILE.ts [streaming] [plain] [stereo] [adapts] [GIN=BINDING ...] [, ...]

CONFIGURATION may be several, such as v2+noise. streaming: with cached convolutions; plain: the encoder's mean instead
of a sample of it, so that nothing is random where all latents are kept; adapts: the attributes of adaptive norms do
something, which acids-rave 2.3 means and forgets. After a comma another export follows.

Run beside acids-rave, nn-tilde and cached-conv, all installed without their own requirements: what of these only
trains (pytorch_lightning, torchaudio ...) is given as empty modules, and what SciPy has renamed is named as before.
"""

import sys
import types
from functools import wraps
from pathlib import Path

import torch
from torch import nn

SEED = 7


class Anything:
    """Stands for whatever training would need."""

    def __init__(self, *arguments, **options):
        pass

    def __getattr__(self, name):
        return Anything()

    def __call__(self, *arguments, **options):
        return Anything()


def anything(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Anything


def stand_in(name, **members):
    """An importable module in which every name is there."""
    module = types.ModuleType(name)
    module.__getattr__ = anything
    vars(module).update(members)
    sys.modules[name] = module
    parent, _, own = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, module)


def prepare():
    """Make `import rave` work."""
    import scipy.optimize
    import scipy.signal

    fmin = scipy.optimize.fmin
    scipy.optimize.fmin = lambda function, start, **how: fmin(lambda x: function(x.item()), start, **how)
    scipy.signal.kaiser = scipy.signal.windows.kaiser
    firwin = scipy.signal.firwin

    @wraps(firwin)
    def firwin_of_old(*arguments, nyq=None, **options):
        return firwin(*arguments, **({"fs": 2 * nyq} if nyq else {}), **options)

    scipy.signal.firwin = firwin_of_old
    stand_in("pytorch_lightning", LightningModule=nn.Module, Callback=object, __path__=[])
    for name in ("trainer", "trainer.states", "callbacks", "loggers"):
        stand_in(f"pytorch_lightning.{name}", __path__=[])
    stand_in("torchaudio", __path__=[])
    stand_in("torchaudio.transforms", Spectrogram=nn.Identity)
    for name in ("lmdb", "GPUtil", "udls", "udls.generated", "udls.transforms", "requests", "tqdm"):
        stand_in(name, __path__=[])


def reparametrize(self, z):
    """As the encoder's own method, with nothing random."""
    mean, _ = z.chunk(2, 1)
    return mean, torch.zeros(1)


def main(*words):
    prepare()
    words, export = list(words), []
    for word in [*words, ","]:
        if word == ",":
            make(*export)
            export = []
        else:
            export.append(word)


def make(configuration, latents, file, *options):
    """Export one model."""
    import cached_conv
    import gin

    gin.clear_config()
    cached_conv.use_cached_conv("streaming" in options)
    import rave
    from scripts import export

    torch.manual_seed(SEED)
    gin.parse_config_files_and_bindings(
        [f"{part}.gin" for part in configuration.split("+")], [option for option in options if "=" in option]
    )
    if "plain" in options:
        rave.blocks.VariationalEncoder.reparametrize = reparametrize
    channels = 2 if "stereo" in options else 1
    pretrained = rave.RAVE(n_channels=channels).eval()
    fidelity = torch.linspace(0, 1, len(pretrained.fidelity)) ** 0.01
    fidelity[: int(latents) - 1] = 0  # the first latent above the threshold decides how many are kept
    pretrained.fidelity.copy_(fidelity)
    pretrained.latent_pca.copy_(torch.linalg.qr(torch.randn_like(pretrained.latent_pca))[0])
    with torch.no_grad():
        for module in pretrained.modules():
            if hasattr(module, "embed"):
                module.embed.normal_(0, 0.1)
            if hasattr(module, "weight_g"):
                nn.utils.remove_weight_norm(module)
        kind = type(pretrained.encoder).__name__.removesuffix("Encoder")
        scripted = getattr(export, f"{kind}ScriptedRAVE")(pretrained=pretrained)
        scripted.is_using_adain = "adapts" in options
        zeros = torch.zeros(1, pretrained.n_channels, 1 << 14)
        scripted.decode(scripted.encode(zeros))
        scripted.export_to_ts(str(Path(file).resolve()))


if __name__ == "__main__":
    main(*sys.argv[1:])
