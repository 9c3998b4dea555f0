"""The options that all models share: one vocabulary, one form of help and errors, old spellings that still work."""

import re
from pathlib import Path

import pytest
from dlwakit.course.days import all_days, find_program
from dlwakit.training.options import (
    VOCABULARY,
    dataset_parser,
    given,
    next_command,
    old_learning_rate,
    train_parser,
)
from modelfiles.errors import UserError
from support.tools import marks_of, setup_dlwa

OTHERS = ("--rate", "--json", "--page", "--check-every", "--from")  # not of every training
DEFAULTS = {"data": "runs/toy/data", "preset": "small", "batch_size": 8, "learning_rate": 0.1, "seed": 0}
PROGRAMS = [
    pytest.param(model, task, program, marks=marks_of(program.environment), id=f"{task}-{model}")
    for day in all_days()
    for model, tasks in day.models.items()
    for task in sorted(tasks.keys() & {"dataset", "train", "evaluate"})
    for program in [find_program(model, task)]
]


def parser():
    return train_parser("toy", "Learn.", DEFAULTS, steps=100, check_every=10)


@pytest.mark.slow
@pytest.mark.parametrize("model, task, program", PROGRAMS)
def test_every_program_has_one_form_of_help(model, task, program):
    done = setup_dlwa(task, model, "--help", environment=program.environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: setup/dlwa {task} {model} [-h]")
    own = re.findall(r"(?m)^  (--[a-z-]+)(?: ([A-Z-]+|\{[^}]*\}))?", done.stdout)
    for option, metavar in own:
        known = VOCABULARY.get(option, {}).get("metavar")
        assert known in (None, metavar), option
        assert metavar == metavar.upper() or metavar.startswith("{"), option
    if task == "train" and program.elsewhere:
        others = (
            {*OTHERS, "--preset"} if model.endswith("-upstream") else OTHERS
        )  # those have sizes of their own
        assert {name for name in VOCABULARY if name not in others} <= {name for name, _ in own}
    for old in ("--batch ", "--config", "--out ", "SUPPRESS", "None"):
        assert old not in done.stdout or (model, old) == ("ganspace", "--out ")


def test_settings_that_are_not_given_are_left_to_the_run():
    options = parser().parse(["--learning-rate", "0.5", "--run", "~/here"])
    assert given(options, DEFAULTS) == {"learning_rate": 0.5}
    assert options.run == Path.home() / "here"
    assert (options.steps, options.minutes, options.threads) == (100, None, 0)


@pytest.mark.parametrize(
    "words", [["my data", "--seed", "1"], ["--seed", "1", "my data"], ["--seed=1", "--data", "my data"]]
)
def test_a_data_set_needs_no_option(words):
    assert given(parser().parse(words), DEFAULTS) == {"data": "my data", "seed": 1}


def test_an_old_spelling_works_and_is_not_in_the_help():
    own = dataset_parser("toy", "Make.", "folder of sounds")
    assert own.parse(["sounds", "--out", "set"]).data == Path("set")
    assert own.parse(["sounds"]).data == Path("runs/toy/data")
    assert "--out" not in own.format_help()


def test_the_rate_is_no_learning_rate_any_more_where_it_once_was_one(capsys):
    own = parser()
    own.add_hidden("--rate", dest="learning_rate", type=old_learning_rate)
    assert given(own.parse(["--rate", "0.002"]), DEFAULTS) == {"learning_rate": 0.002}
    with pytest.raises(SystemExit):
        own.parse(["--rate", "44100"])
    assert "the sample rate is that of the data set" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--steps", "many"], ["--nonsense"], ["one", "two"], ["--lear", "0.1"]])
def test_what_cannot_be_parsed_ends_with_2_and_names_the_program(words, capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse(words)
    assert ended.value.code == 2
    usage, *_, message = capsys.readouterr().err.splitlines()
    assert usage.startswith("usage: setup/dlwa train toy")
    assert message.startswith("setup/dlwa train toy: ")


@pytest.mark.parametrize(
    "error, said",
    [
        (
            UserError("input", "too loud", "turn it down"),
            "setup/dlwa train toy: too loud\n    turn it down\n",
        ),
        (FileNotFoundError(2, "No such file", "/x"), "setup/dlwa train toy: there is no /x\n"),
        (PermissionError(13, "Permission denied", "/x"), "setup/dlwa train toy: /x: Permission denied\n"),
    ],
)
def test_what_a_person_can_put_right_is_said_without_a_traceback(error, said, capsys):
    def work():
        raise error

    assert parser().run(work) == 1
    assert capsys.readouterr().err == said


def test_a_fault_of_the_program_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        parser().run(lambda: 1 // 0)


def test_the_next_command_names_a_data_set_where_it_is_not_the_usual_one():
    assert next_command("rave", "runs/rave/data") == "next: setup/dlwa train rave"
    assert next_command("rave", "/my set") == "next: setup/dlwa train rave --data '/my set'"
