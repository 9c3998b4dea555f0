"""Whether a worker with some rights does for what needs others: pdworker.rights."""

from pdworker.rights import Rights


def test_rights_that_do_for_others():
    plain = Rights(readable=("/a",), writable=())
    trusted = Rights(readable=("/a",), writable=(), trusted=True)
    assert plain.covers(plain) and trusted.covers(plain) and not plain.covers(trusted)
    assert not plain.covers(Rights()) and not plain.covers(Rights(readable=("/a",), writable=("/c",)))
    assert Rights.from_text(plain.to_text()) == plain
