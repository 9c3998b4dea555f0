// The page "A convolution": a kernel of nine numbers moves over a spectrogram, and what comes out is seen and heard.
(() => {
  const place = document.getElementById("touch-convolution");
  const BANDS = 40, FRAMES = 48, LOWEST = 48, CELL = 8, SECONDS = 3;
  const KERNELS = {
    "as it is": [0, 0, 0, 0, 1, 0, 0, 0, 0],
    blur: Array(9).fill(0.11),
    beginnings: [-1, 1, 0, -1, 1, 0, -1, 1, 0],
    tones: [-1, -1, -1, 2, 2, 2, -1, -1, -1],
  };
  const at = (picture, band, frame) => picture[band]?.[frame] ?? 0;

  // Six notes with five harmonics each, and a drum every twelve frames; row 0 is the lowest semitone.
  function spectrogram() {
    const picture = Array.from({ length: BANDS }, () => Array(FRAMES).fill(0));
    [52, 55, 59, 57, 55, 52].forEach((pitch, number) => {
      [0, 12, 19, 24, 28].forEach((above, harmonic) => {
        for (let frame = 0; frame < 7; frame++) {
          const band = pitch + above - LOWEST;
          if (band < BANDS) picture[band][8 * number + frame] += (0.9 / (harmonic + 1)) * (1 - frame / 12);
        }
      });
    });
    for (let frame = 4; frame < FRAMES; frame += 12)
      for (let band = 0; band < BANDS; band++) {
        picture[band][frame] += 0.7;
        picture[band][frame + 1] += 0.2;
      }
    return picture;
  }

  const given = spectrogram();
  let kernel, bias, relu, made;
  let band = 10, frame = 16;

  // The sum of nine products at one place, before the activation.
  function sum(row, column) {
    let total = Number(bias.value);
    kernel.forEach((field, number) => {
      total += Number(field.value) * at(given, row + 1 - Math.floor(number / 3), column - 1 + (number % 3));
    });
    return total;
  }

  function draw(canvas, picture, title) {
    const pen = canvas.getContext("2d");
    for (let row = 0; row < BANDS; row++)
      for (let column = 0; column < FRAMES; column++) {
        const value = Math.max(-1, Math.min(1, picture[row][column]));
        const light = Math.round(255 * Math.abs(value));
        pen.fillStyle = value < 0 ? `rgb(0,${light >> 1},${light})` : `rgb(${light},${Math.round(light * 0.7)},${light >> 2})`;
        pen.fillRect(column * CELL, (BANDS - 1 - row) * CELL, CELL, CELL);
      }
    canvas.setAttribute("aria-label", `${title}: time across, pitch upwards; ${loudest(picture)}`);
  }

  function loudest(picture) {
    let best = [0, 0];
    picture.forEach((row, y) => row.forEach((value, x) => value > at(picture, ...best) && (best = [y, x])));
    return `largest at band ${best[0] + 1}, frame ${best[1] + 1}`;
  }

  function show() {
    made = given.map((row, y) => row.map((_, x) => (relu.checked ? Math.max(0, sum(y, x)) : sum(y, x))));
    draw(left, given, "What goes in");
    draw(right, made, "What comes out");
    for (const [canvas, size] of [[left, 3], [right, 1]]) {
      const pen = canvas.getContext("2d");
      pen.strokeStyle = "#fff";
      pen.lineWidth = 2;
      const half = (size - 1) / 2;
      pen.strokeRect((frame - half) * CELL, (BANDS - 1 - band - half) * CELL, size * CELL, size * CELL);
    }
    const total = sum(band, frame);
    const after = relu.checked ? `, after ReLU ${Math.max(0, total).toFixed(2)}` : "";
    said.textContent = `Band ${band + 1}, frame ${frame + 1}: the nine products and the bias sum up to ${total.toFixed(2)}${after}. The output is ${loudest(made)}.`;
  }

  function hear(picture) {
    const scale = 0.12 / Math.max(0.2, ...picture.flat());
    touch.play(
      picture.map((row, number) => ({
        hertz: touch.hertz(LOWEST + number),
        curve: new Float32Array(row.map((value) => Math.max(0, value) * scale)),
      })),
      SECONDS,
    );
  }

  const frames = touch.make("div", { class: "touch-pair" }, place);
  const size = { width: FRAMES * CELL, height: BANDS * CELL, role: "img" };
  const left = touch.make("canvas", { ...size, tabindex: 0 }, touch.make("figure", {}, frames));
  touch.make("figcaption", { text: "in: move the mouse over it, or press the arrow keys" }, left.parentElement);
  const right = touch.make("canvas", size, touch.make("figure", {}, frames));
  touch.make("figcaption", { text: "out: orange is positive, blue negative" }, right.parentElement);
  const rows = touch.make("div", { class: "touch-row" }, place);
  touch.make("button", { type: "button", text: "hear what goes in", onclick: () => hear(given) }, rows);
  touch.make("button", { type: "button", text: "hear what comes out", onclick: () => hear(made) }, rows);
  for (const [name, numbers] of Object.entries(KERNELS)) {
    const set = () => {
      kernel.forEach((field, number) => (field.value = numbers[number]));
      show();
    };
    touch.make("button", { type: "button", text: `kernel: ${name}`, onclick: set }, rows);
  }
  const grid = touch.make("div", { class: "touch-kernel", role: "group", "aria-label": "the nine weights" }, place);
  const words = ["before", "now", "after"], heights = ["above", "here", "below"];
  kernel = KERNELS["as it is"].map((value, number) => {
    const name = `${heights[Math.floor(number / 3)]}, ${words[number % 3]}`;
    return touch.make("input", { type: "number", step: 0.1, value, "aria-label": name, title: name, oninput: show }, grid);
  });
  bias = touch.field("bias", { type: "number", step: 0.1, value: 0 }, rows, show);
  relu = touch.field("ReLU (negative numbers become 0)", { type: "checkbox", checked: "" }, rows, show);
  const said = touch.make("p", { "aria-live": "polite", class: "touch-said" }, place);

  left.addEventListener("mousemove", (event) => {
    const scale = (FRAMES * CELL) / left.clientWidth / CELL;
    frame = Math.max(0, Math.min(FRAMES - 1, Math.floor(event.offsetX * scale)));
    band = Math.max(0, Math.min(BANDS - 1, BANDS - 1 - Math.floor(event.offsetY * scale)));
    show();
  });
  left.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0] }[event.key];
    if (!move) return;
    event.preventDefault();
    band = Math.max(0, Math.min(BANDS - 1, band + move[0]));
    frame = Math.max(0, Math.min(FRAMES - 1, frame + move[1]));
    show();
  });
  show();
})();
