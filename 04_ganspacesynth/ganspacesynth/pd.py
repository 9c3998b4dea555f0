"""The Pd objects of GANSpaceSynth, `[pyext. 1 1 ganspacesynth.pd ganspacesynth]` and `... halluseq EDITS]`.

Runs on Pd's thread.
"""

import contextlib
from pathlib import Path

import numpy as np
import pyext
from gansynth.pd import gansynth
from modelfiles.errors import UserError
from modelfiles.finding import find
from pdworker import options
from pdworker.host.arguments import message, number
from pdworker.host.settings import Number, Whole
from pdworker.host.takes import background
from pdworker.takes.fingerprint import fingerprint

from . import SUFFIXES
from .steps import Steps


class ganspacesynth(gansynth):
    """GANSynth with directions: principal components of one of its layers.

    An edit of 1 moves the layer by one standard deviation along its component. An array EDITS-variance gets the
    explained variance of each component.

    Out of the outlet, beside what gansynth says: `loaded_pca`, `components COUNT LAYER PITCH` (-1: unknown),
    `pitch_without_effect ASKED USED` where a replaced layer makes a pitch meaningless.
    """

    WORKER = "ganspacesynth.worker"
    TAKES = ("generate", "hallucinate", "travel", "synthesize_noz")

    _edits = None  # the array of edits, once components are loaded
    _components = None  # (name or path, SHA-256) of their file
    _pitch = -1  # at which they were computed; -1: unknown

    def checkpoint_folders(self):
        *here, day, downloads = super().checkpoint_folders()
        return [*here, day, day.parent.parent / "03_gansynth" / "checkpoints", downloads]

    def import_folders(self):
        return [self._day_folder(), self._day_folder().parent / "03_gansynth"]

    def model_loaded(self, facts):
        self._edits = self._components = None
        super().model_loaded(facts)

    @message("load_ganspace_components FILE EDITS")
    async def load_ganspace_components_1(self, *words):
        """Load components; the array gets a number for each, all zero."""
        if len(words) < 2:
            raise UserError("usage", "a file and an array are needed")
        await self._load_components(options.text(words[:-1]), self._names(words[-1:])[0])

    async def _load_components(self, file, edits):
        self.require_model()
        folders = [str(folder) for folder in self.checkpoint_folders()]
        reads, path = {}, None
        with contextlib.suppress(UserError):  # it may be in the model's folder, which the worker knows
            path = find(file, folders, SUFFIXES)
            reads["file"] = str(path)
        call = self.call("load_components", reads=reads, file=file, folders=folders)
        facts, (variance,) = await call
        self._put(edits, np.zeros(facts["count"]))
        if len(pyext.Buffer(f"{edits}-variance")):
            self._put(f"{edits}-variance", variance)
        self._edits, self._pitch = edits, facts.get("pitch", -1)
        self._components = [str(path or file), path and await background.run(fingerprint, path)]
        self.components_loaded(facts)
        self.output("progress", 1, "")
        self.output("components", facts["count"], facts["layer"], self._pitch)
        self.output("loaded_pca")

    def components_loaded(self, facts):
        """Hook: components were loaded, and these are their facts."""

    def take_state(self):
        edits = {"components": self._components, "edits": self.portable(self._edits)} if self._edits else {}
        return {**super().take_state(), **edits}

    async def restore_take(self, state, call, arrays):
        await super().restore_take(state, call, arrays)
        if "components" not in state:
            self._edits = self._components = None
        elif state["components"] != self._components:
            file, digest = state["components"]
            if digest and await background.run(fingerprint, Path(file)) != digest:
                raise UserError(
                    "file", f"the components {file} are gone, or have changed since this take was made"
                )
            edits = np.array(pyext.Buffer(array := self.local(state["edits"])), np.float32)
            await self._load_components(file, array)
            self._put(array, edits)

    def making_notes(self, words, points, pitches):
        if self._edits is None:
            return super().making_notes(words, points, pitches)
        edits = [np.array(pyext.Buffer(self._edits), np.float32)] * len(pitches)
        shown = {array: len(edits) + index for index, array in enumerate(words[::3])}
        shown[self._edits] = 0
        arrays = [*edits, *points]
        return self.making(["generate", *words], "edit", arrays=arrays, shown=shown, pitches=pitches)

    @message("synthesize_noz SOUND PITCH EDIT ... [-- SOUND PITCH EDIT ...]")
    async def synthesize_noz_1(self, *words):
        """Make notes with the layer replaced: no z, no pitch; an EDIT is a number, or an array of them."""
        self.require_model()
        notes = [[]]
        for word in words:
            if str(word) == "--":
                notes.append([])
            else:
                notes[-1].append(word)
        if min(map(len, notes)) < 2:
            raise UserError("usage", "a sound and a pitch are needed")
        sounds = self._names([note[0] for note in notes])
        pitches = [round(number(note[1], "a pitch", 0, 127)) for note in notes]
        edits = [self._edits_of(note[2:]) for note in notes]
        for pitch in pitches:
            if pitch != self._pitch and self._edits is not None:
                self.output("pitch_without_effect", pitch, self._pitch)
        making = self.making(["synthesize_noz", *words], "edit", arrays=edits, pitches=pitches, replace=True)
        await self.show_notes(sounds, making)

    def _edits_of(self, values):
        """Edits from numbers and arrays of numbers; a zero where there is none."""
        parts = [
            [number(value, "an edit", -1000, 1000)]
            if isinstance(value, (int, float))
            else np.array(pyext.Buffer(self._names([value])[0]), np.float32)
            for value in values
        ]
        return np.concatenate(parts or [[0.0]]).astype(np.float32)


class halluseq(ganspacesynth):
    """The hallucination sequencer: steps of edits, played one after the other with notes between them.

    Argument: EDITS, the array in which the current step's edits lie.

    Out of the outlet, beside what ganspacesynth says: `updated`, `step index|count N`, `settings NAME VALUE`,
    `opened COUNT`, `saved FILE`, `hallucinated SAMPLES RATE`.
    """

    SETTINGS = {
        "interp_steps": Whole(1, 0, 64, help="parts into which the way from a step to the next is cut"),
        "sample_spacing": Number(0.2, 0, 60, unit="s", help="from the start of a note to the next"),
        "start_trim": Number(0.0, 0, 60, unit="s", help="cut off from the start of each note"),
        "attack": Number(0.5, 0, 60, unit="s", help="fade in"),
        "sustain": Number(0.5, 0, 60, unit="s", help="between the fades"),
        "release": Number(0.5, 0, 60, unit="s", help="fade out"),
    }
    TAKES = ("generate", "hallucinate", "travel", "synthesize_noz", "hallucinate_noz")
    ALIASES = {"read_steps": "open_steps", "write_steps": "save_steps"}

    def __init__(self, edits="edits", *arguments):
        super().__init__()
        self._edits_array = str(edits)
        self._steps = Steps()

    @message("load_ganspace_components FILE")
    async def load_ganspace_components_1(self, *words):
        """Load components; each step gets a number for each."""
        if not words:
            raise UserError("usage", "a file is needed")
        await self._load_components(options.text(words), self._edits_array)

    def components_loaded(self, facts):
        self._steps = Steps(facts["count"])
        self.output("updated")

    def setting_changed(self, name):
        super().setting_changed(name)
        self.output("updated")

    async def restore_take(self, state, call, arrays):
        await super().restore_take(state, call, arrays)
        if arrays and arrays[0].ndim == 2:
            self._steps.replace(arrays[0])
            self._put(self._edits_array, self._steps.current)
            self.output("updated")

    # Steps.

    @message("prev_step")
    def prev_step_1(self):
        """Go to the step before; from the first to the last."""
        self._change(lambda: self._steps.move(-1))

    @message("next_step")
    def next_step_1(self):
        """Go to the next step; from the last to the first."""
        self._change(lambda: self._steps.move(1))

    @message("add_step")
    def add_step_1(self):
        """Add a copy of the current step at the end."""
        self._change(self._steps.add)

    @message("rand_step")
    def rand_step_1(self):
        """Add a random step at the end."""
        self._change(lambda: self._steps.add(self._random.standard_normal(len(self._steps.current))))

    @message("remove_step")
    def remove_step_1(self):
        """Remove the current step, unless it is the only one."""
        self._change(self._steps.remove)

    def _change(self, act):
        """Take over what was done to the current step, act, and show the current step."""
        self._take_over_edits()
        act()
        self._put(self._edits_array, self._steps.current)
        self.output("updated")

    def _take_over_edits(self):
        edits = np.array(pyext.Buffer(self._edits_array), np.float32)
        if len(edits) != len(self._steps.current):
            self._steps.resize(max(1, len(edits)))
        self._steps.current = edits if len(edits) else [0.0]

    @message("open_steps FILE")
    async def open_steps_1(self, *words):
        """Read all steps from a text file, a line a step."""
        file = self._steps_file(words)
        _, (rows,) = await self.call("read_steps", reads={"file": file}, size=len(self._steps.current))
        self._steps.replace(rows)
        self._put(self._edits_array, self._steps.current)
        self.output("updated")
        self.output("opened", len(self._steps))

    @message("save_steps FILE")
    async def save_steps_1(self, *words):
        """Write all steps to a text file, a line a step."""
        file = self._steps_file(words)
        self._take_over_edits()
        await self.call("write_steps", arrays=[self._steps.as_array()], writes={"file": file})
        self.output("saved", file)

    def _steps_file(self, words):
        if not words:
            raise UserError("usage", "a file is needed")
        return str(self.path(options.text(words)))

    @message("send_state")
    def send_state_1(self):
        """Get the current step's number, the number of steps, and the settings."""
        self.output("step", "index", self._steps.index)
        self.output("step", "count", len(self._steps))
        for setting in halluseq.SETTINGS:
            if setting != "seed":
                self.output("settings", setting, self.settings[setting])

    # Sound.

    @message("hallucinate_noz SOUND")
    async def hallucinate_noz_1(self, sound):
        """Make one long sound along the steps."""
        self.require_model()
        (sound,) = self._names([sound])
        self._take_over_edits()
        asked = {
            "parts": self.settings["interp_steps"],
            "spacing": self.settings["sample_spacing"],
            "trim": self.settings["start_trim"],
            **{fade: self.settings[fade] for fade in ("attack", "sustain", "release")},
        }
        steps = [self._steps.as_array()]
        making = self.making(["hallucinate_noz", sound], "hallucinate_edits", arrays=steps, **asked)
        await self.show_hallucination(sound, making)
