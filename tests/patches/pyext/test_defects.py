"""The original's known defects that no other test here would show, by their numbers.

Elsewhere: 3, 4, 5 in test_threads; 6, 8, 26 in test_buffer; 11, 12 in test_signals; 13, 29, 31 in test_dispatch;
14, 16, 17 in test_class; 15, 18, 19, 27 in test_modules; 20, 21 in test_control; 22 in test_py; 23, 24, 25 in
test_console; 30 in test_module. 28 is the build itself, against each Python.
"""

PLAYED = """#N canvas 0 0 400 300 12;
#X obj 10 10 table played 1000;
#X obj 10 40 tabosc4~ played;
#X obj 10 70 phasor~ 1000;
#X obj 10 100 *~ 900;
#X obj 10 130 tabread4~ played;
#X obj 10 160 tabplay~ played;
#X obj 90 160 receive again;
#N canvas 0 0 200 150 graph 0;
#X array shown 100 float 3;
#X coords 0 1 99 -1 200 140 1;
#X restore 200 10 graph;
#X connect 2 0 3 0;
#X connect 3 0 4 0;
#X connect 6 0 5 0;
"""


def test_1_resize_from_a_thread_while_dsp_plays_and_draws_the_array(rig):
    patch = rig.folder / "played.pd"
    patch.write_text(PLAYED)
    rig.pd.open(patch)
    rig.pd.send("pd", "dsp", 1)
    rig.pd.send("again", "bang")
    box = rig.run(
        """
        def work():
            for i in range(60):
                for name in ('played', 'shown'):
                    b = pyext.Buffer(name)
                    b.resize(50000 if i % 2 else 10)
                    b[:] = numpy.random.rand(len(b)).astype(numpy.float32)
            self.output('done')
        threading.Thread(target=work).start()
        """
    )
    assert box.expect(0, timeout=60) == ["Symbol", "done"]
    rig.pd.send("pd", "dsp", 0)
    rig.pd.sync()


def test_2_several_buffers_see_one_resize(rig):
    box = rig.run(
        """
        first, second = pyext.Buffer('two'), pyext.Buffer('two')
        first.resize(100000)
        second[99999] = 3
        self.output(len(first), len(second), first[99999])
        """,
        tables=[("two", 8)],
    )
    assert box.expect(0) == ["List", 100000, 100000, 3]


def test_7_reading_a_buffer_leaks_nothing(rig):
    box = rig.run(
        """
        import gc, sys, weakref
        b = pyext.Buffer('leak')
        before = sys.getrefcount(b)
        for _ in range(100):
            b[0], b[1:3], b + 1, 1 - b, list(b), memoryview(b)
        after = sys.getrefcount(b)
        gone = weakref.ref(b)
        del b
        gc.collect()
        self.output(after - before, gone() is None)
        """,
        tables=[("leak", 8)],
    )
    assert box.expect(0) == ["List", 0, 1]


def test_9_samples_are_found_in_pds_own_layout(rig):
    box = rig.run(
        """
        view = memoryview(pyext.Buffer('layout'))
        self.output(view.itemsize, view.strides[0], view.readonly)
        """,
        tables=[("layout", 8)],
    )
    assert box.expect(0) == ["List", 4, 8, 0]


def test_10_without_numpy_only_slices_are_missing(rig, play, tmp_path):
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "numpy.py").write_text("raise ImportError('no numpy here')\n")
    rig.write(
        tmp_path,
        "bare",
        """
        import pyext
        class Bare(pyext._class):
            def __init__(self):
                b = pyext.Buffer("points")
                pyext._send("bare", "has", [pyext._arraysupport(), len(b)])
                try:
                    b[:]
                except RuntimeError as error:
                    pyext._send("bare", "needs", [str(error)])
        """,
    )
    patch = tmp_path / "bare.pd"
    patch.write_text(
        "#N canvas 0 0 300 200 12;\n#X obj 10 10 table points 5;\n#X obj 10 40 pyext bare.Bare;\n"
    )
    environment = {"PYTHONPATH": str(tmp_path / "blocked")}
    pd = play([patch], arguments=rig.LIBRARY, listen=["bare"], environment=environment)
    assert pd.expect("bare") == ["has", 0, 5]
    assert "numpy" in pd.expect("bare", "needs")[1]
