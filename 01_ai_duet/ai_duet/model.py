"""Melody RNN: loads a network and lets it go on from a melody; in a worker process or a notebook.

    from ai_duet import load

    model = load("starter_attention_rnn")
    answer = model.generate([(60, 100, 0.0, 0.5), (62, 100, 0.5, 1.0), (64, 100, 1.0, 2.0)], seconds=8)

`MelodyRnn` computes with numpy what Magenta trained, without TensorFlow; `upstream.MelodyRnn` is Magenta itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from modelfiles.engines import upstream_module
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders

from .engine.bundle import Bundle, read_bundle
from .engine.encodings import ENCODINGS, OneHot
from .engine.events import rest_after, squash, steps_in, to_events, to_notes, transpose
from .engine.network import Linear, build_cell, softmax
from .engine.phrases import NO_RULES, Rules, Shaper
from .engine.tempo import estimate_tempo
from .engine.weights import layer_sizes, unplayable, weights_by_role
from .notes import Note, notes_from_rows

Progress = Callable[[float], None]
LEAST = 1e-300  # of a probability whose logarithm is taken


def load(name_or_path: str | Path = "starter_attention_rnn", engine: str = "small") -> MelodyModel:
    """Load a network from a `.mag` bundle.

    Parameters
    ----------
    name_or_path : str or Path
        A path; or a name, with or without ".mag", which is looked for in the current folder, in the day's
        `checkpoints` and among the downloads.
    engine : {"small", "upstream"}
        What computes: numpy, or Magenta, which needs the environment `tensorflow` and builds the graph that is in
        the file, so that the file must be one that you trust.

    Returns
    -------
    MelodyModel
        Ready to generate.

    Raises
    ------
    UserError
        When there is no such file, or none that can be played, or no such engine.
    """
    upstream = upstream_module(__package__ or "", engine)
    path = find(name_or_path, checkpoint_folders(__file__), (".mag",))
    bundle = read_bundle(path)  # with either engine: it says clearly what is wrong with a file
    if upstream is None:
        return MelodyRnn.from_bundle(bundle)
    model: MelodyModel = upstream.MelodyRnn(path)
    return model


class Answer(NamedTuple):
    """What a network made of a melody.

    Attributes
    ----------
    notes : list of Note
        (pitch, velocity, start, end), times in seconds from the beginning of the answer. There may be none, if the
        network rests all the while.
    tempo : float
        Quarter notes per minute that the melody was taken to have.
    log_likelihood : float
        The natural logarithm of the answer's probability.
    """

    notes: list[Note]
    tempo: float
    log_likelihood: float


class Request(NamedTuple):
    """What an engine is asked for, once it is checked: see `MelodyModel.continue_melody`; shaper: of its rules."""

    primer: Sequence[int]
    steps: int
    temperature: float
    candidates: int
    rng: np.random.RandomState
    progress: Progress | None
    shaper: Shaper | None


class MelodyModel(ABC):
    """A network that goes on from a melody, whatever computes it.

    Attributes
    ----------
    configuration : str
        basic_rnn, mono_rnn, lookback_rnn or attention_rnn.
    encoding : OneHot
        What the network gets of a melody at each step, see engine/encodings.py.
    layers : list of int
        Units of each LSTM layer, from the bottom.
    """

    configuration: str
    encoding: OneHot
    layers: list[int]

    def generate(
        self,
        notes: Iterable[Sequence[float]],
        seconds: float,
        *,
        temperature: float = 1.0,
        candidates: int = 1,
        tempo: float | None = None,
        seed: int | None = None,
        key: bool = False,
        phrase: int = 0,
        progress: Progress | None = None,
    ) -> Answer:
        """Go on from a melody.

        Parameters
        ----------
        notes : iterable of Note, or numpy.ndarray [notes, 4]
            What was played: (pitch, velocity, start, end), times in seconds; may be empty.
        seconds : float
            How long the answer may be. It begins one sixteenth note after the last note of the melody.
        temperature, candidates, progress
            See `continue_melody`.
        tempo : float, optional
            Quarter notes per minute; estimated from the notes if it is not given.
        seed : int, optional
            0 to 2**32 - 1. Makes the answer repeatable.
        key : bool
            Whether the answer keeps to the melody's key.
        phrase : int
            Bars after which it comes to rest, at its end on the tonic; 0: nowhere.

        Returns
        -------
        Answer

        Raises
        ------
        UserError
            For numbers with which nothing can be generated.
        """
        _check_answer(seconds, tempo, phrase)
        theme = notes_from_rows(notes)
        tempo = tempo or estimate_tempo(theme)
        settings: dict = {"temperature": temperature, "candidates": candidates, "progress": progress}
        primer, rng = rest_after(to_events(theme, tempo)), np.random.RandomState(seed)
        events, log_likelihood = self.continue_melody(
            primer, steps_in(seconds, tempo), rng=rng, rules=Rules(bool(key), phrase), **settings
        )
        return Answer(to_notes(events, tempo), tempo, log_likelihood)

    def continue_melody(
        self,
        primer: Sequence[int],
        steps: int,
        *,
        temperature: float = 1.0,
        candidates: int = 1,
        rng: np.random.RandomState | None = None,
        progress: Progress | None = None,
        rules: Rules = NO_RULES,
    ) -> tuple[list[int], float]:
        """Go on from a melody that is given as events, see engine/events.py.

        Parameters
        ----------
        primer : sequence of int
            The events, at least one.
        steps : int
            How many events to add.
        temperature : float
            Above 0. The logits are divided by it: above 1 more is possible, below 1 less.
        candidates : int
            So many continuations are drawn side by side, and the likeliest is returned.
        rng : numpy.random.RandomState, optional
            Each step draws one number for each candidate, in their order, as Magenta does.
        progress : callable, optional
            Called with the fraction done, 0 to 1, before each step.
        rules : Rules
            What the new events are held to; none if it is not given.

        Returns
        -------
        events : list of int
            The new ones.
        log_likelihood : float
            The natural logarithm of their probability, as the network gives it.

        Raises
        ------
        UserError
            For numbers with which nothing can be generated.
        """
        _check_request(primer, steps, temperature, candidates)
        shaper = Shaper(rules, self._squashed(primer)[0], steps) if any(rules) else None
        rng = rng or np.random.RandomState()
        return self._continue(Request(primer, steps, temperature, candidates, rng, progress, shaper))

    @abstractmethod
    def _continue(self, request: Request) -> tuple[list[int], float]: ...

    def probabilities(self, events: Sequence[int], temperature: float = 1.0) -> np.ndarray:
        """Compute what may come next along a melody.

        Parameters
        ----------
        events : sequence of int
            At least one.
        temperature : float
            See `continue_melody`.

        Returns
        -------
        numpy.ndarray
            float64 [len(events), labels]: after each event, the probability of each label to come next.
        """
        _check_request(events, 1, temperature, 1)
        return self._probabilities(events, temperature)

    @abstractmethod
    def _probabilities(self, events: Sequence[int], temperature: float) -> np.ndarray: ...

    def log_likelihood(self, events: Sequence[int]) -> float:
        """Compute how likely a melody is, given its first event.

        Parameters
        ----------
        events : sequence of int
            At least one.

        Returns
        -------
        float
            The natural logarithm of its probability.
        """
        probabilities = self.probabilities(events)
        squashed, _ = self._squashed(events)
        labels = [self.encoding.label_at(squashed, position) for position in range(1, len(events))]
        return float(np.log(probabilities[np.arange(len(labels)), labels]).sum())

    def _squashed(self, events: Sequence[int]) -> tuple[list[int], int]:
        """Return a melody in the network's range and key, and by how many semitones it was moved."""
        return squash(events, self.encoding.low, self.encoding.high, self.encoding.key)


def _check_answer(seconds: float, tempo: float | None, phrase: int) -> None:
    """Raise UserError for numbers with which no answer can be generated."""
    if not seconds > 0:
        raise UserError("input", f"cannot generate {seconds} seconds")
    if tempo is not None and not tempo > 0:
        raise UserError("input", f"cannot play {tempo} quarter notes a minute")
    if phrase < 0:
        raise UserError("input", f"a phrase cannot have {phrase} bars")


def _check_request(primer: Sequence[int], steps: int, temperature: float, candidates: int) -> None:
    """Raise UserError for what cannot be generated."""
    if not len(primer):
        raise UserError("input", "there is no event to go on from")
    if steps < 1:
        raise UserError("input", f"cannot generate {steps} steps")
    if not 0 < temperature < float("inf"):
        raise UserError("input", f"the temperature must be above 0, not {temperature}")
    if candidates < 1:
        raise UserError("input", f"cannot choose among {candidates} candidates")


class MelodyRnn(MelodyModel):
    """A trained network, computed with numpy.

    Parameters
    ----------
    configuration : str
        basic_rnn, mono_rnn, lookback_rnn or attention_rnn.
    variables : mapping of str to numpy.ndarray
        Weights by name, of any age and any layer sizes.
    state_width : int, optional
        Numbers of state per melody; needed with attention, whose length it determines.

    Attributes
    ----------
    attention_length : int
        In steps; 0 without attention.

    Raises
    ------
    UserError
        For weights that do not make a network that can be played here.
    """

    def __init__(
        self, configuration: str, variables: Mapping[str, np.ndarray], state_width: int | None = None
    ) -> None:
        if configuration not in ENCODINGS:
            raise unplayable(f"{configuration!r} is no Melody RNN; there are {', '.join(ENCODINGS)}")
        self.configuration = configuration
        self.encoding = ENCODINGS[configuration]
        weights = weights_by_role(variables)
        self.layers = layer_sizes(weights)
        self._cell, self.attention_length = build_cell(weights, self.layers, state_width)
        self._output = Linear(weights, "output")
        self._check_sizes()

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> MelodyRnn:
        """Make the network of a bundle.

        Parameters
        ----------
        bundle : Bundle
            As `engine.bundle.read_bundle` gives it.

        Returns
        -------
        MelodyRnn

        Raises
        ------
        UserError
            The weights do not make a network that can be played here.
        """
        return cls(bundle.configuration, bundle.variables, bundle.state_width)

    def _continue(self, request: Request) -> tuple[list[int], float]:
        primer, steps, temperature, candidates, rng, progress, shaper = request
        squashed, amount = self._squashed(primer)
        melodies = [list(squashed) for _ in range(candidates)]
        likelihoods = np.zeros(candidates)
        outputs, state = self._run(squashed)
        output, state = (
            np.repeat(outputs[-1], candidates, 0),
            [np.repeat(part, candidates, 0) for part in state],
        )
        for step in range(steps):
            if progress:
                progress(step / steps)
            if step:
                inputs = [self.encoding.input_at(melody, len(melody) - 1) for melody in melodies]
                output, state = self._cell.step(np.stack(inputs), state)
            probabilities = softmax(self._output(output) / temperature)
            for number, melody in enumerate(melodies):
                drawn = probabilities[number]
                if shaper:
                    drawn = shaper.reshape(drawn, self.encoding, melody)
                label = int(rng.choice(len(drawn), p=drawn))
                likelihoods[number] += np.log(max(probabilities[number][label], LEAST))
                melody.append(self.encoding.event_of(label, melody))
        best = int(np.argmax(likelihoods))
        return transpose(melodies[best][len(primer) :], -amount), float(likelihoods[best])

    def _probabilities(self, events: Sequence[int], temperature: float) -> np.ndarray:
        outputs, _ = self._run(self._squashed(events)[0])
        return softmax(self._output(np.concatenate(outputs)) / temperature)

    def _run(self, events: Sequence[int]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return the outputs of the cell, float32 [1, units] after each event, and its last state."""
        state, outputs = self._cell.zero_state(1), []
        for vector in self.encoding.inputs(events):
            output, state = self._cell.step(vector[np.newaxis], state)
            outputs.append(output)
        return outputs, state

    def _check_sizes(self) -> None:
        expected, found = self.encoding.input_size, self._cell.input_size
        if found != expected:
            raise unplayable(f"{self.configuration} gets {expected} numbers a step, these weights {found}")
        expected, found = self.encoding.labels, len(self._output.bias)
        if found != expected:
            raise unplayable(
                f"{self.configuration} chooses among {expected} labels, these weights among {found}"
            )
