// The page "A map of sounds": 25 points of a plane in a latent space; the sound of each is a part of one sound file.
(() => {
  const place = document.getElementById("touch-map");
  const audio = document.querySelector("audio[src*='latent_map']");
  const bright = place.dataset.brightness.split(" ").map(Number); // of each point, in Hz
  const SIDE = 5, SECONDS = Number(place.dataset.seconds);
  const low = Math.log(Math.min(...bright)), high = Math.log(Math.max(...bright));
  let end = 0, shown = false, last = -1;
  audio.preload = "auto";

  const grid = touch.make("div", { class: "touch-map", role: "group", "aria-label": "25 points, 5 by 5" }, place);
  const row = touch.make("div", { class: "touch-row" }, place);
  touch.make("button", { type: "button", text: "show how bright each one is", onclick: reveal }, row);
  const said = touch.make("p", { "aria-live": "polite", class: "touch-said", text: "Press a point." }, place);

  const points = bright.map((_, number) =>
    touch.make("button", {
      type: "button",
      text: `${"ABCDE"[number % SIDE]}${Math.floor(number / SIDE) + 1}`,
      onclick: () => play(number),
      onmouseenter: (event) => event.buttons && play(number),
      onkeydown: (event) => walk(event, number),
    }, grid),
  );

  function play(number) {
    audio.currentTime = number * SECONDS;
    end = (number + 1) * SECONDS - 0.03;
    audio.play().catch(() => (said.textContent += " This browser cannot play it here."));
    const step = last < 0 || last === number ? "" : `, ${(12 * Math.log2(bright[number] / bright[last])).toFixed(1)} semitones brighter than the one before`;
    said.textContent = `${points[number].textContent}: the middle of its spectrum is at ${bright[number]} Hz${step}.`;
    last = number;
  }

  function walk(event, number) {
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE }[event.key];
    const next = points[number + move];
    if (!next || (Math.abs(move) === 1 && Math.floor(number / SIDE) !== Math.floor((number + move) / SIDE))) return;
    event.preventDefault();
    next.focus();
    play(number + move);
  }

  function reveal() {
    shown = !shown;
    points.forEach((point, number) => {
      const light = Math.round(20 + (60 * (Math.log(bright[number]) - low)) / (high - low));
      point.style.background = shown ? `hsl(40 90% ${light}%)` : "";
      point.style.color = shown ? (light > 33 ? "#000" : "#fff") : "";
    });
  }

  const watch = () => {
    if (end && audio.currentTime >= end) {
      audio.pause();
      end = 0;
    }
    requestAnimationFrame(watch);
  };
  watch();
})();
