"""The sounds of a collection: which they are, and what is wrong with them. Runs in the worker process."""

import json
import os
import unicodedata
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from dlwakit.training import sources
from modelfiles.errors import UserError
from modelfiles.overview import overview
from modelfiles.sounds import find_sounds, open_sound, write_sound

from .melodies import is_melody, look_at

TABLE = "sounds.json"
RECORDINGS = "recordings"
LINKS = "used"  # folder of links to the sounds that are used, which the data set is made of
RECORDED = "recorded in the patch"  # where a recording comes from
COLUMNS = 48  # of a sound's picture
GRAIN = 64  # samples of which the picture keeps the lowest and the highest
SHORTEST_S, QUIETEST, FULL, CLIPPED = 0.2, 0.01, 0.999, 1e-4


@dataclass
class Sound:
    """One file of a collection.

    Attributes
    ----------
    path : str
    used : bool
        Whether it is trained on.
    seconds : float
    fault : str
        What is wrong with it, in a few words, or "".
    roll : list of float
        Its picture, as `picture` gives it; [] where it cannot be read.
    """

    path: str
    used: bool = True
    seconds: float = 0.0
    fault: str = ""
    roll: list = field(default_factory=list)


class Collection:
    """The sounds that a model is trained on; its table lies in `folder` and is written at each change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.sounds = [Sound(**row) for row in self._read()]
        _examine([sound for sound in self.sounds if not (sound.roll or sound.fault)])  # of an older table

    def _read(self) -> list[dict]:
        try:
            return json.loads((self.folder / TABLE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []

    def _write(self) -> None:
        part = self.folder / f".{TABLE}"
        part.write_text(json.dumps([asdict(sound) for sound in self.sounds], indent=1), encoding="utf-8")
        part.replace(self.folder / TABLE)

    def add(self, path: Path) -> list[Sound]:
        """Add a sound or all sounds of a folder, without those that are there; return what is new.

        Raises
        ------
        UserError
            There is no such file or folder, or nothing in it that can be read.
        """
        known = {sound.path for sound in self.sounds}
        new = [Sound(str(each)) for each in _files(path) if str(each) not in known]
        _examine(new)
        self.sounds += new
        self._write()
        return new

    def record(self, samples: np.ndarray, rate: float) -> Sound:
        """Keep a recording, float32 (n,), and add it."""
        folder = self.folder / RECORDINGS
        folder.mkdir(exist_ok=True)
        number = 1 + sum(1 for _ in folder.glob("*.wav"))
        path = folder / f"recording-{number:02d}.wav"
        write_sound(path, np.clip(samples, -1, 1), rate)
        return self.add(path)[0]

    def use(self, index: int, used: bool) -> None:
        """Train on a sound or leave it out. Raises UserError where there is no such sound."""
        self.sound(index).used = used
        self._write()

    def sound(self, index: int) -> Sound:
        """The sound with this number, from 0. Raises UserError where there is none."""
        if not 0 <= index < len(self.sounds):
            raise UserError("input", f"there is no sound {index + 1}, only {len(self.sounds)}")
        return self.sounds[index]

    def clear(self) -> None:
        """Forget all sounds; the files stay."""
        self.sounds = []
        self._write()

    def signature(self) -> str:
        """What tells two states of the collection apart: a line for each sound that is used."""
        used = sorted(Path(sound.path) for sound in self.sounds if sound.used)
        return "".join(f"{path} {path.stat().st_size}\n" for path in used if path.exists())

    def link(self) -> Path:
        """A folder with links to the sounds that are used. Raises UserError where none is."""
        folder = self.folder / LINKS
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        used = [sound for sound in self.sounds if sound.used and Path(sound.path).exists()]
        if not used:
            raise UserError("input", "there is no sound to learn from", "record some, or open a folder")
        linked = {}
        for number, sound in enumerate(used):
            path = Path(sound.path).resolve()
            linked[f"{number:03d}-{path.name}"] = sound
            os.symlink(path, folder / f"{number:03d}-{path.name}")
        table = self._whose()
        sources.write(folder, {name: table[_name(sound)] for name, sound in linked.items()})
        return folder

    def _whose(self) -> dict:
        """Write the table of whose sounds they are, filled with what it, and those beside the sounds, say."""
        stated = sources.read(self.folder)
        for sound in self.sounds:
            beside = sources.read(Path(sound.path).parent).get(_name(sound), {})
            recorded = {"source": RECORDED} if Path(sound.path).parent == self.folder / RECORDINGS else {}
            before = stated.get(_name(sound), {})
            stated[_name(sound)] = {
                column: before.get(column) or beside.get(column) or recorded.get(column, "")
                for column in sources.COLUMNS[1:]
            }
        sources.write(self.folder, stated)
        return stated


def picture(sound: Sound) -> np.ndarray:
    """A sound as a line, float32 [2 * COLUMNS]: the lowest and highest sample of each column; a melody's pitches."""
    return np.asarray(sound.roll or np.zeros(2 * COLUMNS), np.float32)


def _files(path: Path) -> list[Path]:
    if is_melody(path) and path.is_file():
        return [path]
    if path.is_dir():
        melodies = sorted(each for each in path.rglob("*") if is_melody(each) and not _is_hidden(each, path))
        if melodies:
            return melodies
    return find_sounds(path)


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _name(sound: Sound) -> str:
    return unicodedata.normalize("NFC", Path(sound.path).name)


def _examine(sounds: list[Sound]) -> None:
    """Find out how long sounds are and what is wrong with them; what cannot be read is not used."""
    melodies = [sound for sound in sounds if is_melody(Path(sound.path))]
    for sound, found in zip(melodies, look_at([Path(sound.path) for sound in melodies])):
        sound.seconds, sound.fault, sound.roll = found["seconds"], found["fault"], found["picture"]
        sound.used = not sound.fault
    for sound in sounds:
        if not is_melody(Path(sound.path)):
            _listen(sound)


def _listen(sound: Sound) -> None:
    path = Path(sound.path)
    try:
        sound.seconds, peak, clipped, sound.roll = _heard(path)
    except UserError as error:
        sound.fault, sound.used = error.message.replace(str(path), "it"), False
        return
    if not np.isfinite(peak) or peak < QUIETEST:
        sound.fault, sound.used = "silent", False
    elif sound.seconds < SHORTEST_S:
        sound.fault, sound.used = "too short", False
    elif clipped > CLIPPED:
        sound.fault = "clipped"


def _heard(path: Path) -> tuple[float, float, float, list[float]]:
    """(seconds, peak, share of samples at full scale, picture) of a sound, read block by block. Raises UserError."""
    count, peak, full, edges = 0, 0.0, 0, [np.zeros(0, np.float32)]
    with open_sound(path) as (rate, blocks):
        for block in blocks:
            size = np.abs(block)
            count, full = count + len(block), full + int((size >= FULL).sum())
            peak = float(np.maximum(peak, size.max(initial=0)))
            edges.append(overview(block, -(-len(block) // GRAIN)))
    drawn = overview(np.concatenate(edges), COLUMNS)
    return round(count / rate, 2), peak, full / max(count, 1), np.round(drawn, 3).tolist()
