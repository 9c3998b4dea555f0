"""The three-tier network in torch: what is trained, and the reference for the loops; worker process and trainings.

Two recurrent tiers read frames of samples, the top one long frames, the middle one short frames, conditioned by the
top one; a small network then predicts each sample from the few before it, conditioned by the middle tier.
The architecture is PRiSM SampleRNN's (rncm-prism/prism-samplernn), after Mehri et al., "SampleRNN", ICLR 2017.
"""

import torch
from modelfiles.loops.rounding import rounded
from torch import nn
from torch.nn import functional


class FrameTier(nn.Module):
    """One recurrent tier: frames of `size` samples in, `ratio` vectors per frame out."""

    def __init__(self, config, size, ratio):
        super().__init__()
        self.size, self.ratio = size, ratio
        self.half = config.q_levels / 2
        self.skip_conn = config.skip_conn
        dim = config.dim
        cell = nn.LSTM if config.rnn_type == "lstm" else nn.GRU
        self.inputs = nn.Linear(size, dim)
        self.layers = nn.ModuleList(
            cell(2 * dim if config.skip_conn and index == 0 else dim, dim, batch_first=True)
            for index in range(config.num_rnn_layers)
        )
        if config.skip_conn:
            self.skips = nn.ModuleList(
                nn.Linear(dim, dim, bias=index == 0) for index in range(config.num_rnn_layers)
            )
        self.dropout = nn.Dropout(config.rnn_dropout)
        self.upsample = nn.Parameter(
            nn.init.xavier_normal_(torch.empty(ratio * dim, dim)).view(ratio, dim, dim)
        )

    def forward(self, codes, conditioning=None, states=None):
        """codes [batch, frames*size] -> ([batch, frames*ratio, dim], states for the frames that follow)."""
        frames = codes.view(len(codes), -1, self.size)
        signal = self.inputs((frames / self.half - 1) * 2)
        if conditioning is not None:
            signal = signal + conditioning
        if self.skip_conn:
            signal = torch.cat((signal, signal), dim=-1)
        total, after = 0, []
        for index, layer in enumerate(self.layers):
            signal, state = layer(self.dropout(signal), states[index] if states else None)
            after.append(state)
            if self.skip_conn:
                total = total + self.skips[index](signal)
        out = total if self.skip_conn else signal
        vectors = torch.einsum("btd,ked->btke", out, self.upsample)
        return vectors.flatten(1, 2), after


class SampleTier(nn.Module):
    """The network at the bottom: from a frame of samples and a vector of conditioning to the next sample's logits.

    While it is trained, its last two layers compute with weights that are rounded to eight bits, as in the loops.
    """

    def __init__(self, config):
        super().__init__()
        dim, self.frame_size = config.dim, config.frame_size
        self.embedding = nn.Parameter(torch.randn(config.q_levels, config.emb_size) * 0.05)
        bound = (config.frame_size * config.emb_size) ** -0.5
        self.inputs = nn.Parameter(
            torch.empty(config.frame_size, config.emb_size, dim).uniform_(-bound, bound)
        )
        self.hidden1 = nn.Linear(dim, dim)
        self.hidden2 = nn.Linear(dim, dim)
        self.outputs = nn.Linear(dim, config.q_levels)

    def eight_bit_layers(self):
        """The layers that lose most when their weights are rounded, which the loops always hold in eight bits."""
        return self.hidden2, self.outputs

    def table(self):
        """Embedding and first layer as one table [frame_size, q_levels, dim]: what each code adds in each place."""
        return torch.einsum("qe,ked->kqd", self.embedding, self.inputs)

    def forward(self, codes, conditioning, table=None):
        """codes [batch, frame_size-1+n], conditioning [batch, n, dim] -> logits [batch, n, q_levels]."""
        table = self.table() if table is None else table
        places = torch.arange(self.frame_size, device=codes.device) * table.shape[1]
        windows = codes.unfold(1, self.frame_size, 1) + places
        entered = functional.embedding_bag(windows.flatten(0, 1), table.flatten(0, 1), mode="sum")
        hidden = self.hidden1(entered.view_as(conditioning) + conditioning)
        for layer in self.eight_bit_layers():
            weights = rounded(layer.weight) if self.training else layer.weight
            hidden = functional.linear(torch.relu(hidden), weights, layer.bias)
        return hidden


class SampleRNN(nn.Module):
    """The whole network.

    Call it with codes [batch, big_frame_size + n], n a multiple of big_frame_size: it answers the logits
    [batch, n, q_levels] of the last n codes, each predicted from the true codes before it, and the states to hand in
    when the same sequences go on (the next call's first big_frame_size codes are this call's last).
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        frame, big = config.frame_sizes
        self.big_frame_tier = FrameTier(config, big, big // frame)
        self.frame_tier = FrameTier(config, frame, frame)
        self.sample_tier = SampleTier(config)

    def forward(self, codes, states=(None, None)):
        frame, big = self.config.frame_sizes
        conditioning, big_states = self.big_frame_tier(codes[:, :-big], None, states[0])
        conditioning, frame_states = self.frame_tier(codes[:, big - frame : -frame], conditioning, states[1])
        return self.sample_tier(codes[:, big - frame : -1], conditioning), (big_states, frame_states)
