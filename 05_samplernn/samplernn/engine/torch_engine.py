"""Generates with the torch model in float32, step by step, for graphics cards and as a reference; worker process."""

import numpy as np
import torch


class TorchEngine:
    """Sequences that a SampleRNN generates on a torch device, block by block.

    codes [B, big_frame_size + n] int32: silence, then the samples, of which the first `known` are given.
    temperature [B, n]; top_k (0: all), top_p (1: all); the same seed gives the same sound again.
    """

    def __init__(self, model, codes, known, temperature, top_k, top_p, seed):
        self.model, self.codes, self.known = model, codes, known
        self.device = next(model.parameters()).device
        self.temperature = torch.from_numpy(temperature).to(self.device)
        self.top_k, self.top_p = top_k, top_p
        self.random = torch.Generator(self.device).manual_seed(seed)
        self.states = None, None
        with torch.no_grad():
            self.table = model.sample_tier.table()

    @torch.no_grad()
    def compute(self, begin, end):
        """Compute the samples begin <= t < end of `codes`; both are multiples of the block."""
        frame, big = self.model.config.frame_sizes
        for start in range(begin, end, big):
            codes = torch.from_numpy(self.codes[:, start : start + 2 * big].astype(np.int64)).to(self.device)
            coarse, states = self.model.big_frame_tier(codes[:, :big], None, self.states[0])
            self.states = states, self.states[1]
            for step in range(big // frame):
                place = big + step * frame
                fine, states = self.model.frame_tier(
                    codes[:, place - frame : place], coarse[:, step : step + 1], self.states[1]
                )
                self.states = self.states[0], states
                for k in range(frame):
                    if start + step * frame + k >= self.known:
                        window = codes[:, place + k - frame : place + k]
                        logits = self.model.sample_tier(window, fine[:, k : k + 1], self.table)[:, 0]
                        codes[:, place + k] = self.draw(logits, self.temperature[:, start + step * frame + k])
            self.codes[:, start + big : start + 2 * big] = codes[:, big:].cpu().numpy()

    def draw(self, logits, temperature):
        """One code per sequence from logits [B, Q]."""
        odds = torch.softmax(logits.double() / temperature.double().clamp(min=1e-3)[:, None], dim=-1)
        if self.top_k or self.top_p < 1:
            ranked, order = odds.sort(dim=-1, descending=True)
            dropped = ranked.cumsum(dim=-1) - ranked >= self.top_p
            if self.top_k:
                dropped[:, self.top_k :] = True
            odds = odds.scatter(-1, order, ranked.masked_fill(dropped, 0))
        return torch.multinomial(odds, 1, generator=self.random)[:, 0]
