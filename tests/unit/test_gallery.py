"""`setup/dlwa gallery`: a class's page from everybody's folders."""

import re

import numpy as np
import pytest
import soundfile
from dlwakit.cli import gallery as command
from dlwakit.takes.gallery import SHOWN, write
from modelfiles.errors import UserError


def person(folder, sounds=1):
    (folder / "run/checkpoints").mkdir(parents=True)
    for number in range(sounds):
        soundfile.write(folder / f"a & {number}.wav", np.zeros(800), 8000)
    soundfile.write(folder / "run/checkpoints/no.wav", np.zeros(8), 8000)
    (folder / "run/MODEL_CARD.draft.md").write_text("# My <model>\n")
    (folder / "run/report.html").write_text("<p>curves")
    (folder / "link.wav").symlink_to("/etc/hostname")
    return folder


def test_it_shows_sounds_cards_and_trainings_of_each(tmp_path):
    people = [person(tmp_path / "Ada <3"), person(tmp_path / "Grete", SHOWN + 5)]
    page = write(tmp_path / "page", people)
    text = page.read_text()
    assert re.findall("<h2>(.*?)</h2>", text) == ["Ada &lt;3", "Grete"]
    assert text.count("<audio") == 1 + SHOWN and text.count("My &lt;model&gt;") == 2
    linked = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(linked) == len(set(linked)) == 1 + SHOWN + 2
    for address in linked:
        assert (page.parent / address.replace("%20", " ").replace("%26", "&")).is_file(), address


def test_it_is_made_anew_but_never_over_other_things(tmp_path):
    write(tmp_path / "page", [person(tmp_path / "Ada")])
    (tmp_path / "empty").mkdir()
    assert "nothing to show" in write(tmp_path / "page", [tmp_path / "empty"]).read_text()
    with pytest.raises(UserError, match="other things"):
        write(tmp_path / "Ada", [tmp_path / "empty"])
    assert (tmp_path / "Ada/link.wav").is_symlink()
    with pytest.raises(UserError, match="no folder"):
        write(tmp_path / "page", [tmp_path / "nobody"])


def test_the_command_opens_it(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(command.webbrowser, "open", opened.append)
    words = {"target": tmp_path / "page", "folders": [person(tmp_path / "Ada")], "no_browser": False}
    assert command.run(type("Args", (), words)) == 0
    assert opened == [(tmp_path / "page/index.html").as_uri()]
