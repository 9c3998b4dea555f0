// What the pages with something to touch share: elements, sums, and tones of a browser's own synthesizer.
const touch = {
  // make("button", {text: "play"}, parent): an element with these properties and attributes, at the parent's end
  make(tag, properties, parent) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name === "text") element.textContent = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    parent?.append(element);
    return element;
  },

  // a labelled slider or number field; changed() is called with each move
  field(label, properties, parent, changed) {
    const box = touch.make("label", { class: "touch-field" }, parent);
    box.append(label + " ");
    return touch.make("input", { ...properties, oninput: changed }, box);
  },

  softmax(scores) {
    const highest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - highest));
    const sum = powers.reduce((one, other) => one + other, 0);
    return powers.map((power) => power / sum);
  },

  hertz: (pitch) => 440 * 2 ** ((pitch - 69) / 12),
  note: (pitch) => ["C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B"][pitch % 12],

  // play([{hertz, start, curve}], seconds): tones whose levels follow curves; what played before ends
  play(tones, seconds) {
    touch.audio?.close();
    const audio = (touch.audio = new AudioContext());
    const sum = audio.createGain();
    sum.connect(audio.destination);
    for (const { hertz, start = 0, curve } of tones) {
      if (Math.max(...curve) < 0.001) continue;
      const tone = audio.createOscillator();
      const level = audio.createGain();
      tone.frequency.value = hertz;
      level.gain.value = 0;
      level.gain.setValueCurveAtTime(curve, audio.currentTime + 0.1 + start, seconds);
      tone.connect(level).connect(sum);
      tone.start(audio.currentTime + 0.1 + start);
      tone.stop(audio.currentTime + 0.1 + start + seconds);
    }
  },
};
