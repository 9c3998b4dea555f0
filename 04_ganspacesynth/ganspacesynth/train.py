"""Compute the principal components of a GANSynth's layer.

    setup/dlwa train ganspace CHECKPOINT [--layer conv0] [--samples 8192] [--components 64]

Writes CHECKPOINT/LAYER.npz, which the patches of day 4 find by themselves.
"""

import argparse
import sys
from pathlib import Path

from gansynth.model import load
from modelfiles.errors import UserError

from .fitting import fit


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="dlwa train ganspace", description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path, help="folder of a GANSynth model")
    parser.add_argument(
        "--layer", default="conv0", help="conv0 or conv1 of the first block, conv0_2 ... of others"
    )
    parser.add_argument("--samples", type=int, default=8192, help="random points to look at (default: 8192)")
    parser.add_argument("--components", type=int, default=64, help="directions to compute (default: 64)")
    parser.add_argument("--pitch", type=int, help="MIDI pitch to look at (default: the middle one)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="file to write (default: LAYER.npz in the model's folder)")
    parser.add_argument("--pickle", action="store_true", help="write the original's pickle instead")
    options = parser.parse_args(arguments)
    suffix = ".pickle" if options.pickle else ".npz"
    out = options.out or options.checkpoint / f"{options.layer}{suffix}"

    def tell(fraction, text):
        if sys.stdout.isatty():
            print(f"\r{fraction:4.0%} {text:40}", end="", flush=True)

    try:
        components = fit(
            load(options.checkpoint),
            layer=options.layer,
            samples=options.samples,
            components=options.components,
            pitch=options.pitch,
            seed=options.seed,
            tell=tell,
        )
    except (UserError, OSError) as error:
        sys.exit(f"train ganspace: {error}")
    if sys.stdout.isatty():
        print("\r", end="")
    components.write(out.with_suffix(suffix))
    explained = components.var_ratio.sum()
    print(f"{out.with_suffix(suffix)}: {components.count} components, {explained:.0%} of the variance")


if __name__ == "__main__":
    main()
