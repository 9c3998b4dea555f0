"""Compute the principal components of a GANSynth's layer. Runs on the command line.

    setup/dlwa train ganspace CHECKPOINT [--layer conv0] [--samples 8192] [--components 64]

Writes LAYER.npz into the model's folder, where the patches of day 4 find it by themselves.
"""

import sys

import gansynth
import torch
from dlwakit.training.options import ALL_CORES, Parser, find_checkpoint, path
from gansynth.model import load

from .fitting import fit


def parse_arguments(arguments):
    """The options of a command line."""
    parser = Parser("train", "ganspace", __doc__)
    add = parser.add_argument
    add("checkpoint", metavar="CHECKPOINT", help="a GANSynth model: a name that patches know, or a folder")
    add(
        "--layer",
        default="conv0",
        help="conv0 or conv1 of the first block, conv0_2 ... of others (default: conv0)",
    )
    add(
        "--samples", metavar="N", type=int, default=8192, help="random points to compute from (default: 8192)"
    )
    add("--components", metavar="N", type=int, default=64, help="directions to compute (default: 64)")
    add("--pitch", metavar="N", type=int, help="MIDI pitch to compute at (default: the middle one)")
    add("--out", metavar="FILE", type=path, help="file to write (default: LAYER.npz in the model's folder)")
    add("--pickle", action="store_true", help="write the original's pickle instead")
    parser.add("--seed", 0)
    parser.add("--threads", ALL_CORES, "all")
    options = parser.parse(arguments)
    options.parser = parser
    return options


def compute(options):
    """Compute the components that the options mean, and write them. Raises UserError."""

    def tell(fraction, text):
        if sys.stdout.isatty():
            print(f"\r{fraction:4.0%} {text:40}", end="", flush=True)

    folder = find_checkpoint(options.checkpoint, gansynth.__file__)
    suffix = ".pickle" if options.pickle else ".npz"
    file = (options.out or folder / options.layer).with_suffix(suffix)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    components = fit(
        load(folder),
        layer=options.layer,
        samples=options.samples,
        components=options.components,
        pitch=options.pitch,
        seed=options.seed,
        tell=tell,
    )
    if sys.stdout.isatty():
        print("\r", end="")
    components.write(file)
    print(f"{file}: {components.count} components, {components.var_ratio.sum():.0%} of the variance")


def main(arguments=None):
    """Run the program; returns its exit status."""
    options = parse_arguments(arguments)
    return options.parser.run(lambda: compute(options))


if __name__ == "__main__":
    sys.exit(main())
