"""The texts of the course as sentences, and words that they avoid."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("[0-9][0-9]_*/README.md", "[0-9][0-9]_*/*/README.md", "[0-9][0-9]_*/questions.md", "setup/book/*.md")
LESSONS = [
    ROOT / "README.md",
    *(page for pattern in PAGES for page in sorted(ROOT.glob(pattern))),
    ROOT / "setup/TEACHING.md",
]

# What a reader of English as a second language cannot look up, as patterns, with what to write instead.
AVOID = {
    # words for processes, modules and functions that name a person or a part of the body
    r"obituar(?:y|ies)": "exit error",
    r"\bmourn(?:s|ed|ing)?\b": "fail all calls",
    r"\bcrew\b": "thread team",
    r"good[_ ]neighbour": "lower priority",
    r"\b(?:hear_)?last_words\b": "remaining output",
    r"nobody has buried|without burying": "reap, zombie",
    r"class Ear\b": "feature extractor",
    # words of the course's own where the field has a term
    r"\bby heart\b": "memorise, overfitting",
    r"\bput aside to\b|\bare put aside\b|\bis put aside\b": "held out",
    r"\bdoors \(gates\)|\bthree doors\b": "gates",
    r"\bmend(?:s|ed|ing)\b|(?<!`)\bmend\b(?! \[LAYER| \\\$1|;$)": "fix, repair, restore",  # a message is `mend`
    r"\bof (?:its|the run's) youth\b": "as it was after 15 seconds",
    r"\b(?:on the|from the best|are the|their|the) exam\b|\bexam's\b": "held-out data",
    r"(?:the|a) (?:hot start|start hot)": "a high temperature at the start",
    # sentences whose order, ellipsis or joke has to be decoded
    r"plays on\s+whatever happens": "keeps playing, even if a network is slow or crashes",
    r"lets a real network": "starts Pd with a trained network",
    r"a name that is no model lists": "`setup/dlwa train --help` lists the models",
    r"lets you in": "that you can log in to",
    r"is no cell": "is not a cell. It is",
    r"the less,\s+the better": "a larger input gives a smaller result",
    r"read aloud": "use now (output gate)",
    r"wins many bets": "is often the right guess",
    r"of a chord they hear": "from a chord they hear",
    r"takes back the last answer, note": "removes the last answer or note",
    r"gives up what": "stops what",
    r"bites its own\s+tail": "repeats itself",
    r"does the\s+instrument take up": "does the instrument play",
    r"something third": "something new",
    r"is \*[^*]+\* crossed": "is there a cross in the box",
    r"so should you be": "sing alone",
    r"heard of you\b|hears of you\b": "what the model hears in your voice",
    r"zero is not full level": "0 dB is not the loudest possible sound",
    r"is at home\b": "its range",
    r"what is no\b": "what is not a",
    r"later than the question": "there is a delay",
    r"counts what was lost": "how many pieces were skipped",
    r"only\s+plays anew": "only the last step is computed again",
    r"no training example ever was": "where the network never practised",
    r"tells what is thin": "lists pitches with few sounds",
    r"is no ball": "is not round like a ball",
    r"as far as chance usually": "two of three random points lie within 1",
    r"falls silent\b": "no longer has any effect",
    r"into how many parts": "the number of pieces",
    r"starts? hot\b": "starts high",
    r"counts in single\s+samples": "goes sample by sample",
    r"carried on unmultiplied": "passed on unchanged",
    r"makes do with": "has only",
    r"because both know it anyway": "it is in the decoder",
    r"(?:^|[.!?:]\s+)(?:Whoever|What has|What opens)\b": "the subject first",
    r"mean of many hisses": "an average",
    r"moves the sound aside": "shifts the curve up or down",
    r"is well filled": "nearly fills the frame",
    r"For who stands": "for the person who",
    r"loses its exercises": "leave out exercises",
    r"badly already too well": "can do harm",
    r"nothing in it is left over": "it contains no unused objects",
    r"as far as you can carry it": "a file with everything a network has learned",
    r"is courage\b|high dares": "high is surprising",
    r"wakes it\b": "start high",
    r"and are heard\b": "test sound and microphone",
    r"Press one ?\\?,? then wait": "press a model and wait for Ready",
    r"says what is there and, for what": "lists what is installed, and the command that installs each missing part",
    r"with a name that is no model": "`setup/dlwa train --help` lists the models",
    r"erased from the notebook": "forgotten (forget gate)",
    r"which keys fit so far": "which musical keys (C major, G major ...) fit so far",
    r"is sound on crossed": "is there a cross in the box *sound on*",
    r"images, spectrograms that": "training length is counted in images",
    r"the line of what is held out": "the held-out curve",
    r"say them, as shown above": "add them to the message",
    r"What nobody wrote down": "it is not in the numbers",
    r"they begin the same, or you": "all lines should begin with the same words",
    r"a card that hides it": "hiding this in the model card",
}


def avoided(text):
    """[(what was found, what to write instead)] in a text."""
    flags = re.IGNORECASE | re.MULTILINE
    return [(found[0], plain) for words, plain in AVOID.items() for found in re.finditer(words, text, flags)]


def written(markdown):
    """The sentences of a page's paragraphs and lists, as text; no code, tables, pictures or headings."""
    text = re.sub(
        r"^```.*?^```$|<!--.*?-->|<script.*?</script>|<.*?>", "", markdown, flags=re.DOTALL | re.MULTILINE
    )
    text = re.sub(r"^(?:\||#| {4}|!\[).*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`", "x", text)  # a name or a command counts as one word
    text = re.sub(r"^\s*(?:[-*]|\d+\.)\s+", "\n\n", text, flags=re.MULTILINE).replace("*", "")
    return [
        piece
        for block in re.split(r"\n\s*\n", text)
        for piece in re.findall(r".+?[.!?](?=[\s)]|$)|.+", block, re.DOTALL)
    ]


def sentences(markdown):
    """The sentences of a page, each as its words."""
    words = [re.findall(r"[\w'’-]*\w", piece) for piece in written(markdown)]
    return [found for found in words if len(found) > 1]


def measure(pages):
    """(mean length of a sentence in words, share of sentences over 30 words) of some pages' texts."""
    lengths = [len(words) for page in pages for words in sentences(page)]
    return sum(lengths) / len(lengths), sum(length > 30 for length in lengths) / len(lengths)


def texts():
    """(path, text) of all pages, of what patches show, and of the texts in Python: docstrings and messages."""
    own = [path for folder in ("0*_*", "setup", "pyext_py3") for path in sorted(ROOT.glob(folder))]
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
    files += [file for folder in own for ending in ("md", "pd", "py") for file in folder.rglob(f"*.{ending}")]
    for file in files:
        text = file.read_text()
        if file.suffix == ".py":
            nodes = ast.walk(ast.parse(text))
            text = "\n\n".join(
                node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
            )
        yield file.relative_to(ROOT), text.replace("\\ ", " ").replace(" \\,", ",").replace("\\,", ",")


# A sentence that does not begin with its subject, as far as its first words tell.
INVERTED = re.compile(
    r"(?:What|Whatever|Whoever|Who|Whose|Where|How|Whether)\b(?!.*\?)"  # a relative clause as the subject
    r"|(?:Of|From|In|At|On|Into|To|By|With|Beside|Behind|Under|Below|Between|Here|There)(?: [\w'’-]+){0,4}"
    r" (?:is|are|was|were|lies?|stands?|comes?|goes|has|have|can|may)\b",  # a verb before its subject
)


def inverted(sentence):
    """Whether a sentence, as text, seems to begin with something else than its subject."""
    return bool(INVERTED.match(sentence.strip()))
