"""From the name that somebody typed to a checkpoint, and to the newest one of a training."""

import pytest
from modelfiles.errors import UserError
from modelfiles.finding import find, latest


def test_find_looks_in_the_order_of_the_folders(tmp_path):
    patch, course = tmp_path / "my patch", tmp_path / "checkpoints"
    for folder in (patch, course):
        folder.mkdir()
        (folder / "rnn.mag").touch()
    (course / "other.mag").touch()
    assert find("rnn", [patch, course], (".mag",)) == patch / "rnn.mag"
    assert find("other.mag", [patch, course], (".mag",)) == course / "other.mag"
    assert find("my patch/rnn", [course, tmp_path], (".mag",)) == patch / "rnn.mag"
    assert find(str(course / "rnn.mag"), [patch], (".mag",)) == course / "rnn.mag"


def test_the_folder_of_a_training_is_the_model_in_it(tmp_path):
    run = tmp_path / "my.run"
    run.mkdir()
    (run / "run.json").touch()
    assert find(run, [tmp_path], (".mag",)) == run  # it has no model yet, or is one itself
    (run / "my.run.mag").touch()
    assert find(run, [tmp_path], (".mag",)) == find("my.run", [tmp_path], (".mag",)) == run / "my.run.mag"
    (tmp_path / "link").symlink_to(run)
    assert find("link", [tmp_path], (".mag",)).resolve() == run / "my.run.mag"
    (run / "my.run").mkdir()  # a model that is a folder
    assert find(run, [tmp_path]) == run / "my.run"
    (run / "run.json").unlink()
    assert find(run, [tmp_path]) == run


def test_find_takes_the_successor_of_what_was_renamed(tmp_path):
    (tmp_path / "starter_new").mkdir()
    (tmp_path / "renamed.json").write_text('{"starter": "starter_new", "lost": "gone"}')
    assert find("starter", [tmp_path / "empty", tmp_path]) == tmp_path / "starter_new"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "starter").mkdir()
    assert find("starter", [tmp_path / "own", tmp_path]) == tmp_path / "own" / "starter"
    with pytest.raises(UserError, match="no checkpoint 'gone'"):
        find("lost", [tmp_path])


@pytest.mark.parametrize(
    "names", ['{"a": "b", "b": "a"}', '{"a": "a"}', '{"a": 1}', "[1]", "no JSON", "[" * 9999]
)
def test_whatever_lies_beside_a_strangers_patch_a_name_is_found_or_told(tmp_path, names):
    for file in ("renamed.json", "registry.json"):
        (tmp_path / file).write_text(names)
    with pytest.raises(UserError, match="no checkpoint"):
        find("a", [tmp_path])


def test_find_says_first_how_to_get_what_is_an_official_download(tmp_path):
    (tmp_path / "registry.json").write_text(
        '[{"name": "far", "url": "https://a"}, {"name": "own", "url": null}, 3, {"url": 1}]'
    )
    with pytest.raises(UserError) as caught:
        find("far", [tmp_path / "nowhere", tmp_path])
    assert (
        caught.value.brief == "far is not on this computer - run setup/dlwa checkpoints get far in a terminal"
    )
    for name in ("own", "other"):
        with pytest.raises(UserError, match=f"there is no checkpoint '{name}'"):
            find(name, [tmp_path])


def test_find_names_what_there_is(tmp_path):
    (tmp_path / "rnn.mag").touch()
    with pytest.raises(UserError, match="no checkpoint 'rmn'") as caught:
        find("rmn", [tmp_path], (".mag",))
    assert "rnn.mag" in caught.value.hint
    with pytest.raises(UserError, match="no checkpoint was named"):
        find("", [tmp_path], (".mag",))


def test_find_names_each_place_once_and_short(tmp_path):
    with pytest.raises(UserError) as caught:
        find("lost", [tmp_path, tmp_path / "a/../b/..", tmp_path / "c"])
    assert caught.value.brief.endswith(f"looked for in {tmp_path}, {tmp_path}/c")


def test_latest_counts_steps_as_numbers(tmp_path):
    for step in (999, 1000):
        (tmp_path / f"ckpt-{step}.index").touch()
    assert latest(tmp_path) == tmp_path / "ckpt-1000"


def test_latest_believes_the_state_file_wherever_the_folder_has_moved(tmp_path):
    for step in (1, 2):
        (tmp_path / f"ckpt-{step}.index").touch()
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/old/place/ckpt-1"\n')
    assert latest(tmp_path) == tmp_path / "ckpt-1"
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/old/place/ckpt-9"\n')
    assert latest(tmp_path) == tmp_path / "ckpt-2"
