// The page "Attention": which earlier notes a note looks at, and what they say about the next one.
(() => {
  const place = document.getElementById("touch-attention");
  const TUNE = [60, 62, 64, 60, 60, 62, 64, 60, 64, 65, 67, 67, 64, 65, 67, 67];
  const BEAT = 0.35, LONGEST = 28;
  let tune = [...TUNE];
  let query = 5;

  const bars = touch.make("div", { class: "touch-bars", role: "group", "aria-label": "the melody" }, place);
  const fields = touch.make("div", { class: "touch-row" }, place);
  const slider = (name, value) => touch.field(name, { type: "range", min: 0, max: 6, step: 0.5, value }, fields, show);
  const same = slider("same pitch", 3);
  const before = slider("same note before it", 0);
  const bar = slider("same place in the bar", 0);
  const near = slider("near", 0);
  const buttons = touch.make("div", { class: "touch-row" }, place);
  const button = (text, onclick) => touch.make("button", { type: "button", text, onclick }, buttons);
  button("hear the melody", () => hear(tune.map(() => 0.5)));
  button("hear it as loud as it is attended to", () => hear([...weights().map((one) => Math.sqrt(one)), 0.5]));
  button("add the likeliest next note", add);
  button("begin again", () => {
    tune = [...TUNE];
    query = 5;
    show();
  });
  const said = touch.make("p", { "aria-live": "polite", class: "touch-said" }, place);

  // How well the note at a place fits what the query looks for.
  function score(key) {
    const alike = (one, other) => (tune[one] === tune[other] ? 1 : 0);
    return (
      Number(same.value) * alike(key, query) +
      Number(before.value) * (key > 0 ? alike(key - 1, query - 1) : 0) +
      Number(bar.value) * ((query - key) % 4 === 0 ? 1 : 0) -
      (Number(near.value) * (query - key)) / 4
    );
  }

  // The weights of the notes before the query: they add up to 1, and no later note has one.
  function weights() {
    return touch.softmax(Array.from({ length: query }, (_, key) => score(key)));
  }

  // [[pitch, probability], ...] of the next note, the likeliest first: each note votes for the one that followed it.
  function votes() {
    const found = new Map();
    weights().forEach((weight, key) => found.set(tune[key + 1], (found.get(tune[key + 1]) ?? 0) + weight));
    return [...found].sort((one, other) => other[1] - one[1]);
  }

  function show() {
    const found = weights();
    bars.replaceChildren();
    tune.forEach((pitch, number) => {
      const share = number < query ? Math.round(100 * found[number]) : 0;
      const what = number === query ? "asks" : number < query ? `${share} %` : "later";
      const choose = () => {
        query = number;
        show();
        bars.children[number].focus();
      };
      const note = touch.make(
        "button",
        { type: "button", "aria-label": `note ${number + 1}, ${touch.note(pitch)}, ${what}`, "aria-pressed": number === query },
        bars,
      );
      if (number > 0) note.addEventListener("click", choose);
      touch.make("span", { class: "touch-bar", style: `height:${share}%` }, touch.make("span", { class: "touch-well" }, note));
      touch.make("span", { text: touch.note(pitch) }, note);
      touch.make("small", { text: what }, note);
    });
    const likely = votes().map(([pitch, share]) => `${touch.note(pitch)} ${Math.round(100 * share)} %`);
    said.textContent = `Note ${query + 1}, ${touch.note(tune[query])}, asks. Next note: ${likely.join(", ")}.`;
  }

  function add() {
    if (tune.length >= LONGEST) return;
    query = tune.length - 1;
    tune.push(votes()[0][0]);
    query = tune.length - 1;
    show();
    hear(tune.map(() => 0.5));
  }

  function hear(levels) {
    touch.play(
      tune.slice(0, levels.length).map((pitch, number) => ({
        hertz: touch.hertz(pitch),
        start: number * BEAT,
        curve: new Float32Array([0, levels[number], levels[number] / 2, 0].map((one) => one * 0.4)),
      })),
      BEAT,
    );
  }

  show();
})();
