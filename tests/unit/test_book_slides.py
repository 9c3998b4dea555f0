"""The slides of a day: what they show of its lesson, and that each fits its page, in Chromium."""

import pytest
from dlwakit.book.pages import all_pages
from dlwakit.book.sheets import SLIDES
from support.course_copy import ROOT

LESSONS = [page for page in all_pages(ROOT) if page.title == "Lesson"]
SCREENS = (1366, 768), (1024, 768), (1920, 1080)  # of a laptop, an old projector, a new one, in pixels
PROBE = """<script>
addEventListener("load", () => setTimeout(() => {
  const all = [...document.querySelectorAll("main > section")];
  const name = (slide) => `${slide.dataset.number} ${slide.firstElementChild.textContent} ${slide.offsetHeight}`;
  const apart = (slide) => {
    const page = slide.getBoundingClientRect();
    return [...slide.children].some((part) => part.getBoundingClientRect().bottom > page.bottom + 1);
  };
  const wrong = (slide) => slide.offsetHeight > innerHeight || slide.scrollWidth > innerWidth || apart(slide);
  const words = Math.max(...all.map((slide) => slide.textContent.split(/\\s+/).length));
  const shown = all.filter((slide) => slide.querySelector("img, audio")).length;
  const empty = all.filter((slide) => slide.children.length < 2).map(name);
  parent.postMessage(JSON.stringify([all.length, words, shown, empty, all.filter(wrong).map(name)]), "*");
}, 300));
</script>"""


@pytest.mark.slow
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: "{}x{}".format(*screen))
def test_each_day_has_slides_of_its_sections_and_each_fits_the_screen(book, in_frames, screen):
    pages = [(book / page.target).with_name(SLIDES) for page in LESSONS]
    for page, (slides, words, shown, empty, wrong) in zip(
        pages, in_frames(pages, PROBE, screen), strict=True
    ):
        assert slides >= 8 and words < 250 and shown > 1, page
        assert (empty, wrong) == ([], []), page
