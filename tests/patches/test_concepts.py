"""The small patches in which one idea sounds: each opens, fits, has its task, and does what its lesson says."""

import itertools
import shutil

import numpy as np
import pytest
from dlwakit.course.days import all_days
from support.course_copy import ROOT
from support.page import Page
from support.pd_window import boxes, cords, size
from support.waiting import wait_until

PATCHES = [day.folder / patch for day in all_days(ROOT) for patch in day.concepts]
BY_NAME = {"argvalues": PATCHES, "ids": [patch.stem for patch in PATCHES]}


@pytest.fixture
def concept(play, tmp_path):
    """`concept("neuron")`: this patch as a Page, with DSP on."""

    def start(name):
        patch = next(patch for patch in PATCHES if patch.stem == name)
        copy = tmp_path / patch.name
        copy.write_text(patch.read_text() + "#X obj 10 900 dlwa-remote \\$0 idea;\n")
        for file in patch.parent.glob("*.txt"):
            shutil.copy(file, tmp_path)
        page = Page(play([copy], path=[ROOT / "setup/patches"], listen=["idea-out"]), "idea")
        page.pd.send("pd", "dsp", 1)
        return page

    return start


def pull(page, **sliders):
    """Move sliders, by their names."""
    for name, value in sliders.items():
        page.press(f"{name}-set", value)
    page.pd.sync()


def until_close(page, array, expected, what):
    """Wait until an array of the patch has these values."""
    wait_until(lambda: np.allclose(page.array(array), expected(), atol=1e-3), what)


@pytest.mark.parametrize("patch", **BY_NAME)
def test_it_fits_and_nothing_overlaps(patch):
    assert cords(patch) == []
    width, height = size(patch)
    assert (width, height) <= (700, 620)
    found = boxes(patch)
    for one, other in itertools.combinations(found, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, f"{one[:4]} {one[4]}\n{other[:4]} {other[4]}"
    for left, top, right, bottom, line in found:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, line


@pytest.mark.parametrize("patch", **BY_NAME)
def test_it_has_a_task_and_opens_without_an_error(patch, play):
    text = patch.read_text()
    assert all(f"empty {word} " in text for word in ("Predict", "Play", "Explain"))
    pd = play([patch])
    pd.send("pd", "dsp", 1)
    pd.sync()
    assert pd.errors() == []
    assert not [line for line in pd.console if "couldn't create" in line]


def test_a_neuron_computes_its_output(concept):
    page = concept("neuron")
    page.listen("out")
    pull(page, x1=0.75, x2=1, x3=-1, w1=2, w2=-0.5, w3=0.25, b=0.5)
    for number, bend in enumerate(
        [lambda x: x, lambda x: max(0, x), lambda x: 1 / (1 + np.exp(-x)), np.tanh]
    ):
        page.press("act", number)
        page.pd.sync()
        assert page.heard("out")[-1][0] == pytest.approx(bend(1.25), abs=1e-4)


def test_the_next_note_has_the_probabilities_of_a_softmax(concept):
    page = concept("next_note")
    scores = np.array(page.array("scores"))
    for temperature in (0.5, 2):
        pull(page, temp=temperature)
        powers = np.exp(scores / temperature)
        until_close(page, "probs", lambda powers=powers: powers / powers.sum(), "the probabilities")


def test_sixty_sliders_have_three_sounds(concept):
    page = concept("harmonics")
    page.press("odd", "bang")
    harmonics = np.array(page.array("harmonics"))
    assert harmonics[0] == 1 and not harmonics[1::2].any() and harmonics[2:29:2].all()
    page.press("clear", "bang")
    assert not any(page.array("harmonics"))


def lines_of(day, name):
    """The numbers of a text file that a small patch shows, a row for each line."""
    text = next(ROOT.glob(f"{day}_*/concepts/{name}.txt")).read_text()
    return np.array([line.rstrip(";").split() for line in text.splitlines()], float)


def test_the_decoder_moves_the_sixty_sliders(concept):
    page, lines = concept("harmonics"), lines_of("02", "violin")
    page.listen("f0", "breath")
    page.press("decoder", 1)
    wait_until(lambda: [value[0] > 50 for value in page.heard("f0")].count(True) > 5, "frames of the decoder")
    page.press("decoder", 0)
    page.pd.sync()
    shown = np.array(page.array("harmonics"))[:40]
    frame = np.abs(lines[:, 3:43] - shown).max(axis=1).argmin()
    assert shown.max() > 0 and np.allclose(shown, lines[frame, 3:43], atol=1e-3)
    assert np.allclose(page.array("gains"), lines[frame, 43:], atol=1e-3)
    assert page.heard("f0")[-1][0] == pytest.approx(lines[frame, 0], abs=0.1)
    assert page.heard("breath")[-1][0] == pytest.approx(lines[frame, 2], abs=1e-3)


def test_the_melody_network_is_shown_step_by_step(concept):
    page, lines = concept("steps"), lines_of("01", "steps")
    page.listen("read", "chance")
    for line in lines[:3]:
        page.press("step", "bang")
        until_close(page, "probs", lambda line=line: line[2:40], "the probabilities")
        assert np.allclose(page.array("memory"), line[40:], atol=1e-3)
        assert page.heard("read")[-1] == [line[0] if line[0] < 2 else line[0] + 46]
        assert page.heard("chance")[-1][0] == pytest.approx(line[1], abs=0.1)
    page.press("again", "bang")
    page.press("step", "bang")
    until_close(page, "probs", lambda: lines[0, 2:40], "the first step again")


def test_two_curves_are_read_over_and_over(concept):
    page = concept("two_curves")
    page.listen("where")
    page.press("play", 1)
    assert [page.pd.expect(page.own("where"))[0] for _ in range(4)] == [0, 1, 2, 3]


def test_the_made_note_of_two_networks_comes_to_the_real_ones(concept):
    page = concept("two_networks")
    page.listen("made", "real")
    pull(page, goal=78, rate=0.1)
    for _ in range(400):
        page.press("step", "bang")
    made = [values[0] for values in page.heard("made")]
    assert made[0] < 58 and abs(np.mean(made[-50:]) - 78) < 5


def test_one_number_moves_the_harmonics_through_its_weights(concept):
    page = concept("one_number")
    pull(page, z0=1.5, z5=-0.5)
    weights = np.reshape(page.array("weights"), (8, 20))
    expected = np.minimum(1.5, np.exp(1.5 * weights[0] - 0.5 * weights[5])) / np.arange(1, 21)
    until_close(page, "harmonics", lambda: expected, "the harmonics")


def test_the_directions_of_a_cloud_are_its_principal_components(concept):
    page = concept("cloud")
    page.listen("found", "share")
    pull(page, length=0.7, width=0.1, angle=120)
    wait_until(lambda: len(page.heard("found")) and abs(page.heard("found")[-1][0] - 120) < 15, "the angle")
    page.pd.sync()
    points = np.array([page.array("px"), page.array("py")])
    values, vectors = np.linalg.eigh(np.cov(points))
    angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180
    assert page.heard("found")[-1][0] == pytest.approx(angle, abs=0.1)
    assert page.heard("share")[-1][0] == pytest.approx(100 * values[1] / values.sum(), abs=0.1)


def test_the_components_of_a_drawn_cloud_are_those_of_its_points(concept):
    page = concept("cloud")
    page.listen("found", "share")
    page.press("shape", 3)
    across = np.arange(60) / 29.5 - 1
    for drawn in (0.5 * across, np.abs(across) - 0.5):
        page.pd.send(page.own("drawn"), 0, *drawn.tolist())
        until_close(page, "py", lambda drawn=drawn: drawn, "the points")
        page.pd.sync()
        values = np.linalg.eigvalsh(np.cov([across, drawn]))
        share = 100 * values[1] / values.sum()
        wait_until(lambda share=share: abs(page.heard("share")[-1][0] - share) < 0.1, "the share")


def test_one_slider_adds_its_direction(concept):
    page = concept("direction")
    pull(page, edit=-2)
    mean, direction = (np.array(page.array(name)) for name in ("mean", "direction"))
    until_close(page, "harmonics", lambda: np.maximum(0, mean - 2 * direction), "the sum")


def test_the_die_weighs_its_faces_by_temperature(concept):
    page = concept("die")
    page.listen("face")
    pull(page, temp=0.5)
    page.press("roll", 1)
    face = int(page.pd.expect(page.own("face"))[0])
    scores = np.array(page.array("scores"))
    assert np.allclose(page.array("weights"), np.exp((scores - scores.max()) / 0.5), atol=1e-3)
    wait_until(lambda: page.array("counts")[face] >= 1, "the count")


@pytest.mark.parametrize("law", [0, 1])
def test_two_bits_leave_four_values(concept, law):
    page = concept("quantise")
    pull(page, bits=2, level=0)
    page.press("law", law)
    wait_until(lambda: 1 < len(set(np.round(page.array("seen"), 3))) <= 4, "four values")


@pytest.mark.parametrize("factor, gate, step", [(0.9, 0, 0.9), (0.9, 0.9, 0.99), (1.1, 0, 1.1)])
def test_a_trace_fades_by_its_factor_unless_the_gate_is_open(concept, factor, gate, step):
    page = concept("vanish")
    pull(page, factor=factor, gate=gate)
    until_close(page, "trace", lambda: np.minimum(2, step ** np.arange(100)), "the trace")
    page.listen("step", "rest")
    page.press("play", 1)
    wait_until(lambda: len(page.heard("rest")) > 3, "steps back")
    assert [value[0] for value in page.heard("step")[:3]] == [0, 1, 2]
    assert page.heard("rest")[2][0] == pytest.approx(100 * step**2, abs=0.1)


def test_by_hand_counts_its_numbers_and_follows_the_level(concept):
    page = concept("by_hand")
    page.listen("cost")
    pull(page, rate=20)
    assert page.heard("cost")[-1] == [40]
    wait_until(lambda: max(page.array("level")) > 10, "a level")


def test_the_bands_add_up_to_the_sound(concept):
    page = concept("bands")
    page.press("source", 1)
    wait_until(lambda: 0.2 < np.std(page.array("seen")) < 0.4, "the saw")
    page.press("none", "bang")
    wait_until(lambda: max(map(abs, page.array("seen"))) < 1e-4, "silence")
