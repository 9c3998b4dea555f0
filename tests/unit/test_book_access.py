"""The book for people who see little, have no mouse, or only a telephone: each of its pages, in Chromium."""

import pytest

TELEPHONE = 390, 844  # pixels
LEAST, LEAST_LARGE = 4.5, 3  # contrasts of text and of large text that WCAG 2.1, AA, asks for
PROBE = """<script>
addEventListener("load", () => setTimeout(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], under) => [r, g, b].map((one, at) => a * one + (1 - a) * under[at]);
  const paper = (element) => {
    if (!element) return [255, 255, 255];
    const colour = parts(getComputedStyle(element).backgroundColor);
    return colour[3] === 0 ? paper(element.parentElement) : over(colour, paper(element.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((one) => (one /= 255) <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const faint = new Set(), nameless = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement, style = getComputedStyle(element);
    if (!texts.currentNode.data.trim() || !element.checkVisibility({opacityProperty: true, visibilityProperty: true}))
      continue;
    if (element.closest("script, style, [hidden]")) continue;
    const under = paper(element), two = [light(over(parts(style.color), under)), light(under)];
    const contrast = Math.max(...two) / Math.min(...two), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (contrast < (large ? LARGE : SMALL))
      faint.add(`${element.closest("[class]").className} ${style.color} on ${under} ${contrast.toFixed(2)}`);
  }
  for (const one of document.querySelectorAll("button, input, audio, canvas, a[href], img, summary, iframe")) {
    const named = one.getAttribute("aria-label") || one.title || one.alt || one.textContent.trim() ||
      one.labels?.length || one.placeholder || one.querySelector("img[alt]");
    if (one.checkVisibility() && !named) nameless.add(one.outerHTML.slice(0, 80));
    if (one.tagName === "CANVAS" && one.tabIndex < 0 && one.getAttribute("role") !== "img")
      nameless.add("not reached with the keyboard: " + one.outerHTML.slice(0, 80));
  }
  const wide = document.documentElement.scrollWidth - innerWidth;
  parent.postMessage(JSON.stringify([location.pathname, wide, [...faint], [...nameless]]), "*");
}, 300));
</script>""".replace("SMALL", str(LEAST)).replace("LARGE", str(LEAST_LARGE))


@pytest.mark.slow
def test_pages_fit_a_telephone_are_dark_enough_and_name_what_is_pressed(book, in_frames):
    pages = sorted(page for page in book.rglob("*.html") if page.name not in ("404.html", "print.html"))
    found = in_frames(pages, PROBE, TELEPHONE)
    assert [(page, wide) for page, wide, _, _ in found if wide > 0] == []
    assert {text for _, _, faint, _ in found for text in faint} == set()
    assert {text for _, _, _, nameless in found for text in nameless} == set()
