"""The network of day 1 as one short program: LSTM layers, probabilities, and the draw of the next event. Runs anywhere.

Only numpy is needed. `weights` are arrays by name: "lstm 0/kernel", "lstm 0/bias", ..., "output/kernel", "output/bias",
as `ai_duet.engine.weights.weights_by_role` gives them for a bundle without attention.
"""

import numpy as np


def sigmoid(x):
    """Bend any number into the range from 0 to 1."""
    return 1 / (1 + np.exp(-x))


def lstm_step(x, h, c, kernel, bias):
    """One step of one LSTM layer.

    x: the input [inputs]; h, c: output and memory of the step before [units]; kernel [inputs + units, 4 units].
    Returns the new h and c.
    """
    sums = np.concatenate([x, h]) @ kernel + bias  # all four neurons of each unit at once
    i, j, f, o = np.split(sums, 4)  # input gate, candidate, forget gate, output gate
    c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(j)  # forget a part, add a part
    h = sigmoid(o) * np.tanh(c)  # show a part
    return h, c


def one_hot(event, count):
    """A row of zeros with a 1 at the place of the event."""
    row = np.zeros(count)
    row[event] = 1
    return row


def softmax(scores, temperature=1.0):
    """Scores to probabilities; a low temperature makes the likely likelier."""
    powers = np.exp((scores - scores.max()) / temperature)
    return powers / powers.sum()


class MelodyNetwork:
    """The whole network, with its memory."""

    def __init__(self, weights):
        self.weights = weights
        self.layers = sum(name.startswith("lstm") and name.endswith("bias") for name in weights)
        units = [len(weights[f"lstm {layer}/bias"]) // 4 for layer in range(self.layers)]
        self.h = [np.zeros(count) for count in units]
        self.c = [np.zeros(count) for count in units]

    def step(self, x, temperature=1.0):
        """Read one input, return the probability of each event that may come next."""
        for layer in range(self.layers):
            kernel, bias = self.weights[f"lstm {layer}/kernel"], self.weights[f"lstm {layer}/bias"]
            x, self.c[layer] = lstm_step(x, self.h[layer], self.c[layer], kernel, bias)
            self.h[layer] = x
        return softmax(x @ self.weights["output/kernel"] + self.weights["output/bias"], temperature)


def compose(weights, theme, steps, temperature=1.0, seed=1):
    """Read a theme of events, then choose so many more: each is drawn, and read as the next input."""
    network, chance = MelodyNetwork(weights), np.random.default_rng(seed)
    count = len(weights["output/bias"])
    events = list(theme)
    for event in theme:
        probabilities = network.step(one_hot(event, count), temperature)
    for _ in range(steps):
        events.append(int(chance.choice(count, p=probabilities)))
        probabilities = network.step(one_hot(events[-1], count), temperature)
    return events[len(theme) :]


def main():
    """Continue D E F G with the starter `basic`; prints one event for each sixteenth note."""
    from pathlib import Path

    from ai_duet.engine.bundle import read_bundle
    from ai_duet.engine.weights import weights_by_role

    bundle = read_bundle(Path(__file__).parents[1] / "checkpoints/starter_basic_rnn.mag")
    weights = weights_by_role(bundle.variables)
    theme = [
        2 + pitch - 48 for pitch in (62, 64, 65, 67)
    ]  # 0 holds, 1 ends a note, 2 is the C of MIDI pitch 48
    names = ["hold", "end", *(f"note {pitch}" for pitch in range(48, 84))]
    print(*(names[event] for event in compose(weights, theme, 16)), sep="\n")


if __name__ == "__main__":
    main()
