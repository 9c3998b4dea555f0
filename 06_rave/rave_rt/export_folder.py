"""Put a RAVE model into a folder that plays elsewhere. Runs on the command line.

    setup/dlwa export rave CHECKPOINT FOLDER [--names WORD,WORD,...]

CHECKPOINT is a name or a .ts file. FOLDER, which must be new or empty, gets

    NAME.ts             the model, for nn~ and for day 6
    NAME.safetensors    its weights by name, as numbers
    NAME.json           rate in Hz, methods with channels and ratios, attributes, layers, names of the latents
    NAME.pd             a patch for day 6: encode, a slider for each latent, decode
    NAME-nn.pd          the same for nn~
    NAME.prior.safetensors    its prior, where one lies beside it
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

from modelfiles.errors import UserError
from modelfiles.torchscript import read_weights
from safetensors.numpy import save_file

from .engine.opening import open_model
from .engine.torchscript import Model
from .engine.weights import bending_of
from .latent_patch import latent_patch
from .prior_files import find_prior
from .training.warm import model_path

DAY = Path(__file__).resolve().parents[1]
BUFFER = 4096  # of the patches


def export(checkpoint, folder, names=()):
    """Write the folder; returns the files in it.

    names: words for the first latents; `latent N` for those without one. Raises UserError where the folder holds
    something, or the model has no encode and decode.
    """
    path, folder = model_path(checkpoint), Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise UserError("input", f"there is something in {folder}", "name a new folder")
    module, reason = open_model(path)
    model = Model(module)
    if not {"encode", "decode"} <= set(model.methods):
        raise UserError(
            "checkpoint", f"{path.name} has no encode and decode, only {', '.join(model.methods)}"
        )
    decode = model.methods["decode"]
    labels = [*names[: decode.inputs], *(f"latent {i + 1}" for i in range(len(names), decode.inputs))]
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, folder / f"{path.stem}.ts")
    prior = find_prior(path, None, [path.parent])
    if prior is not None:
        shutil.copyfile(prior, folder / f"{path.stem}.prior.safetensors")
    save_file(read_weights(path), folder / f"{path.stem}.safetensors", {"model": path.stem})
    facts = {
        "name": path.stem,
        "rate": model.rate,
        "methods": {name: vars(method) for name, method in model.methods.items()},
        "attributes": model.attributes,
        "latents": labels,
        "layers": bending_of(module).describe(),
        "program": reason,
    }
    (folder / f"{path.stem}.json").write_text(json.dumps(facts, indent=2) + "\n")
    ours = [f"rave~ {path.stem} {name} {BUFFER} {inputs} {outputs}" for name, inputs, outputs in sides(model)]
    theirs = [f"nn~ {path.stem} {name} {BUFFER}" for name, *_ in sides(model)]
    declared = f"-path {escaped(DAY)} -path pyext -lib py"
    for ending, boxes, declare in (("", ours, declared), ("-nn", theirs, "")):
        patch = latent_patch(path.stem, boxes, labels, sides(model), declare)
        (folder / f"{path.stem}{ending}.pd").write_text(patch)
    return sorted(folder.iterdir())


def sides(model):
    """[(method, inputs, outputs)] of encode and decode."""
    methods = (model.methods[name] for name in ("encode", "decode"))
    return [(method.name, method.inputs, method.outputs) for method in methods]


def escaped(path):
    """A path as a .pd file writes it."""
    return str(path).replace(" ", "\\ ")


def main(arguments=None):
    """Run the program; returns its exit status."""
    about = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("setup/dlwa export rave", description=__doc__, formatter_class=about)
    parser.add_argument("checkpoint", metavar="CHECKPOINT")
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--names", default="", help="words for the latents, the first one's first")
    given = parser.parse_args(arguments)
    names = [word.strip() for word in given.names.split(",") if word.strip()]
    try:
        files = export(given.checkpoint, given.folder, names)
    except UserError as error:
        print(f"rave: {error.message}" + (f" - {error.hint}" if error.hint else ""), file=sys.stderr)
        return 1
    for file in files:
        print(f"{file.stat().st_size:>10} bytes  {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
