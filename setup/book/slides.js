// Slides of a day: each section of its lesson becomes a page with its picture, its sounds and its first sentences.
(() => {
  const PARAGRAPHS = 3, ITEMS = 6, ROWS = 8, LETTERS = 80;
  const LEFT_OUT = /^(Messages|Inside|From Python|When something|Sources|Go on)/; // sections to read, not to show
  const main = document.querySelector("main");
  const slides = [];
  const add = (element) => slides.at(-1)?.append(element);
  const begin = (heading) => {
    slides.push(document.createElement("section"));
    add(heading);
  };

  // The first sentences of a paragraph, one if it is long enough.
  function short(paragraph) {
    const copy = paragraph.cloneNode(true);
    copy.querySelectorAll("audio, img").forEach((one) => one.remove());
    let text = "";
    for (const sentence of copy.textContent.trim().match(/.+?(?:[.!?](?=\s|$)|$)/gs) ?? [])
      if (text.length < LETTERS) text += sentence;
    return Object.assign(document.createElement("p"), { textContent: text });
  }

  let paragraphs = 0, section = true, shown = true;
  for (const element of [...main.children]) {
    const name = element.tagName;
    if (/^H[1-3]$/.test(name)) {
      shown = !LEFT_OUT.test(element.textContent) && (section || name !== "H3");
      if (name !== "H3") section = shown;
    }
    if (!shown) continue;
    if (/^H[1-3]$/.test(name)) {
      begin(element);
      paragraphs = 0;
    } else if (name === "P" && element.querySelector("img, audio")) {
      element.querySelectorAll("img, audio").forEach((one) => {
        if (one.tagName === "IMG" && slides.at(-1).querySelector("img"))
          begin(slides.at(-1).firstElementChild.cloneNode(true)); // a slide has one picture
        add(one);
        if (one.tagName === "AUDIO") one.before(one.getAttribute("aria-label") + " ");
      });
    } else if (name === "P" && paragraphs++ < PARAGRAPHS) add(short(element));
    else if (name === "MATH" || (name === "DIV" && element.querySelector("table"))) {
      if (element.querySelectorAll("tr").length <= ROWS) add(element);
    } else if (name === "TABLE" && element.rows.length <= ROWS) add(element);
    else if (name === "OL" || name === "UL") {
      [...element.children].slice(ITEMS).forEach((item) => item.remove());
      for (const item of element.children) {
        item.querySelectorAll("details").forEach((one) => one.remove());
        item.replaceChildren(...short(item).childNodes);
      }
      add(element);
    }
  }
  main.replaceChildren(...slides.filter((slide) => slide.children.length > 1));

  const all = () => [...main.children];
  const number = () => all().forEach((slide, at) => (slide.dataset.number = `${at + 1} / ${all().length}`));
  const tooHigh = (slide) => slide.offsetHeight > window.innerHeight;

  // What is too much for the window gets smaller letters.
  function fit(least) {
    for (const slide of all())
      for (let size = 1; size > least; size -= 0.08) {
        slide.style.setProperty("--size", size);
        if (!tooHigh(slide)) break;
      }
  }

  // What is too much for them, too, goes on in a next slide.
  function divide() {
    for (let slide = main.firstElementChild; slide; slide = slide.nextElementSibling) {
      const rest = slide.cloneNode();
      rest.append(slide.firstElementChild.cloneNode(true));
      while (tooHigh(slide) && slide.children.length > 2) rest.firstElementChild.after(slide.lastElementChild);
      if (rest.children.length > 1) slide.after(rest);
    }
  }

  number();
  window.addEventListener("load", () => {
    fit(0.8);
    divide();
    fit(0.6);
    number();
  });
  window.addEventListener("resize", () => fit(0.6));

  document.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (!step || event.target.closest("audio, button, input")) return;
    event.preventDefault();
    const slides = all();
    const now = slides.findIndex((slide) => slide.getBoundingClientRect().top > -window.innerHeight / 2);
    slides[Math.max(0, Math.min(slides.length - 1, now + step))].scrollIntoView();
  });
})();
