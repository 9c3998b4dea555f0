"""Melodies as a list of events, one for each sixteenth note: the language of Melody RNN.

An event is an int: -2 nothing new happens (a note goes on sounding, or silence goes on), -1 the note that sounds
ends, 0 to 127 a note of this MIDI pitch begins. Four events make a quarter note, sixteen a bar. At 120 quarters a
minute an event is 1/8 s. Notes are lists [pitch, velocity, start, end], times in seconds.

The rules are those of note_seq's Melody (magenta/note-seq, melodies_lib.py), which made the training data.
"""

import numpy as np

NO_EVENT, NOTE_OFF = -2, -1
STEPS_PER_QUARTER, STEPS_PER_BAR = 4, 16
VELOCITY = 100  # of generated notes; the networks know none
PITCHES = 128

# MAJOR[pitch class, key]: 1 if the pitch class belongs to the major key.
MAJOR = np.array(
    [[(pitch - key) % 12 in (0, 2, 4, 5, 7, 9, 11) for key in range(12)] for pitch in range(12)], int
)


def seconds_per_step(qpm):
    """Length of an event in seconds, at a tempo in quarter notes per minute."""
    return 60 / qpm / STEPS_PER_QUARTER


def steps_in(seconds, qpm):
    """How many whole steps there are in a time, at least one.

    What floating point takes from the time does not cost a step, not even Pd's short floats. (Magenta cuts it
    off, and then 128 steps are 127 at 48 of the tempos from 40 to 240.)
    """
    return max(1, int(seconds / seconds_per_step(qpm) + 1e-3))


def to_events(notes, qpm):
    """Events of the melody in `notes`, from the bar in which its first note begins to the end of its last.

    Times move to the nearest step, and no note is shorter than one. Of notes that begin together the highest
    counts; one that begins while another sounds ends it. Notes of velocity 0 are no notes. No notes, no events.
    """
    step = seconds_per_step(qpm)
    quantized = []
    for pitch, velocity, start, end in notes:
        if velocity > 0:
            first, last = (int(time / step + 0.5) for time in (start, end))
            quantized.append((first, -int(pitch), max(last, first + 1)))
    if not quantized:
        return []
    quantized.sort()
    offset = quantized[0][0] // STEPS_PER_BAR * STEPS_PER_BAR
    events = []
    onset = None
    for first, negative_pitch, last in quantized:
        if first == onset:
            continue
        onset = first
        del events[first - offset :]
        events += [NO_EVENT] * (last - offset - len(events)) + [NOTE_OFF]
        events[first - offset] = -negative_pitch
    return events[:-1]


def rest_after(events):
    """The events with one step of silence behind, so that an answer does not tie on to the last note."""
    sounding = any(event >= 0 for event in events)
    return [*events, NOTE_OFF if sounding else NO_EVENT]


def to_notes(events, qpm):
    """Notes of the events, times from the first event on; the end of the list ends the last note."""
    step = seconds_per_step(qpm)
    notes = []
    sounding = False
    for position, event in enumerate([*events, NOTE_OFF]):
        if sounding and event != NO_EVENT:
            notes[-1][3] = position * step
            sounding = False
        if event >= 0:
            notes.append([event, VELOCITY, position * step, position * step])
            sounding = True
    return notes


def major_keys(pitches):
    """int[12]: for C major, C sharp major ... B major, how many of the pitches belong to it."""
    return np.bincount(np.asarray(pitches, int) % 12, minlength=12) @ MAJOR


def transpose(events, amount, low=0, high=PITCHES):
    """Move all notes by `amount` semitones, and those that leave [low, high) by octaves back into it."""
    moved = []
    for event in events:
        if event >= 0:
            event += amount
            if event < low:
                event = low + (event - low) % 12
            elif event >= high:
                event = high - 12 + (event - high) % 12
        moved.append(event)
    return moved


def squash(events, low, high, key):
    """Bring a melody to the range [low, high) and to the key that a network knows.

    `key`: 0 for C major to 11, or None to leave the key alone. Returns (events, amount): by how many semitones
    the notes were moved, before single ones were moved by octaves. The key of a melody is the major key that has
    most of its notes, the lowest of several.
    """
    pitches = [event for event in events if event >= 0]
    if not pitches:
        return list(events), 0
    amount = 0
    if key is not None:
        amount = key - int(np.argmax(major_keys(pitches)))
        centre = (min(pitches) + max(pitches)) / 2 + amount
        amount += 12 * round(((low + high - 1) / 2 - centre) / 12)
    return transpose(events, amount, low, high), amount
