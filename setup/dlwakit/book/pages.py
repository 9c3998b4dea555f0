"""The pages of the book: which file of the checkout becomes which page, in chapters. On the command line."""

from dataclasses import dataclass
from pathlib import Path

from dlwakit.course.days import all_days

OF_A_DAY = (
    ("Lesson", "README.md"),
    ("To play", "concepts/README.md"),
    ("Inside", "inside/README.md"),
    ("Questions", "questions.md"),
    ("Model card", "checkpoints/MODEL_CARD.md"),
)
FIRST = (
    ("How to use this book", "setup/book/index.md"),
    ("Pd in twenty minutes", "setup/book/pd.md"),
    ("The terminal in ten minutes", "setup/book/terminal.md"),
    ("Glossary", "setup/book/glossary.md"),
)
TO_TOUCH = (
    ("A convolution", "setup/book/convolution.md"),
    ("Attention", "setup/book/attention.md"),
    ("A map of sounds", "setup/book/latent_map.md"),
)
ALONE = (  # folders' pages, of which a chapter would show the first as its own
    ("Listening quiz", "setup/quiz/README.md"),
    ("The sketch pad", "setup/sketch/README.md"),
)
LAST = (
    ("Comparing the six", "setup/book/comparing.md"),
    ("From noise to sound", "setup/book/noise_to_sound.md"),
    ("Own sounds in three minutes", "setup/book/own_sounds.md"),
    ("The starters in figures", "setup/book/starters.md"),
    ("The exercises, measured", "setup/book/exercises.md"),
    ("Other programs", "setup/book/other_programs.md"),
    ("Teaching", "setup/TEACHING.md"),
    ("Forms to copy", "setup/book/forms.md"),
    ("Training", "setup/dlwakit/training/README.md"),
    ("Old patches", "setup/book/old_patches.md"),
)


@dataclass(frozen=True)
class Page:
    """One page: its chapter and title in the table of contents, and its source, relative to the checkout."""

    chapter: str
    title: str
    source: str

    @property
    def target(self):
        """Its Markdown file in the book; the folder's page where the source is a README."""
        path = Path(self.source)
        if path.parts[:2] == ("setup", "book"):
            return path.name
        if path.parts[0] == "setup":
            path = path.relative_to("setup")
            if len(path.parts) > 2:  # no patch there whose button *lesson* looks for the folder's page
                return f"{path.parent.name}.md"
        return (path.parent / path.name.replace("README", "index")).as_posix()


def all_pages(root):
    """The pages that this checkout has sources for, in order."""
    rows = [("Begin", *row) for row in FIRST]
    for day in all_days(root):
        chapter = f"{int(day.name[:2])} {day.title}"
        rows += [(chapter, title, f"{day.name}/{file}") for title, file in OF_A_DAY]
    rows += [("With the mouse", *row) for row in TO_TOUCH]
    rows += [(title, title, source) for title, source in ALONE]
    rows += [("After", *row) for row in LAST]
    return [Page(*row) for row in rows if (Path(root) / row[2]).is_file()]
