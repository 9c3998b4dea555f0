"""Makes files that are to harm whoever opens them, by name; tests/faults/hostile_files.py opens them."""

import json
import os
import shutil
import struct
import wave
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LARGE = 6 << 30  # bytes of files with nothing in them, which take no room on the disk
FILES = {}  # {name: (what makes it at a path, the day whose reader it is for)}


def hostile(name, day):
    """Register what makes a file of this name in a folder, for the reader of a day."""

    def keep(make):
        FILES[name] = make, day
        return make

    return keep


def sparse(path, start=b""):
    """A file that begins so, and then holds gigabytes of nothing."""
    path.write_bytes(start)
    with path.open("r+b") as file:
        file.truncate(LARGE)


def safetensors(path, header, data=b"", size=None):
    """A .safetensors file with this header, which may lie about its size."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if size is None else size) + text + data)


def starter(day, name):
    """A starter's file or folder."""
    return next(ROOT.glob(f"{day}*/checkpoints/{name}"))


# --- models ----------------------------------------------------------------------------------------------------


@hostile("endless.mag", "melody")
def endless_bundle(path):
    sparse(path, b"\x0a\x20")


@hostile("zero.mag", "melody")
def link_to_zeros(path):
    path.symlink_to("/dev/zero")


@hostile("pipe.mag", "melody")
def a_pipe(path):
    os.mkfifo(path)


@hostile("long index", "gansynth")
def long_index(path):
    shutil.copytree(starter("03", "starter_textures"), path)
    sparse(next(path.rglob("*.index")))


@hostile("long meta", "gansynth")
def long_meta(path):
    shutil.copytree(starter("03", "starter_textures"), path)
    sparse(path / "meta.json", b"{")


@hostile("deep experiment", "gansynth")
def deep_json(path):
    shutil.copytree(starter("03", "starter_textures"), path)
    (path / "experiment.json").write_text("[" * 1_000_000)


@hostile("wide experiment", "gansynth")
def wide_network(path):
    shutil.copytree(starter("03", "starter_textures"), path)
    facts = json.loads((path / "experiment.json").read_text())
    facts |= {"fmap_max": 10**9, "fmap_base": 10**12, "latent_vector_size": 10**9}
    (path / "experiment.json").write_text(json.dumps(facts))


@hostile("long gin", "ddsp")
def long_gin(path):
    shutil.copytree(starter("02", "starter_flute"), path)
    sparse(next(path.glob("*.gin")), b"# ")


@hostile("fast gin", "ddsp")
def fast_gin(path):
    shutil.copytree(starter("02", "starter_flute"), path)
    gin = next(path.glob("*.gin"))
    gin.write_text(
        gin.read_text() + f"\nHarmonic.sample_rate = {10**12}\nFilteredNoise.window_size = {10**12}\n"
    )


@hostile("deep gin", "ddsp")
def deep_gin(path):
    shutil.copytree(starter("02", "starter_flute"), path)
    next(path.glob("*.gin")).write_text("A.b = " + "(" * 200_000)


@hostile("colliding statistics", "ddsp")
def colliding_keys(path):
    shutil.copytree(starter("02", "starter_flute"), path)
    keys = ((number * (2**61 - 1)).to_bytes(10, "little") for number in range(200_000))  # all of one hash
    items = b"".join(b"\x8a\x0a" + key + b"N" for key in keys)
    (path / "dataset_statistics.pkl").write_bytes(b"\x80\x02}(" + items + b"u.")


FOLDED = b"\x80\x02}K\x01" + b"2\x86" * 60 + b"Ns."  # a pair of the same pair, and so on, as a key


@hostile("folded statistics", "ddsp")
def folded_pickle(path):
    shutil.copytree(starter("02", "starter_flute"), path)
    (path / "dataset_statistics.pkl").write_bytes(FOLDED)


@hostile("deep statistics", "ddsp")
def deep_pickle(path):
    shutil.copytree(starter("02", "starter_flute"), path)
    (path / "dataset_statistics.pkl").write_bytes(b"\x80\x04" + b"]" * 500_000 + b"a" * 499_999 + b".")


@hostile("long header.safetensors", "samplernn")
def long_header(path):
    beside(path)
    safetensors(path, {}, size=2**62)


@hostile("many tensors.safetensors", "samplernn")
def many_tensors(path):
    beside(path)
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    safetensors(path, {str(number): empty for number in range(50_000)})


@hostile("huge shape.safetensors", "samplernn")
def huge_shape(path):
    beside(path)
    safetensors(path, {"a": {"dtype": "F32", "shape": [2**31, 2**31], "data_offsets": [0, 16]}}, bytes(16))


@hostile("long configuration.safetensors", "samplernn")
def long_configuration(path):
    shutil.copy(starter("05", "starter_beat.safetensors"), path)
    sparse(path.with_suffix(".config.json"), b"{")


def beside(path):
    """The configuration that belongs to a model of day 5."""
    shutil.copy(starter("05", "starter_beat.config.json"), path.with_suffix(".config.json"))


@hostile("endless ratio.safetensors", "prior")
def endless_prior(path):
    facts = {"latents": 10**9, "hidden": 10**9, "components": 10**9, "rate": 10**30, "ratio": 0}
    safetensors(path, {"__metadata__": {"prior": json.dumps(facts)}})


@hostile("many members.npz", "components")
def many_members(path):
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(50_000):
            archive.writestr(f"{number}.npy", b"")


@hostile("many members.ts", "rave")
def many_programs(path):
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(50_000):
            archive.writestr(f"a/code/{number}.py", b"")


@hostile("folded.ts", "modules")
def folded_program(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", FOLDED)


@hostile("bomb.ts", "rave")
def program_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/code/b.py", bytes(1 << 29))


# --- sounds, notes, points -------------------------------------------------------------------------------------


@hostile("many channels.wav", "sound")
def many_channels(path):
    kind = struct.pack("<HHIIHH", 3, 1024, 2**31 - 1, 0, 4096, 32)
    riff = b"RIFF" + struct.pack("<I", 2**31) + b"WAVE"
    path.write_bytes(riff + b"fmt " + struct.pack("<I", 16) + kind + b"data\xff\xff\xff\xff" + bytes(64))


@hostile("never ending.wav", "sound")
def never_ending(path):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    sparse(path, bytes(data))


@hostile("empty header.flac", "sound")
def flac_header(path):
    path.write_bytes(
        b"fLaC\x80\x00\x00\x22" + b"\x10\x00" * 2 + bytes(6) + b"\x0a\xc4\x42\xff" + b"\xff" * 20
    )


@hostile("slow.mid", "midi")
def slow_midi(path):
    track = b"".join(b"\xff\xff\xff\x7f\x90\x40\x40\xff\xff\xff\x7f\x80\x40\x40" for _ in range(60_000))
    head = b"MThd" + struct.pack(">IHHH", 6, 1, 1, 1)
    path.write_bytes(head + b"MTrk" + struct.pack(">I", len(track)) + track)


@hostile("many tracks.mid", "midi")
def many_tracks(path):
    track = b"MTrk" + struct.pack(">I", 4) + b"\x00\xff\x2f\x00"
    path.write_bytes(b"MThd" + struct.pack(">IHHH", 6, 1, 65535, 96) + track * 65535)


@hostile("laughs.musicxml", "melody file")
def entities(path):
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "ha">{levels}]><score-partwise>&e11;</score-partwise>'
    )


@hostile("secret.musicxml", "melody file")
def outside_entity(path):
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        "<score-partwise><part-name>&e;</part-name></score-partwise>"
    )


@hostile("bomb.mxl", "melody file")
def score_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", '<a><rootfile full-path="score.xml"/></a>')
        archive.writestr("score.xml", bytes(1 << 29))


@hostile("bomb beside.mxl", "melody file")
def container_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", bytes(1 << 29))


@hostile("laughs in 16 bits.musicxml", "melody file")
def wide_entities(path):
    entities(path)
    path.write_bytes(path.read_text().encode("utf-16"))


@hostile("long.abc", "melody file")
def long_tune(path):
    sparse(path, b"X:1\nK:C\n")


@hostile("long.mid", "melody file")
def long_midi(path):
    sparse(path, b"MThd")


@hostile("repeats.abc", "melody file")
def repeats(path):
    path.write_text(
        "X:1\nT:a\nM:4/4\nL:1/8\nK:C\n" + "|: " * 5000 + "C999999999 D1/0 E/0 (0:0:0ABC " + ":|" * 5000 + "\n"
    )


@hostile("point.txt", "point")
def long_point(path):
    sparse(path, b"1 ")
