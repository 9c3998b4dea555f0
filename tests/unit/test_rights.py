"""Whether a worker with some rights does for what needs others: pdworker.rights."""

from pdworker.rights import Rights


def test_rights_that_do_for_others():
    one, two = Rights(readable=("/a",), writable=()), Rights(readable=("/a", "/b"), writable=())
    assert two.covers(one) and not one.covers(two)
    assert not one.covers(Rights()) and not Rights(readable=("/a",), writable=("/c",)).covers(one)
    assert not one.covers(Rights(readable=("/a",), writable=(), trusted=True))
    assert Rights.from_text(two.to_text()) == two
