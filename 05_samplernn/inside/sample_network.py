"""The network of day 5 as one short program: two tiers with memory, and one that chooses each sample. Runs anywhere.

Only numpy is needed. `weights` are arrays by the names of the checkpoint: "frame_tier.inputs.weight" and so on.
Of the kinds of SampleRNN it knows that of the starters: GRU layers without skips.
"""

import numpy as np


def sigmoid(x):
    """Bend any number into the range from 0 to 1."""
    return 1 / (1 + np.exp(-x))


def gru_step(x, h, w_in, w_memory, b_in, b_memory):
    """One step of a GRU layer: x [inputs], h [units] the output of the step before. Returns the new h."""
    reset_in, update_in, new_in = np.split(w_in @ x + b_in, 3)
    reset_memory, update_memory, new_memory = np.split(w_memory @ h + b_memory, 3)
    reset = sigmoid(reset_in + reset_memory)
    update = sigmoid(update_in + update_memory)
    new = np.tanh(new_in + reset * new_memory)
    return (1 - update) * new + update * h  # keep a part of the memory as it is


class Tier:
    """An upper tier: reads `size` samples at a time, gives `ratio` vectors to the tier below."""

    def __init__(self, weights, name, levels):
        self.own = {
            key[len(name) + 1 :]: value for key, value in weights.items() if key.startswith(f"{name}.")
        }
        self.half = levels / 2
        self.layers = sum(key.startswith("layers.") and "weight_ih" in key for key in self.own)
        units = self.own["upsample"].shape[1]
        self.memory = [np.zeros(units) for _ in range(self.layers)]

    def step(self, codes, from_above=0.0):
        """Read one frame of sample values, with the vector of the tier above; return the vectors [ratio, units]."""
        own = self.own
        x = own["inputs.weight"] @ ((codes / self.half - 1) * 2) + own["inputs.bias"] + from_above
        for layer in range(self.layers):
            names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
            x = gru_step(x, self.memory[layer], *(own[f"layers.{layer}.{name}"] for name in names))
            self.memory[layer] = x
        return own["upsample"] @ x


def sample_scores(codes, from_above, weights):
    """A score for each of the 256 sample values, from the last 16 of them and the vector of the tier above."""
    embedded = weights["sample_tier.embedding"][codes]  # a row of numbers for each value
    x = from_above + np.einsum("ke,ked->d", embedded, weights["sample_tier.inputs"])
    for name in ("hidden1", "hidden2"):
        x = np.maximum(0, weights[f"sample_tier.{name}.weight"] @ x + weights[f"sample_tier.{name}.bias"])
    return weights["sample_tier.outputs.weight"] @ x + weights["sample_tier.outputs.bias"]


def draw(scores, temperature, chance):
    """Roll a die whose faces are as likely as the scores say."""
    powers = np.exp((scores - scores.max()) / temperature)
    return chance.choice(len(scores), p=powers / powers.sum())


def generate(weights, samples, temperature=1.0, seed=1, frame=16, big=64, levels=256, given=None):
    """Write so many sample values after a frame of silence; each is chosen from all before it.

    given: values to read instead of what is drawn. Returns the values and the scores of each [samples, levels].
    """
    top, middle = (Tier(weights, name, levels) for name in ("big_frame_tier", "frame_tier"))
    chance = np.random.default_rng(seed)
    codes, scores = [levels // 2] * big if given is None else list(given[:big]), []
    for position in range(samples):
        now = np.array(codes[-big:])
        if position % big == 0:
            from_top = top.step(now)
        if position % frame == 0:
            from_middle = middle.step(now[-frame:], from_top[position % big // frame])
        scores.append(sample_scores(now[-frame:], from_middle[position % frame], weights))
        drawn = draw(scores[-1], temperature, chance) if given is None else given[big + position]
        codes.append(int(drawn))
    return np.array(codes[big:]), np.array(scores)


def main():
    """Let the starter `beat` write a hundredth of a second, and print how sure it was of each value."""
    from samplernn import load

    weights = {name: value.numpy() for name, value in load("starter_beat").model.state_dict().items()}
    codes, scores = generate(weights, 160, temperature=0.9)
    powers = np.exp(scores - scores.max(1, keepdims=True))
    sure = (powers / powers.sum(1, keepdims=True))[np.arange(len(codes)), codes]
    print("values:", *codes)
    print(f"mean probability of what was drawn: {sure.mean():.2f}; by pure chance it would be {1 / 256:.3f}")


if __name__ == "__main__":
    main()
