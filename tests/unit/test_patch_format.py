"""The normal form of a patch's file: what is dropped, what is kept, and what is refused."""

import subprocess
import sys
from pathlib import Path

import pytest
from dlwakit.cli.format_patches import all_patches
from dlwakit.pdtools.patch_copies import copies
from dlwakit.pdtools.patch_format import formatted
from modelfiles.errors import UserError
from support.course_copy import CourseCopy

ROOT = Path(__file__).resolve().parents[2]
TOP = "#N canvas 40 30 450 300 12;\n"
SUBPATCH = """#N canvas 100 100 300 200 inside 0;
#X obj 20 20 r one;
#X obj 20 50 r two;
#X obj 20 80 + 1;
#X obj 20 110 s three;
#X obj 90 20 r four;
#X obj 90 50 - 1;
#X obj 90 80 s five;
#X connect 0 0 2 0;
#X connect 1 0 2 1;
#X connect 2 0 3 0;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X restore 20 20 pd inside;
"""
SAME = {
    "a window": ("#N canvas 312 77 450 300 12;\n", TOP),
    "cords": (
        TOP + "#X obj 1 1 t b b;\n#X obj 1 9 s a;\n#X obj 9 9 s b;\n#X connect 0 1 1 0;\n#X connect 0 0 2 0;\n",
        TOP + "#X obj 1 1 t b b;\n#X obj 1 9 s a;\n#X obj 9 9 s b;\n#X connect 0 0 2 0;\n#X connect 0 1 1 0;\n",
    ),
    "an open subpatch": (
        TOP + "#N canvas 9 9 300 200 old 1;\n#X restore 20 20 pd new;\n",
        TOP + "#N canvas 9 9 300 200 new 0;\n#X restore 20 20 pd new;\n",
    ),
    "a subpatch without a name": (
        TOP + "#N canvas 9 9 300 200 12;\n#X restore 20 20 graph;\n",
        TOP + "#N canvas 9 9 300 200 (subpatch) 0;\n#X restore 20 20 graph;\n",
    ),
    "scalars and their structs": (
        f"#N struct 1004-cell float x float y;\n{TOP}#X scalar 1004-cell 0 1 \\;;\n",
        TOP,
    ),
    "the size of an array": (
        TOP + "#X obj 1 1 array define -k kept 3;\n#A resize 3;\n#A 0 1 2 3;\n",
        TOP + "#X obj 1 1 array define -k kept 3;\n#A 0 1 2 3;\n",
    ),
    "the looks of an array": (
        TOP + "#X array wave 100 float 8 #2b5d8f #2b5d8f;\n#A color 0;\n#A width 1;\n",
        TOP + "#X array wave 100 float 8;\n",
    ),
    "broken lines": (
        TOP + "#X obj 1 1 r\na;\n#X text 1 9 Two words \\, and\nmore, f\n20;\n",
        TOP + "#X obj 1 1 r a;\n#X text 1 9 Two words \\, and more, f 20;\n",
    ),
    "numbers": (TOP + "#X obj 1 1 + 0.50;\n#X obj 1 9 + 5000000;\n", TOP + "#X obj 1 1 + 0.5;\n#X obj 1 9 + 5e+06;\n"),
    "escapes": (
        TOP + "#X obj 1 1 expr \\$f1 + \\$1;\n#X msg 1 9 symbol one\\\\\\ line\\\\\\,\\ more;\n",
        TOP + "#X obj 1 1 expr $f1 + \\$1;\n#X msg 1 9 symbol one\\ line\\,\\ more;\n",
    ),
}  # fmt: skip
LOOK = "12 #fcfcfc #000000 #000000"
# A control as it was saved while it stood somewhere; as it rests.
CONTROLS = {
    f"tgl 24 0 out in on 30 12 0 {LOOK} 1 1": f"tgl 24 0 out in on 30 12 0 {LOOK} 0 1",
    f"hsl 150 18 0 1 0 0 out in empty 0 0 0 {LOOK} 5450 0": f"hsl 150 18 0 1 0 0 out in empty 0 0 0 {LOOK} 0 0",
    f"nbx 4 18 0 127 0 0 out in empty 0 0 0 {LOOK} 60 256": f"nbx 4 18 0 127 0 0 out in empty 0 0 0 {LOOK} 0 256",
    f"hradio 22 1 0 5 out in empty 0 0 0 {LOOK} 2": f"hradio 22 1 0 5 out in empty 0 0 0 {LOOK} 0",
    f"cnv 15 90 26 empty line Done. 14 13 0 {LOOK} 0": f"cnv 15 90 26 empty line empty 14 13 0 {LOOK} 0",
}
KEPT = [
    f"tgl 24 1 out in on 30 12 0 {LOOK} 1 1",  # it is restored when the patch opens
    f"cnv 15 90 26 empty empty Title 14 13 0 {LOOK} 0",  # no message can reach it
    f"bng 24 250 50 0 out in press 30 12 0 {LOOK}",
    "declare -path pyext -lib py",
    "text define -k words",
]


@pytest.mark.parametrize("text, normal", SAME.values(), ids=SAME)
def test_two_texts_of_one_patch_become_one(text, normal):
    assert formatted(text) == formatted(normal) == normal


@pytest.mark.parametrize("control, rest", CONTROLS.items(), ids=[control[:3] for control in CONTROLS])
def test_a_control_is_set_to_rest(control, rest):
    assert formatted(f"{TOP}#X obj 10 10 {control};\n") == f"{TOP}#X obj 10 10 {rest};\n"


@pytest.mark.parametrize("words", KEPT)
def test_what_belongs_to_the_patch_is_kept(words):
    text = f"{TOP}#X obj 10 10 {words};\n"
    assert formatted(text) == text


def test_a_help_patch_opens_beside_what_it_explains():
    assert formatted(TOP, "rave~-help.pd") == TOP.replace("40 30", "60 60")


def test_the_cords_of_one_outlet_keep_their_order():
    boxes = "#X obj 1 1 r a;\n#X obj 1 9 s b;\n#X obj 9 9 s c;\n"
    text = f"{TOP}{boxes}#X connect 0 0 2 0;\n#X connect 0 0 1 0;\n"
    assert formatted(text) == text


@pytest.mark.parametrize("text", ["", "hello", "#X obj 1 1 r a;\n", TOP + "#N canvas 9 9 9 9 cut 0;\n"])
def test_what_is_no_patch_is_refused(text):
    with pytest.raises(UserError, match="Pd patch"):
        formatted(text)


def test_a_subpatch_in_two_files_is_found_wherever_it_lies(tmp_path):
    one, other, third = (tmp_path / f"{name}.pd" for name in "abc")
    one.write_text(TOP + SUBPATCH)
    other.write_text(TOP + SUBPATCH.replace("#X obj 20", "#X obj 77").replace("restore 20 20", "restore 5 5"))
    third.write_text(TOP + SUBPATCH.replace("r one", "r other"))
    assert copies([one, other, third]) == [("pd inside", 14, [one, other])]
    assert copies([one, other, third], lines=14) == []
    assert copies([one, one, third]) == []


def test_the_command_formats_and_checks(tmp_path):
    course = CourseCopy(tmp_path)
    file = tmp_path / "my patch.pd"
    file.write_text(SAME["cords"][0])
    checked = course.dlwa("format-patches", "--check", file)
    assert (checked.returncode, checked.stdout) == (1, f"would change: {file}\n")
    assert file.read_text() == SAME["cords"][0]
    assert course.dlwa("format-patches", file).returncode == 0
    assert file.read_text() == SAME["cords"][1]
    assert course.dlwa("format-patches", "--check", file).stdout == ""
    (tmp_path / "sound.pd").write_bytes(b"\xff\xfe")
    refused = course.dlwa("format-patches", tmp_path / "sound.pd")
    assert refused.returncode == 1 and "cannot read" in refused.stderr


def test_the_patches_of_the_course_are_formatted():
    checked = subprocess.run(
        [sys.executable, ROOT / "setup/dlwa", "format-patches", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_no_subpatch_stands_in_two_patches_of_the_course():
    smallest = ROOT / "setup/smallest_day"  # is there to be copied
    assert copies(patch for patch in all_patches(ROOT) if smallest not in patch.parents) == []


def test_all_patches_of_the_course_are_found():
    found = all_patches(ROOT)
    assert {ROOT / "setup/overview.pd", ROOT / "01_ai_duet/ai_duet.pd", ROOT / "pyext_py3/py-help.pd"} <= set(
        found
    )
