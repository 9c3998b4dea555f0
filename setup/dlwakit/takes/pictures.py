"""Pictures of takes as SVG: the envelope of a sound, the notes of a melody; standard library alone."""

import array
import sys

from pdworker.takes.formats import wav_samples

WIDTH, HEIGHT = 400, 60
COLUMNS = 200
PER_COLUMN = 400  # samples of each column that are looked at, at most
IN, OUT = "#6ea8fe", "#ffb454"  # what went in, what came out


def of_sound(path, about):
    """SVG of the envelope of a WAV file of 32-bit floats, drawn for all its channels together."""
    samples = _samples(path)
    if not samples:
        return svg("", f"{about}: empty")
    edges = [round(len(samples) * column / COLUMNS) for column in range(COLUMNS + 1)]
    middle, bars = HEIGHT / 2, []
    for column, (start, end) in enumerate(zip(edges, edges[1:])):
        part = samples[start : max(end, start + 1) : max(1, (end - start) // PER_COLUMN)]
        if part:
            top, bottom = (middle * (1 - max(-1, min(1, value))) for value in (max(part), min(part)))
            x = (column + 0.5) * WIDTH / COLUMNS
            bars.append(f"M{x:.0f} {top:.1f}V{max(bottom, top + 0.5):.1f}")
    return svg(f'<path d="{"".join(bars)}" stroke="{OUT}" stroke-width="2"/>', about)


def of_melody(tracks, about):
    """SVG of the notes of tracks [name, rows (pitch, velocity, start, end)]; the last one is the model's."""
    notes = [(*row, OUT if track is tracks[-1] else IN) for track in tracks for row in track[1]]
    if not notes:
        return svg("", f"{about}: no notes")
    low, high = min(note[0] for note in notes), max(note[0] for note in notes)
    length, step = max(note[3] for note in notes) or 1, (HEIGHT - 8) / (high - low + 1)
    boxes = (
        f'<rect x="{start * WIDTH / length:.1f}" y="{4 + (high - pitch) * step:.1f}" '
        f'width="{max(1, (end - start) * WIDTH / length):.1f}" height="{max(1, step):.1f}" fill="{colour}"/>'
        for pitch, _, start, end, colour in notes
    )
    return svg("".join(boxes), about)


def svg(content, about):
    """An SVG picture that says in words what it shows."""
    label = f'role="img" aria-label="{about}"'
    return f'<svg {label} viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">{content}</svg>'


def _samples(path):
    """The float samples of a WAV file; none of a file that is no such, as of one that is still being written."""
    try:
        content = path.read_bytes()
    except OSError:
        return []
    samples = array.array("f", wav_samples(content)[0])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
