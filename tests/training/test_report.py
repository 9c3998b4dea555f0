"""The report page and the profiles: what a student reads in them, and that the page needs nothing but itself."""

import base64
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
import report_in_browser
import soundfile
from ai_duet.training.settings import HEALTHY, NETWORKS
from dlwakit.training import profile
from dlwakit.training.history import History, read
from dlwakit.training.report import write
from matplotlib.image import imread
from modelfiles.errors import UserError

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """The elements of a page: [(tag, attributes)], and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.open = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data

    def sources(self, tag):
        return [attributes["src"] for name, attributes in self.elements if name == tag]


def content(uri, kind):
    head, _, body = uri.partition(",")
    assert head == f"data:{kind};base64"
    return base64.b64decode(body, validate=True)


@pytest.fixture(scope="session")
def trained(tmp_path_factory, toy):
    """A run of the toy training that is done."""
    place = tmp_path_factory.mktemp("report")
    program = toy("--run", place / "my <first> run", "--steps", 60)
    program["env"]["XDG_DATA_HOME"] = str(place)
    subprocess.run(**program, check=True, capture_output=True)
    return place / "my <first> run"


@pytest.fixture
def run_folder(trained, tmp_path):
    """A copy of it, which a test may change."""
    return shutil.copytree(trained, tmp_path / trained.name)


@pytest.mark.parametrize("state", ["", "{}", '{"step": 3}'])
def test_a_state_that_cannot_be_read_is_told_on_the_page(run_folder, state):
    (run_folder / "state.json").write_text(state)
    assert "how far it is could not be read from state.json" in Page(write(run_folder).read_text()).words


def test_the_page_holds_everything(run_folder):
    text = (run_folder / "report.html").read_text()
    page = Page(text)
    assert page.open == []
    assert not re.search(r"(src|href)=[\"'](?!data:)|url\(|@import|<script|<link", text)
    sounds = [content(uri, "audio/wav") for uri in page.sources("audio")]
    assert len(sounds) == 8
    for sound in sounds:
        samples, rate = soundfile.read(io.BytesIO(sound))
        assert (len(samples), rate) == (4000, 8000)
    assert sounds[-1] == (run_folder / "previews/000000060_preview.wav").read_bytes()
    pictures = [content(uri, "image/png") for uri in page.sources("img")]
    assert len(pictures) == 1 + 8
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    for words in (
        "my <first> run (toy)",
        "done at step 60 of 60",
        "Still learning",
        "'held_out' fell from",
        "noise0.1",
        "rate0.02",
        "numpy" + np.__version__,
        "[Whose sounds are these?",
    ):
        assert words in page.words, words


@pytest.mark.needs("chromium")
def test_a_browser_shows_the_page_and_plays_its_sounds(run_folder, tmp_path, capsys):
    picture = tmp_path / "page.png"
    assert report_in_browser.main(run_folder / "report.html", picture) == 0
    assert capsys.readouterr().out.splitlines() == ["played to the end, 0.50 s"] * 8
    verdict = (np.rint(255 * imread(picture)[..., :3]) == (235, 244, 252)).all(axis=2)
    assert verdict.sum() > 10000


def test_the_page_can_be_made_anew_from_a_folder_that_was_moved(run_folder, tmp_path):
    moved = run_folder.rename(tmp_path / "elsewhere")
    (moved / "report.html").unlink()
    page = Page(write(moved).read_text())
    assert "elsewhere (toy)" in page.words


def test_a_healthy_run_is_drawn_behind(run_folder):
    before = (run_folder / "report.html").read_bytes()
    (run_folder / "healthy.csv").write_text("step,held_out\n5,9\n30,1\n60,0.1\n")
    assert write(run_folder).read_bytes() != before
    assert "A healthy run had 0.1 by now" in (run_folder / "report.html").read_text()


@pytest.mark.parametrize("config", NETWORKS)
def test_there_is_a_healthy_run_of_each_melody_network(config):
    losses = [row["perplexity"] for row in read(HEALTHY / f"{config}.csv")]
    assert len(losses) > 9 and max(losses[-3:]) < losses[0]


def test_a_history_with_new_numbers_is_read_back(tmp_path):
    history = History(tmp_path / "history.csv")
    history.add({"step": 1, "seconds": 0.5, "a": 2.0})
    history.add({"step": 2, "seconds": 1.0, "a": 1.0, "b": 7.0})
    again = History(tmp_path / "history.csv")
    assert again.rows == history.rows
    assert (again.best("a")["step"], again.best("c"), again.seconds) == (2, None, 1.0)


@pytest.mark.parametrize("name", [path.stem for path in profile.FOLDER.glob("*.yml")])
def test_the_profiles_here_are_sound(name):
    assert profile.load(name).minutes >= 1


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("about: x\nminutes: [", "is not YAML in line 2"),
        ("- a\n- b", "made of lines 'name: value'"),
        ("about: x", "'minutes' is missing"),
        ("about: x\nminutes: soon", "'minutes' is 'soon', which is not a whole number"),
        ("about: x\nminutes: true", "'minutes' is True, which is not a whole number"),
        ("about: x\nminutes: 0", "'minutes' must be 1 or more"),
        ("about: x\nminutes: 5\npartition: gpu", "there is no setting 'partition'; there are about, minutes"),
        ("about: x\nminutes: 5\nsbatch: {time: 3}", "'sbatch' cannot have 'time'"),
        ("about: x\nminutes: 5\nsbatch: {'mem; rm': 3}", "'sbatch' cannot have 'mem; rm'"),
        ("about: x\nminutes: 5\nsbatch: {mem: [1, 2]}", "'mem' in 'sbatch' is not one value"),
        ("about: x\nminutes: 5\nsetup: [{a: b}]", "'setup' is a list of shell lines"),
        (b"\xff\xfe", "codec can't decode"),
    ],
)
def test_a_bad_profile_is_one_clear_line(tmp_path, text, complaint):
    path = tmp_path / "mine.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=re.escape(complaint)) as error:
        profile.load(str(path))
    assert str(path) in error.value.message
    assert len(error.value.message.splitlines()) == 1


def test_a_profile_that_is_not_there_gets_the_known_ones():
    with pytest.raises(UserError, match="there is no profile 'no'") as error:
        profile.load("no")
    assert "triton" in error.value.hint
