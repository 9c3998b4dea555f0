"""List, download, verify, add and pin checkpoints (trained networks).

Downloads go to the user's own folder, go on where they were cut, and count only when their SHA-256 is right.
"""

import json
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import human_size, only_one_at_a_time, say
from dlwakit.base.files import content, copy_all
from dlwakit.course import registry
from dlwakit.course.bucket import fetch_folder, is_listing
from dlwakit.course.download import fetch
from dlwakit.course.kinds import complaint

ENDINGS = (".mag", ".zip", ".ts", ".safetensors", ".npz", ".pickle")  # of what the days load
PARTS_OF_MODELS = ("*.index", "*.gin", "experiment.json", "*.ckpt", "*.npz", "*.safetensors")


def add_arguments(parser):
    """list, get NAME ..., verify, add PATH, pin [NAME ...]."""
    actions = parser.add_subparsers(title="actions", metavar="list | get | verify | add | pin", required=True)
    listing = actions.add_parser("list", help="what there is: source, licence, size, whether it is here")
    listing.add_argument("--json", action="store_true", help="print JSON instead of lines")
    listing.set_defaults(action=_list)
    get = actions.add_parser("get", help="download official checkpoints")
    get.add_argument("names", metavar="NAME", nargs="+")
    get.set_defaults(action=_get)
    verify = actions.add_parser("verify", help="compare all that is here with its SHA-256")
    verify.set_defaults(action=_verify)
    add = actions.add_parser("add", help="copy a checkpoint of your own to where the patches find it by name")
    add.add_argument("path", metavar="PATH", type=_file)
    add.add_argument("--replace", action="store_true", help="take the place of another file of that name")
    add.set_defaults(action=_add)
    pin = actions.add_parser("pin", help="write sizes and SHA-256 of downloads into the registry")
    pin.add_argument("names", metavar="NAME", nargs="*", help="default: all that have no SHA-256 there")
    pin.set_defaults(action=_pin)


def run(args):
    """Do the chosen action."""
    return args.action(args)


def _file(text):
    return Path(text).expanduser()


def _facts(entry):
    return {
        "name": entry.name,
        "kind": entry.kind,
        "day": entry.day,
        "state": registry.state(entry),
        "bytes": content(entry.path)[0] if entry.path.exists() else entry.bytes,
        "licence": entry.licence,
        "source": entry.url or str(entry.path),
        "path": str(entry.path),
        "sha256": registry.expected(entry)[0],
    }


def _list(args):
    """Print what there is."""
    facts = [_facts(entry) for entry in registry.entries()]
    if args.json:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
        return 0
    for one in facts:
        size = human_size(one["bytes"]) if one["bytes"] is not None else "size unknown"
        say(
            f"{one['name']}  ({one['kind']}{', ' + one['day'] if one['day'] else ''}): {one['state']}, {size}"
        )
        say(f"    {one['source']}")
        say(f"    licence: {one['licence']}; SHA-256 {one['sha256'] or 'not published'}")
    if not facts:
        say("There are no checkpoints yet.")
    return 0


def _get(args):
    """Download each; all names are looked up before the first byte is fetched."""
    entries = [registry.find(name, "official") for name in args.names]
    with only_one_at_a_time(registry.user_folder()):
        for entry in entries:
            if registry.state(entry) == "ok":
                say(f"{entry.name}: already here, {entry.path}")
            else:
                _get_one(entry)
    return 0


def _get_one(entry):
    """Download one checkpoint, and record its sum."""
    wanted, known_from = registry.expected(entry)
    say(f"{entry.name}: {entry.url}")
    say(f"  licence: {entry.licence}")
    if is_listing(entry.url):
        fetch_folder(entry.url, entry.path, digest=wanted)
    else:
        fetch(entry.url, entry.path, entry.bytes, wanted)
    size, found = content(entry.path)
    registry.record(entry.path.name, kind="official", sha256=found, url=entry.url)
    if wanted:
        say(f"  SHA-256 {found}, as {known_from} has it")
    else:
        say(f"  SHA-256 {found}")
        say(
            "  Its publisher gives no SHA-256, so nothing proves that this is the right file; "
            "from now on it is compared with this one."
        )
    say(f"  {entry.path}, {human_size(size)}")


def _verify(args):
    """Compare everything that is here; 1 if something is damaged."""
    damaged = 0
    for entry in registry.entries():
        state = registry.state(entry)
        if state == "not here" and entry.kind == "official":
            continue
        known_from = registry.expected(entry)[1]
        say(
            f"{state:10}  {entry.name}  {entry.path}"
            + (f"  (compared with {known_from})" if known_from else "")
        )
        damaged += state in ("damaged", "not here")
    if damaged:
        raise UserError(
            "checkpoint",
            f"{damaged} checkpoints are damaged or missing",
            "Official ones: setup/dlwa checkpoints get NAME; starters: git checkout -- NN_day/checkpoints",
        )
    return 0


def _add(args):
    """Copy a file or a folder under a temporary name, then rename it; a second time changes nothing."""
    source = args.path.resolve()
    if not source.exists():
        raise UserError("checkpoint", f"there is no file or folder {source}")
    _check_kind(source)
    parts = [source, *_companions(source)]
    targets = [registry.user_folder() / part.name for part in parts]
    changed = [
        (part, target)
        for part, target in zip(parts, targets)
        if not target.exists() or content(target)[1] != content(part)[1]
    ]
    for _, target in changed:
        if target.exists() and not args.replace:
            raise UserError(
                "state", f"there is another checkpoint {target}", "Rename yours, or say --replace."
            )
    if changed:
        copy_all(list(zip(parts, targets)))
    size, digest = content(targets[0])
    registry.record(targets[0].name, kind="own", sha256=digest)
    say(f"{source.stem}: {targets[0]}, {human_size(size)}")
    for target in targets[1:]:
        say(f"  with {target.name}")
    say(f"In a patch: load --checkpoint {source.stem}")
    return 0


def _check_kind(source):
    """Raise UserError for what no day loads."""
    if source.is_dir():
        known = any(path.match(pattern) for path in source.rglob("*") for pattern in PARTS_OF_MODELS)
        why = "" if known else "nothing in this folder is a model's"
    elif source.suffix not in ENDINGS:
        why = f"no day loads a {source.suffix or 'file without ending'}: they load {' '.join(ENDINGS)}, and folders"
    else:
        why = complaint(source, source.name)
    if why:
        raise UserError("checkpoint", f"{source} is no checkpoint: {why}")


def _companions(source):
    """The files beside a model that belong to it."""
    beside = (source.with_name(source.stem + ending) for ending in (".config.json", ".prior.safetensors"))
    return [] if source.is_dir() else [path for path in beside if path.is_file()]


def _pin(args):
    """Put what downloads are into the registries; what is not here is downloaded first."""
    entries = [registry.find(name, "official") for name in args.names]
    if not args.names:
        entries = [entry for entry in registry.entries() if entry.kind == "official" and not entry.sha256]
    with only_one_at_a_time(registry.user_folder()):
        for entry in entries:
            if registry.state(entry) == "not here":
                _get_one(entry)
            if registry.state(entry) == "damaged":
                raise UserError("checkpoint", f"{entry.path} is damaged", "Delete it, and pin it again.")
            size, digest = content(entry.path)
            file = registry.pin(entry, size, digest)
            say(f"{entry.name}: {size} bytes, SHA-256 {digest}, in {file}")
    if not entries:
        say("The registries have the SHA-256 of everything.")
    return 0
