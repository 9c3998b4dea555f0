"""Lessons, patches and messages keep to words that a reader can look up, in sentences that stay short."""

import pytest
from support.plain_language import LESSONS, ROOT, avoided, measure, sentences, texts

# Mean words in a sentence, and share of sentences of more than 30 words: of all lessons together, and of one.
TOGETHER, ALONE = (13.6, 0.025), (15.5, 0.05)


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
