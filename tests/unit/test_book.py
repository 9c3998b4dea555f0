"""The book of lessons: how a lesson becomes a page, and the book as it is built, its links, its search, its sounds."""

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from dlwakit.book.build import build, is_current
from dlwakit.book.pages import Page, all_pages
from dlwakit.book.pdf import write_pdf
from dlwakit.book.sheets import PRINT, SLIDES
from dlwakit.book.source import Source, folded, indented
from dlwakit.cli import lesson
from modelfiles.errors import UserError
from pdworker.host.sandbox import obstacle
from support.course_copy import ROOT
from support.tools import cannot, need

PAGES = all_pages(ROOT)
SEARCH = """<script>
setTimeout(async () => {
  const shadow = () => [...document.querySelectorAll("*")].find(one => one.shadowRoot)?.shadowRoot;
  const until = async (what) => { while (!what()) await new Promise(next => setTimeout(next, 100)); return what(); };
  document.querySelector(".md-search__button").click();
  const field = await until(() => shadow()?.querySelector("input"));
  const event = () => new Event("input", {bubbles: true, composed: true});
  const type = () => { field.value = "vanishing"; field.dispatchEvent(event()); };
  const found = await until(() => { type(); return shadow().querySelector("ol a, li a"); });
  document.body.append(Object.assign(document.createElement("pre"), {id: "found", textContent: found.href}));
}, 500);
</script>"""

FOUND = r'<pre id="found">file://\S+/index.html'
TOLD = """<script>
const tell = (text) => {
  const told = Object.assign(document.createElement("pre"), {className: "told", textContent: text});
  document.body.append(told);
};
const press = (text) => [...document.querySelectorAll(".touch button")].find((one) => one.textContent === text).click();
</script>"""


def text_of(markdown, tmp_path, pages=None, name="01_a/README.md"):
    """(a page of the checkout as a page of the book, what it shows)."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(markdown)
    source = Source(tmp_path, Page("1", "Lesson", name), pages or {})
    return source.text(), source.assets


def test_a_link_leads_to_a_page_of_the_book_or_is_text(tmp_path):
    pages = {"02_b/README.md": "02_b/index.md"}
    text, _ = text_of("[b](../02_b/README.md#x), [code](model.py), [web](https://a.org)", tmp_path, pages)
    assert text == "[b](../02_b/index.md#x), code, [web](https://a.org)"


def test_a_sound_is_played_and_a_picture_shown(tmp_path):
    (tmp_path / "01_a/media").mkdir(parents=True)
    (tmp_path / "01_a/media/x.flac").touch()
    text, shown = text_of("![A b](media/p.png) [what *it* made](media/x.flac)", tmp_path)
    assert shown == {"01_a/media/p.png", "01_a/media/x.flac"}
    assert '<audio controls preload="none" aria-label="what it made" src="media/x.flac"></audio>' in text
    assert "![A b](media/p.png)" in text


def test_a_program_that_a_line_names_can_be_read(tmp_path):
    (tmp_path / "01_a").mkdir()
    (tmp_path / "01_a/step.py").write_text("x = [1](2)\n")
    text, _ = text_of("See\n\n[step.py](step.py)\n", tmp_path)
    assert '??? example "step.py"\n\n    ```python\n    x = [1](2)\n    ```' in text


def test_commands_are_marked_as_such_and_what_is_said_to_readers_elsewhere_is_left_out(tmp_path):
    code = "```\na\n```\n"
    page = f"A b. This page needs the book:\n`setup/dlwa lesson` opens it.\n\n```\nsetup/dlwa open 1\n```\n\n{code}"
    assert text_of(page, tmp_path)[0] == f"A b.\n\n``` {{.sh .wrapped}}\nsetup/dlwa open 1\n```\n\n{code}"


def test_what_belongs_to_a_list_item_is_indented_by_four():
    lines = ["1. one", "   more", "", "       code", "", "   - inner", "", "text", "  odd"]
    assert indented(lines) == [
        "1. one",
        "    more",
        "",
        "        code",
        "",
        "    - inner",
        "",
        "text",
        "  odd",
    ]


def test_what_one_should_hear_is_folded_until_the_next_exercise():
    lines = ["1. **Do** it.", "    *You should hear* noise,", "    then more.", "2. next"]
    assert list(folded(lines)) == [
        "1. **Do** it.", "", '    ??? tip "You should hear"', "", "        Noise,", "        then more.", "", "2. next",
    ]  # fmt: skip


class Links(HTMLParser):
    """The addresses that a page names, those that a browser loads by itself, and the places in it."""

    def __init__(self, file):
        super().__init__()
        self.named, self.loaded, self.places, self.folded = [], [], set(), 0
        self.feed(file.read_text())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.places |= {found.get("id"), found.get("name")}
        self.folded += tag == "details"
        address = found.get("src") or found.get("href")
        if address:
            (self.named if tag == "a" else self.loaded).append(address)


def test_the_book_has_every_page_and_only_plain_files(book):
    for page in PAGES:
        assert (book / page.target).with_suffix(".html").is_file()
    for day in ROOT.glob("[0-9][0-9]_*"):
        assert (book / day.name / "index.html").is_file()
    kinds = {file.suffix for file in book.rglob("*") if file.is_file()}
    assert kinds <= {".html", ".css", ".js", ".json", ".png", ".svg", ".flac", ".wav", ".ogg", ""}
    assert is_current(book) and not is_current(book / "01_ai_duet")


def test_each_page_has_its_place_in_the_table_of_contents(book):
    text = " ".join((book / "index.html").read_text().split())
    for page in PAGES:
        name = page.chapter if page.title in ("Lesson", "How to use this book") else page.title
        assert f'<span class="md-ellipsis"> {name} ' in text, page


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_a_network(book):
    pages = {file.resolve(): Links(file) for file in book.rglob("*.html")}
    for file, links in pages.items():
        assert not [address for address in links.loaded if re.match(r"(https?:)?//", address)], file
        for address in links.named + links.loaded:
            path, _, place = unquote(address).partition("#")
            if re.match(r"\w+:", address) or not (path or place):
                continue
            target = (file.parent / path).resolve() if path else file
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{file}: {address}"
            assert not place or target.suffix != ".html" or place in pages[target].places, (
                f"{file}: {address}"
            )


def test_exercises_are_folded_terms_explained_and_formulas_drawn(book):
    text = (book / "01_ai_duet/index.html").read_text()
    assert Links(book / "01_ai_duet/index.html").folded >= 7
    assert re.search(r'<abbr class="term" title="one of the numbers that training changes.">weight', text)
    assert "<audio controls" in text and "*You should hear*" not in text
    assert Links(book / "05_samplernn/questions.html").folded >= 8
    assert "???" not in (book / "05_samplernn/questions.html").read_text()
    inside = (book / "01_ai_duet/inside/index.html").read_text()
    assert (
        inside.count("<math ") > 20
        and "wzxhzdk" not in inside
        and "def lstm_step" in re.sub("<.*?>", "", inside)
    )


@pytest.mark.slow
def test_the_search_finds_a_word_without_a_server(browse):
    assert re.search(FOUND, browse("index.html", SEARCH))


@pytest.mark.slow
@pytest.mark.needs("bwrap")
def test_the_book_is_read_and_searched_on_a_stick_that_cannot_be_written_to(book, browse):
    if obstacle():
        cannot(obstacle())
    stick = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(book), str(book)]
    assert subprocess.run([*stick, "touch", book / "new"], capture_output=True).returncode
    assert re.search(FOUND, browse("index.html", SEARCH, stick))


def told(text):
    """What a script has written behind a page."""
    return re.findall(r'<pre class="told">(.*?)</pre>', text, re.DOTALL)


@pytest.mark.slow
def test_a_kernel_keeps_the_tones_and_drops_the_drums(browse):
    said = told(browse("convolution.html", TOLD + """<script>
        const light = (frame, band) => [...document.querySelectorAll("#touch-convolution canvas")[1].getContext("2d")
            .getImageData(8 * frame + 4, 8 * (39 - band) + 4, 1, 1).data][0];
        press("kernel: tones");
        tell([light(2, 4), light(16, 20)]);
        press("kernel: beginnings");
        tell([light(3, 4), light(16, 20)]);
        const canvas = document.querySelector("#touch-convolution canvas");
        canvas.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowUp"}));
        tell(document.querySelector("#touch-convolution .touch-said").textContent);
        tell(canvas.getAttribute("aria-label"));
        </script>"""))  # fmt: skip
    tone, drum = eval(said[0])
    assert tone > 200 and drum < 60
    tone, drum = eval(said[1])
    assert tone < 30 and drum > 200
    assert said[2].startswith("Band 12, frame 17: the nine products and the bias sum up to ")
    assert said[3].startswith("What goes in: time across, pitch upwards; largest at ")


@pytest.mark.slow
def test_attention_finds_what_followed_the_same_note(browse):
    said = told(browse("attention.html", TOLD + """<script>
        const fields = document.querySelectorAll("#touch-attention input");
        const set = (...values) => values.forEach((value, number) => {
          fields[number].value = value;
          fields[number].dispatchEvent(new Event("input"));
        });
        const text = () => tell(document.querySelector("#touch-attention .touch-said").textContent);
        const note = (number) => document.querySelectorAll("#touch-attention .touch-bars button")[number - 1];
        set(6, 0, 0, 0); note(6).click(); text();
        tell(note(2).getAttribute("aria-label"));
        set(6, 6, 0, 0); note(8).click(); text();
        press("add the likeliest next note"); text();
        </script>"""))  # fmt: skip
    assert said[0].startswith("Note 6, D, asks. Next note: E 9")
    assert re.fullmatch(r"note 2, D, 9\d %", said[1])
    assert said[2].startswith("Note 8, C, asks. Next note: C ")
    assert said[3].startswith("Note 17, E, asks. Next note: F ")


@pytest.mark.slow
def test_a_map_plays_the_part_of_its_sound_that_a_point_stands_for(browse, book):
    sound, rate = soundfile.read(book / "setup/book/latent_map.flac")
    assert len(sound) / rate == pytest.approx(25 * 0.8) and np.std(sound.reshape(25, -1), axis=1).min() > 0.01
    said = told(browse("latent_map.html", TOLD + """<script>
        const audio = document.querySelector("audio");
        audio.play = () => Promise.resolve();
        press("C3");
        tell(audio.currentTime.toFixed(2));
        const up = new KeyboardEvent("keydown", {key: "ArrowUp", bubbles: true});
        [...document.querySelectorAll("#touch-map button")].find((one) => one.textContent === "C3").dispatchEvent(up);
        tell(audio.currentTime.toFixed(2));
        tell(document.querySelector("#touch-map .touch-said").textContent);
        audio.play = () => Promise.reject(new DOMException("no device", "NotSupportedError"));
        press("A1");
        Promise.resolve().then(() => tell(document.querySelector("#touch-map .touch-said").textContent));
        </script>"""))  # fmt: skip
    assert said[3].endswith("This browser cannot play it here.")
    assert [float(seconds) for seconds in said[:2]] == pytest.approx([12 * 0.8, 7 * 0.8])
    assert re.match(
        r"C2: the middle of its spectrum is at \d+ Hz, -?[\d.]+ semitones brighter than the one before",
        said[2],
    )


def test_the_book_to_print_holds_every_page_unfolded(book):
    text = (book / PRINT).read_text()
    assert text.count("<article ") == len(PAGES)
    assert text.count("<details open") == text.count("<details") > 50 and "<script" not in text
    assert f'href="{PRINT}"' in (book / "index.html").read_text()


@pytest.mark.slow
def test_the_book_becomes_a_pdf_or_one_line_says_what_is_missing(book, tmp_path, monkeypatch):
    need("chromium")
    write_pdf(book / PRINT, tmp_path / "the book.pdf")
    content = (tmp_path / "the book.pdf").read_bytes()
    assert content.startswith(b"%PDF") and len(re.findall(rb"/Type ?/Page\b", content)) > 50
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no Chromium"):
        write_pdf(book / PRINT, tmp_path / "another.pdf")


def test_the_command_opens_a_day_and_makes_the_book_where_it_is_old(monkeypatch, tmp_path):
    made, opened = [], []
    monkeypatch.setattr(lesson, "BOOK", tmp_path / "book")
    monkeypatch.setattr(lesson, "is_current", lambda: bool(made))
    monkeypatch.setattr(lesson, "make", lambda folder, yes: made.append(folder))
    monkeypatch.setattr(lesson.webbrowser, "open", lambda address: opened.append(address) or len(opened) < 3)
    words = {"build": None, "yes": False, "slides": False, "pdf": None}
    lesson.run(type("Args", (), {"day": "5", **words}))
    lesson.run(type("Args", (), {"day": None, **words}))
    assert made == [tmp_path / "book"]
    assert opened == [
        (tmp_path / "book" / page).as_uri() for page in ("05_samplernn/index.html", "index.html")
    ]
    with pytest.raises(UserError, match="no browser"):
        lesson.run(type("Args", (), {"day": "1", **words}))
    lesson.run(type("Args", (), {"day": None, **words, "build": tmp_path / "mine"}))
    assert made[1:] == [tmp_path / "mine"] and len(opened) == 3
    with pytest.raises(UserError, match="no browser"):
        lesson.run(type("Args", (), {"day": "2", **words, "slides": True}))
    assert opened[-1].endswith(f"02_ddsp/{SLIDES}")
    with pytest.raises(UserError, match="of a day"):
        lesson.run(type("Args", (), {"day": None, **words, "slides": True}))


def test_a_folder_with_other_things_is_not_overwritten(tmp_path):
    Path(tmp_path, "diary").touch()
    with pytest.raises(UserError, match="other things"):
        build(tmp_path)


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("[0-9][0-9]_*/questions.md")), ids=lambda file: file.parts[-2]
)
def test_each_day_has_eight_questions_with_an_answer_among_its_choices(file):
    questions = re.split(r"^\d+\. ", file.read_text(), flags=re.MULTILINE)[1:]
    assert len(questions) == 8
    for question in questions:
        choices, answer = (
            re.findall(r"- \((\w)\) ", question),
            re.findall(r"\*Answer\* \((\w)\)\. ", question),
        )
        assert choices == ["a", "b", "c"] and len(answer) == 1 and answer[0] in choices
