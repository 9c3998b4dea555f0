"""Lessons, patches and messages keep to words that a reader can look up, in sentences that stay short."""

import pytest
from support.measure_book import pictures, share_inverted, tiers
from support.plain_language import LESSONS, ROOT, avoided, inverted, measure, sentences, texts

# Mean words in a sentence, and share of sentences of more than 30 words: of all lessons together, and of one.
TOGETHER, ALONE = (13.6, 0.025), (15.5, 0.05)
UNDERSTAND = 1000, 1800  # words of this tier of a day
INVERTED = 0.04  # the share of sentences that may begin with something else than their subject


def test_no_text_uses_an_avoided_word():
    found = [
        f"{path}: {words!r}, better: {plain}" for path, text in texts() for words, plain in avoided(text)
    ]
    assert found == []


def test_sentences_stay_short():
    mean, share = measure([page.read_text() for page in LESSONS])
    assert mean <= TOGETHER[0] and share <= TOGETHER[1]


@pytest.mark.parametrize("page", LESSONS, ids=lambda page: str(page.relative_to(ROOT)))
def test_sentences_of_one_lesson_stay_short(page):
    mean, share = measure([page.read_text()])
    assert mean <= ALONE[0] and share <= ALONE[1]


@pytest.mark.parametrize("day, counts", tiers().items(), ids=list(tiers()))
def test_a_day_explains_enough_and_not_too_much(day, counts):
    play, understand, inside = counts
    assert play < 300 and UNDERSTAND[0] <= understand <= UNDERSTAND[1] and inside > 300


def test_every_picture_has_a_description():
    total, without = pictures()
    assert total > 20 and without == 0


def test_sentences_begin_with_their_subject():
    assert share_inverted() <= INVERTED
    turned = "What it learned is heard.", "Below the curve is a line.", "From a chord comes one note."
    assert all(map(inverted, turned))
    plain = (
        "What is heard?",
        "The line is below the curve.",
        "In this lesson you play.",
        "From here on it plays.",
    )
    assert not any(map(inverted, plain))


@pytest.mark.parametrize(
    "text",
    ["Pd plays on\nwhatever happens there.", "the one command that mends it", "Whoever loads it runs it."],
)
def test_an_avoided_word_is_found(text):
    assert len(avoided(text)) == 1
    assert avoided("Pd keeps playing. The command fixes it; half of the notes are heard by ear.") == []


def test_a_sentence_is_counted_without_code_and_tables():
    page = (
        "# Title here\n\nOne two `three four` [five](six). Seven eight!\n\n- nine\n  ten\n\n| a b | c d |\n"
    )
    page += "\n```\nx = 1 now\n```\n\n    indented code here\n"
    assert sentences(page) == [["One", "two", "x", "five"], ["Seven", "eight"], ["nine", "ten"]]
    assert measure([page]) == (8 / 3, 0)
    assert measure([31 * "word " + ".\n\nTwo words."]) == (16.5, 0.5)
