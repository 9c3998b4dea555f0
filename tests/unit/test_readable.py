"""Which folders a worker may read for a model: pdworker.host.readable."""

import pytest
from pdworker.host.readable import places
from pdworker.rights import Rights


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("store/violin", "Downloads", "blobs"):
        tmp_path.joinpath(name).mkdir(parents=True)
    for name in (
        "store/one.mag",
        "Downloads/two.mag",
        "Downloads/letter.txt",
        "blobs/1",
        "x.safetensors",
        "secret",
    ):
        tmp_path.joinpath(name).write_bytes(b"")
    (tmp_path / "x.config.json").write_bytes(b"")
    return tmp_path


def read(home, name, *folders):
    return {path.removeprefix(f"{home}/") for path in places(name, [home / folder for folder in folders])}


def test_the_folders_in_which_a_name_is_looked_for(home):
    assert read(home, "one", "store") == {"store"}
    assert read(home, "", "store", "Downloads") == {"store", "Downloads"}


@pytest.mark.parametrize("name", ["~/Downloads/two.mag", "../Downloads/two", "{home}/Downloads/two.mag"])
def test_the_folder_of_a_file_that_is_named(home, name):
    folders = {path.replace("store/../", "") for path in read(home, name.format(home=home), "store")}
    assert folders == {"store", "Downloads"}


def test_of_the_home_only_what_has_the_models_name(home):
    assert read(home, "x", "") == {"x.safetensors", "x.config.json"}
    assert read(home, "~/x.safetensors", "store") == {"store", "x.safetensors", "x.config.json"}
    assert read(home, "~", "store") == {"store"}
    assert read(home, str(home.parent), "store") == {"store"}


def test_links_lead_to_what_they_name(home):
    (home / "store/violin/weights").symlink_to(home / "blobs/1")
    (home / "store/linked.mag").symlink_to(home / "Downloads/two.mag")
    assert read(home, "violin", "store") == {"store", "store/violin", "blobs/1"}
    assert read(home, "linked", "store") == {"store", "Downloads/two.mag"}


def test_rights_that_do_for_others():
    one, two = Rights(readable=("/a",), writable=()), Rights(readable=("/a", "/b"), writable=())
    assert two.covers(one) and not one.covers(two)
    assert not one.covers(Rights()) and not Rights(readable=("/a",), writable=("/c",)).covers(one)
    assert not one.covers(Rights(readable=("/a",), writable=(), trusted=True))
    assert Rights.from_text(two.to_text()) == two
