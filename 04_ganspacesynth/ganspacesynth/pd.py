"""The Pd objects of GANSpaceSynth: `[pyext. 1 1 ganspacesynth.pd ganspacesynth]` and `... halluseq EDITS]`."""

import functools

import numpy as np
import pyext
from gansynth.pd import gansynth
from pdworker import options as words
from pdworker.host.arguments import Unclear, message, name, number, only

from ganspacesynth.steps import Steps

SETTINGS = {
    "interp_steps": (1, 64),
    "sample_spacing": (0.2, 60),
    "start_trim": (0.0, 60),
    "attack": (0.5, 60),
    "sustain": (0.5, 60),
    "release": (0.5, 60),
}


class ganspacesynth(gansynth):
    """GANSynth with directions: principal components of one of its layers.

    An edit of 1 moves the layer by one standard deviation along its component.

    In:  all that gansynth takes, and
         load_ganspace_components FILE EDITS   the array gets a number for each component, all zero
         synthesize Z SOUND PITCH ...          with the edits of that array, added to the layer
         synthesize_noz SOUND PITCH EDIT ... [-- SOUND PITCH EDIT ...]   the layer is replaced: no z, no pitch;
                                               an EDIT is a number, or an array of them
    Out: loaded_pca, components COUNT LAYER PITCH (-1: unknown)
         pitch_without_effect ASKED HEARD      where a replaced layer makes a pitch meaningless
         and all that gansynth says. An array EDITS-variance gets the explained variance of each component.
    """

    WORKER = "ganspacesynth.worker"

    _edits = None  # the array of edits, once components are loaded
    _pitch = -1  # at which they were computed; -1: unknown

    def folders(self):
        here, day, downloads = super().folders()
        return [here, day, day.parent.parent / "03_gansynth" / "checkpoints", downloads]

    def loaded(self, facts):
        self._edits = None
        super().loaded(facts)

    @message("load_ganspace_components FILE EDITS")
    def load_ganspace_components_1(self, *values):
        if len(values) < 2:
            raise Unclear("a file and an array")
        self._load_components(words.text(values[:-1]), self._names(values[-1:])[0])

    def _load_components(self, file, edits):
        self._model()

        def done(facts, arrays):
            self._put(edits, np.zeros(facts["count"]))
            variance = pyext.Buffer(f"{edits}-variance")
            if len(variance):
                self._put(f"{edits}-variance", arrays[0])
            self._edits, self._pitch = edits, facts.get("pitch", -1)
            self.components_loaded(facts)
            self.say("progress", 1, "")
            self.say("components", facts["count"], facts["layer"], self._pitch)
            self.say("loaded_pca")

        folders = [str(folder) for folder in self.folders()]
        self.call("load_components", done, file=file, folders=folders)

    def components_loaded(self, facts):
        """Hook: components were loaded, and these are their facts."""

    def _synthesize(self, points, sounds, pitches):
        if self._edits is None:
            super()._synthesize(points, sounds, pitches)
            return
        edits = [np.array(pyext.Buffer(self._edits), np.float32)] * len(pitches)
        done = functools.partial(self._synthesized, sounds)
        self.call("edit", done, arrays=[*edits, *points], pitches=pitches)

    @message("synthesize_noz SOUND PITCH EDIT ... [-- SOUND PITCH EDIT ...]")
    def synthesize_noz_1(self, *values):
        self._model()
        notes = [[]]
        for value in values:
            if str(value) == "--":
                notes.append([])
            else:
                notes[-1].append(value)
        if min(map(len, notes)) < 2:
            raise Unclear("a sound and a pitch")
        sounds = self._names([note[0] for note in notes])
        pitches = [round(number(note[1], "a pitch", 0, 127)) for note in notes]
        edits = [self._edits_of(note[2:]) for note in notes]
        done = functools.partial(self._synthesized, sounds)
        for pitch in pitches:
            if pitch != self._pitch and self._edits is not None:
                self.say("pitch_without_effect", pitch, self._pitch)
        self.call("edit", done, arrays=edits, pitches=pitches, replace=True)

    def _edits_of(self, values):
        """Edits from numbers and arrays of numbers; at least one."""
        parts = [
            [number(value, "an edit", -1000, 1000)]
            if isinstance(value, (int, float))
            else np.array(pyext.Buffer(self._names([value])[0]), np.float32)
            for value in values
        ]
        return np.concatenate([*parts, [0.0]]).astype(np.float32) if not parts else np.concatenate(parts)


class halluseq(ganspacesynth):
    """The hallucination sequencer: steps of edits, played one after the other with notes between them.

    Argument: EDITS, the array in which the current step's edits lie.
    In:  all that ganspacesynth takes, and
         load_ganspace_components FILE
         prev_step, next_step, add_step, rand_step, remove_step, send_state
         read_steps FILE, write_steps FILE
         interp_steps N, sample_spacing S, start_trim S, attack S, sustain S, release S
         hallucinate_noz SOUND
    Out: updated, step index|count N, settings NAME VALUE, read_steps COUNT, written FILE, hallucinated SAMPLES RATE
         and all that ganspacesynth says
    """

    def __init__(self, edits="edits", *arguments):
        super().__init__()
        self._edits_array = str(edits)
        self._steps = Steps()
        self._settings = {setting: default for setting, (default, _) in SETTINGS.items()}

    @message("load_ganspace_components FILE")
    def load_ganspace_components_1(self, *values):
        if not values:
            raise Unclear("a file")
        self._load_components(words.text(values), self._edits_array)

    def components_loaded(self, facts):
        self._steps = Steps(facts["count"])
        self.say("updated")

    # Steps.

    def prev_step_1(self):
        self._change(lambda: self._steps.move(-1))

    def next_step_1(self):
        self._change(lambda: self._steps.move(1))

    def add_step_1(self):
        self._change(self._steps.add)

    def rand_step_1(self):
        self._change(lambda: self._steps.add(self._random.standard_normal(len(self._steps.current))))

    def remove_step_1(self):
        self._change(self._steps.remove)

    def _change(self, act):
        """Take over what the student did to the current step, act, and show the current step."""
        self._take()
        act()
        self._put(self._edits_array, self._steps.current)
        self.say("updated")

    def _take(self):
        edits = np.array(pyext.Buffer(self._edits_array), np.float32)
        if len(edits) != len(self._steps.current):
            self._steps.resize(max(1, len(edits)))
        self._steps.current = edits if len(edits) else [0.0]

    @message("read_steps FILE")
    def read_steps_1(self, *values):
        def done(facts, arrays):
            self._steps.take(arrays[0])
            self._put(self._edits_array, self._steps.current)
            self.say("updated")
            self.say("read_steps", len(self._steps))

        self.call("read_steps", done, file=self._steps_file(values), size=len(self._steps.current))

    @message("write_steps FILE")
    def write_steps_1(self, *values):
        file = self._steps_file(values)
        self._take()
        self.call(
            "write_steps",
            lambda facts, arrays: self.say("written", facts["file"]),
            arrays=[self._steps.as_array()],
            file=file,
        )

    def _steps_file(self, values):
        if not values:
            raise Unclear("a file")
        return str(self.path(words.text(values)))

    # Settings.

    def interp_steps_1(self, *values):
        self._set("interp_steps", values)

    def sample_spacing_1(self, *values):
        self._set("sample_spacing", values)

    def start_trim_1(self, *values):
        self._set("start_trim", values)

    def attack_1(self, *values):
        self._set("attack", values)

    def sustain_1(self, *values):
        self._set("sustain", values)

    def release_1(self, *values):
        self._set("release", values)

    @message("the setting's name and a number")
    def _set(self, setting, values):
        value = number(only(values), setting, 0, SETTINGS[setting][1])
        self._settings[setting] = round(value) if setting == "interp_steps" else value
        self.say("updated")

    def send_state_1(self):
        self.say("step", "index", self._steps.index)
        self.say("step", "count", len(self._steps))
        for setting, value in self._settings.items():
            self.say("settings", setting, value)

    # Sound.

    @message("hallucinate_noz SOUND")
    def hallucinate_noz_1(self, *values):
        self._model()
        sound = self._names([name(only(values))])[0]
        self._take()
        asked = dict(self._settings)
        asked["parts"] = asked.pop("interp_steps")
        asked["spacing"], asked["trim"] = asked.pop("sample_spacing"), asked.pop("start_trim")
        done = functools.partial(self._hallucinated, sound)
        self.call("hallucinate_edits", done, arrays=[self._steps.as_array()], **asked)
