"""Makes bundles with Magenta, plays them with it, and writes down what it did. For test_melody_rnn.py.

    python melody_rnn_magenta.py FOLDER

FOLDER/melodies.json holds what to play; FOLDER gets the bundles, and answers.npz: for each of them probabilities,
continuations and their likelihoods.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np
from ai_duet import upstream
from magenta.models.melody_rnn import melody_rnn_sequence_generator
from magenta.models.shared.sequence_generator_bundle import read_bundle_file
from note_seq.protobuf import generator_pb2, music_pb2
from support.melody_bundles import make_bundle, make_bundle_with_attention_outside, rename_variables

CONFIGURATIONS = ("basic_rnn", "mono_rnn", "lookback_rnn", "attention_rnn")


def main(folder):
    orders = json.loads((folder / "melodies.json").read_text())
    make_bundles(folder)
    answers = {}
    for path in sorted(folder.glob("*.mag")):
        if not path.stem.startswith("old_names"):
            play(path, orders, answers)
    for name in CONFIGURATIONS:
        answers[f"{name} unmodified"] = play_unmodified(folder / f"{name}.mag", orders)
    np.savez(folder / "answers.npz", **answers)


def make_bundles(folder):
    for name in CONFIGURATIONS:
        make_bundle(folder / f"{name}.mag", name, batch_size=1)
        make_bundle(folder / f"{name}_512.mag", name, batch_size=1, rnn_layer_sizes=[512, 512])
    odd = {"batch_size": 3, "rnn_layer_sizes": [20, 33, 7], "attn_length": 5}
    make_bundle(folder / "odd.mag", "attention_rnn", **odd)
    make_bundle_with_attention_outside(folder / "outside.mag")
    for source in ("basic_rnn", "attention_rnn", "outside"):
        rename_variables(folder / f"{source}.mag", folder / f"old_names_{source}.mag", name_of_2016)
        rename_variables(folder / f"{source}.mag", folder / f"old_names_2017_{source}.mag", name_of_2017)


def name_of_2017(name):
    """TensorFlow 1.0 and 1.1."""
    return re.sub("kernel$", "weights", re.sub("bias$", "biases", name))


def name_of_2016(name):
    """TensorFlow 0.12."""
    *path, leaf = name.split("/")
    if path == ["fully_connected"]:
        return name
    classes = {"rnn": "RNN", "multi_rnn_cell": "MultiRNNCell", "basic_lstm_cell": "BasicLSTMCell"}
    path = [classes.get(part, "".join(word.title() for word in part.split("_"))) for part in path]
    leaves = {"kernel": "Linear/Matrix", "bias": "Linear/Bias", "attn_w": "AttnW", "attn_v": "AttnV"}
    return "/".join([*path, leaves[leaf]])


def play(path, orders, answers):
    network = upstream.MelodyRnn(path)
    for number, melody in enumerate(orders["melodies"]):
        answers[f"{path.stem} probabilities {number}"] = network.probabilities(melody, orders["temperature"])
        answers[f"{path.stem} likelihood {number}"] = network.log_likelihood(melody)
    for candidates in orders["candidates"]:
        rng = np.random.RandomState(orders["seed"])
        events, likelihood = network.continue_melody(
            orders["melodies"][0],
            orders["steps"],
            temperature=orders["temperature"],
            candidates=candidates,
            rng=rng,
        )
        answers[f"{path.stem} events {candidates}"] = events
        answers[f"{path.stem} events {candidates} likelihood"] = likelihood
    answer = network.generate(orders["notes"], orders["seconds"], seed=orders["seed"])
    answers[f"{path.stem} notes"] = np.array(answer.notes).reshape(-1, 4)


def play_unmodified(path, orders):
    """The answer, [pitch, start, end] in seconds, of Magenta exactly as it comes, with numpy's global draws.

    Its sections are placed between two steps, so that its rounding does not matter.
    """
    bundle = read_bundle_file(str(path))
    generator = melody_rnn_sequence_generator.get_generator_map()[bundle.generator_details.id](bundle=bundle)
    sequence = music_pb2.NoteSequence()
    sequence.tempos.add().qpm = 120
    for pitch, velocity, start, end in orders["notes"]:
        sequence.notes.add(pitch=pitch, velocity=velocity, start_time=start, end_time=end)
    start = max(end for *_, end in orders["notes"]) + 0.125
    options = generator_pb2.GeneratorOptions()
    section = options.generate_sections.add()
    section.start_time, section.end_time = start - 0.06, start + orders["seconds"] + 0.06
    np.random.seed(orders["seed"])
    generated = generator.generate(sequence, options)
    notes = [
        [note.pitch, note.start_time - start, note.end_time - start]
        for note in generated.notes
        if note.start_time > start - 0.01
    ]
    generator.close()
    return np.array(notes).reshape(-1, 3)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
