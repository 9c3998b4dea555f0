"""Downloads against a real HTTP server on this machine that cuts, lies and forgets."""

import base64
import contextlib
import hashlib
import json
import socket
import subprocess
import sys
import threading

import pytest
from dlwakit.course import download
from dlwakit.course.bucket import fetch_folder
from dlwakit.course.download import fetch
from modelfiles.errors import UserError
from support.course_copy import CourseCopy
from support.file_server import BODY, DIGEST, Server

AT_ONCE = (0, 0)  # no waiting between tries


@pytest.fixture
def server():
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_fetches_a_file(server, tmp_path):
    target = tmp_path / "new folder/net.mag"
    assert fetch(server.url(), target, len(BODY), DIGEST) == DIGEST
    assert target.read_bytes() == BODY
    assert list(target.parent.iterdir()) == [target]


def test_goes_on_after_cuts_without_fetching_anything_twice(server, tmp_path):
    server.cuts = [700_000, 1, 500_000]
    assert fetch(server.url(), tmp_path / "net.mag", len(BODY), DIGEST, patience=AT_ONCE) == DIGEST
    assert server.asked == [None, "bytes=700000-", "bytes=700001-", "bytes=1200001-"]
    assert server.sent == len(BODY)


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(server, tmp_path):
    target = tmp_path / "net.mag"
    server.cuts = [700_000, 0, 0]
    with pytest.raises(UserError, match="cut") as failure:
        fetch(server.url(), target, len(BODY), DIGEST, patience=AT_ONCE)
    assert "700.0 kB are kept" in failure.value.hint
    assert not target.exists()
    fetch(server.url(), target, len(BODY), DIGEST, patience=AT_ONCE)
    assert server.asked[-1] == "bytes=700000-"
    assert target.read_bytes() == BODY


def test_starts_over_when_the_file_changed_at_its_source_meanwhile(server, tmp_path):
    server.cuts = [700_000, 0, 0]
    with contextlib.suppress(UserError):
        fetch(server.url(), tmp_path / "net.mag", patience=AT_ONCE)
    server.body, server.etag = b"another file" * 100_000, '"two"'
    fetch(server.url(), tmp_path / "net.mag", patience=AT_ONCE)
    assert (tmp_path / "net.mag").read_bytes() == server.body


def test_starts_over_at_a_server_that_cannot_go_on(server, tmp_path):
    server.cuts, server.ranges = [700_000], False
    assert fetch(server.url(), tmp_path / "net.mag", len(BODY), DIGEST, patience=AT_ONCE) == DIGEST


def test_all_came_but_the_last_step_was_interrupted(server, tmp_path):
    (tmp_path / "net.mag.part").write_bytes(BODY)
    (tmp_path / "net.mag.part.json").write_text(json.dumps({"mark": server.etag}))
    assert fetch(server.url(), tmp_path / "net.mag", len(BODY), DIGEST, patience=AT_ONCE) == DIGEST


@pytest.mark.parametrize("known", [{"size": 5}, {"digest": "0" * 64}])
def test_what_is_not_as_expected_is_thrown_away_and_the_old_file_stays(server, tmp_path, known):
    target = tmp_path / "net.mag"
    target.write_bytes(b"old")
    with pytest.raises(UserError, match="not the file that was expected"):
        fetch(server.url(), target, **known)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("status, tries", [(404, 1), (503, 3)])
def test_an_error_of_the_server_is_told_in_one_line(server, tmp_path, status, tries):
    server.status = status
    with pytest.raises(UserError, match=str(status)):
        fetch(server.url(), tmp_path / "net.mag", patience=AT_ONCE)
    assert len(server.asked) == tries
    assert list(tmp_path.iterdir()) == []


def test_nobody_answers(tmp_path):
    with pytest.raises(UserError, match="refused"):
        fetch("http://127.0.0.1:9/net.mag", tmp_path / "net.mag", patience=AT_ONCE)


@pytest.mark.parametrize("kind", ["no name", "no answer", "refused"])
def test_no_network_is_said_in_words(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        places = {"no name": "nowhere.invalid", "no answer": f"127.0.0.1:{deaf.getsockname()[1]}"}
        with pytest.raises(UserError) as failed:
            fetch(f"http://{places.get(kind, '127.0.0.1:9')}/net.mag", tmp_path / "net.mag", patience=AT_ONCE)
    assert "Errno" not in failed.value.message
    assert ("is there a network?" in failed.value.message) == (kind != "refused")


@pytest.fixture
def course(tmp_path, server):
    course = CourseCopy(tmp_path)
    starter = b"a small network"
    official = {"kind": "official", "url": server.url(), "licence": "Apache-2.0"}
    digest = hashlib.sha256(starter).hexdigest()
    registry = [
        {**official, "name": "known", "file": "known.mag", "bytes": len(BODY), "sha256": DIGEST},
        {**official, "name": "unknown", "file": "unknown.mag", "bytes": None, "sha256": None},
        {"name": "small", "kind": "starter", "file": "small.mag", "licence": "CC0-1.0", "sha256": digest},
        {**official, "name": "sized", "file": "sized.mag", "bytes": len(BODY), "sha256": None},
    ]
    day = course.add_day(registry=registry)
    (day / "checkpoints/small.mag").write_bytes(starter)
    return course


def states(course):
    return {
        one["name"]: one["state"] for one in json.loads(course.dlwa("checkpoints", "list", "--json").stdout)
    }


def test_checkpoints_list_get_and_verify(course, server):
    absent = dict.fromkeys(("known", "unknown", "sized"), "not here")
    assert states(course) == {**absent, "small": "ok"}
    said = course.dlwa("checkpoints", "get", "known")
    assert said.returncode == 0, said.stderr
    assert "Apache-2.0" in said.stdout
    assert DIGEST in said.stdout
    assert (course.data / "checkpoints/known.mag").read_bytes() == BODY
    assert "already here" in course.dlwa("checkpoints", "get", "01_toy/known").stdout
    assert len(server.asked) == 1
    assert course.dlwa("checkpoints", "verify").returncode == 0


def test_a_checkpoint_without_a_published_sum_is_compared_with_its_first_download(course):
    said = course.dlwa("checkpoints", "get", "unknown")
    assert "gives no SHA-256" in said.stdout
    assert states(course)["unknown"] == "ok"
    (course.data / "checkpoints/unknown.mag").write_bytes(BODY[:-1] + b"!")
    assert states(course)["unknown"] == "damaged"
    verdict = course.dlwa("checkpoints", "verify")
    assert verdict.returncode == 1
    assert "first time it was seen here" in verdict.stdout
    assert course.dlwa("checkpoints", "get", "unknown").returncode == 0
    assert states(course)["unknown"] == "ok"


@pytest.mark.parametrize(
    "body, kind",
    [
        (b"<!DOCTYPE html><html>Log in</html>", "text/html; charset=utf-8"),
        (b"\n <html>Log in</html>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
    ids=("a page", "a page of another type", "nothing"),
)
def test_a_login_page_is_no_checkpoint(course, server, body, kind):
    server.body, server.kind = body, kind
    said = course.dlwa("checkpoints", "get", "unknown")
    assert said.returncode == 1
    assert ("log in" in said.stderr) or ("login" in said.stderr) or ("nothing came" in said.stderr)
    assert "Traceback" not in said.stderr
    assert states(course)["unknown"] == "not here"
    assert not (course.data / "checkpoints/checkpoints.json").exists()
    server.body, server.kind = BODY, "application/octet-stream"
    assert course.dlwa("checkpoints", "get", "unknown").returncode == 0


@pytest.mark.parametrize(
    "name, body, reason",
    [
        ("net.zip", b"PK\x03\x04 half", "no archive"),
        ("net.ts", b"{}", "no archive"),
        ("net.safetensors", b"\xff" * 64, "no header"),
        ("net.safetensors", b"\x00" * 8, "no header"),
    ],
)
def test_a_file_of_another_kind_than_its_name_is_thrown_away(server, tmp_path, name, body, reason):
    server.body = body
    with pytest.raises(UserError, match=reason):
        fetch(server.url(name), tmp_path / name, patience=())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"unknown.mag": 1}'])
def test_a_damaged_record_is_an_error_and_is_kept(course, text):
    record = course.data / "checkpoints/checkpoints.json"
    record.parent.mkdir(parents=True)
    record.write_text(text)
    said = course.dlwa("checkpoints", "get", "unknown")
    assert said.returncode == 1
    assert "checkpoints.json" in said.stderr
    assert "Traceback" not in said.stderr
    assert record.read_text() == text


def test_two_downloads_of_one_file_wait_for_each_other(course, server):
    command = [sys.executable, course.root / "setup/dlwa", "checkpoints", "get", "unknown"]
    both = [
        subprocess.Popen(command, env=course.environment(), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("already here" in one for one in said) == 1
    assert len(server.asked) == 1


def test_a_size_alone_finds_half_a_file(course):
    file = course.data / "checkpoints/sized.mag"
    file.parent.mkdir(parents=True)
    file.write_bytes(BODY[:-1])
    assert states(course)["sized"] == "damaged"
    file.write_bytes(BODY)
    assert states(course)["sized"] == "unverified"


def test_a_damaged_starter_is_found(course):
    (course.root / "01_toy/checkpoints/small.mag").write_bytes(b"a small netw0rk")
    verdict = course.dlwa("checkpoints", "verify")
    assert verdict.returncode == 1
    assert "damaged" in verdict.stdout
    assert "git checkout" in verdict.stderr


def test_add_copies_ones_own_and_never_overwrites_silently(course, tmp_path):
    mine = tmp_path / "my net.mag"
    mine.write_bytes(b"one")
    for _ in range(2):
        said = course.dlwa("checkpoints", "add", mine)
        assert said.returncode == 0, said.stderr
    assert states(course)["my net"] == "ok"
    mine.write_bytes(b"two")
    refused = course.dlwa("checkpoints", "add", mine)
    assert (refused.returncode, "--replace" in refused.stderr) == (1, True)
    assert (course.data / "checkpoints/my net.mag").read_bytes() == b"one"
    assert course.dlwa("checkpoints", "add", mine, "--replace").returncode == 0
    assert (course.data / "checkpoints/my net.mag").read_bytes() == b"two"
    assert course.dlwa("checkpoints", "add", tmp_path / "not there").returncode == 1


LISTING = "/b/models/o?prefix=voice/"


@pytest.fixture
def bucket(server):
    """A server that lists two files of a model."""
    contents = {"ckpt-7.index": b"index" * 1000, "ckpt-7.data-00000-of-00001": BODY}
    items = [{"name": "voice/", "size": "0", "md5Hash": "", "mediaLink": ""}]
    for name, body in contents.items():
        server.files[f"/{name}"] = body
        items.append(
            {
                "name": f"voice/{name}",
                "size": str(len(body)),
                "md5Hash": base64.b64encode(hashlib.md5(body).digest()).decode(),
                "mediaLink": server.url(name),
            }
        )
    server.files[LISTING] = json.dumps({"items": items}).encode()
    server.contents = contents
    return server


def test_fetches_a_folder_and_goes_on_with_the_file_that_was_cut(bucket, tmp_path):
    target = tmp_path / "voice"
    url = bucket.url(LISTING[1:])
    bucket.cuts = [10**9, 10**9, 700_000, 0, 0]
    with pytest.raises(UserError, match="cut"):
        fetch_folder(url, target, patience=AT_ONCE)
    assert not target.exists()
    fetch_folder(url, target, patience=AT_ONCE)
    assert bucket.asked[-1] == "bytes=700000-"
    assert {file.name: file.read_bytes() for file in target.iterdir()} == bucket.contents


@pytest.mark.parametrize("listing", [b"no json", b"{}", b'{"items": [{"name": "../../evil"}]}', b"[]"])
def test_a_listing_that_names_no_files_is_refused(bucket, tmp_path, listing):
    bucket.files[LISTING] = listing
    with pytest.raises(UserError):
        fetch_folder(bucket.url(LISTING[1:]), tmp_path / "voice", patience=AT_ONCE)
    assert not (tmp_path / "voice").exists()


def test_a_listed_file_with_another_content_is_thrown_away(bucket, tmp_path):
    bucket.files["/ckpt-7.index"] = b"other" * 1000
    with pytest.raises(UserError, match="not what the listing says"):
        fetch_folder(bucket.url(LISTING[1:]), tmp_path / "voice", patience=AT_ONCE)


def test_a_folder_of_ones_own_is_added_and_replaced(course, tmp_path):
    mine = tmp_path / "my voice"
    mine.mkdir()
    (mine / "ckpt-1.index").write_bytes(b"one")
    assert course.dlwa("checkpoints", "add", mine).returncode == 0
    assert (course.data / "checkpoints/my voice/ckpt-1.index").read_bytes() == b"one"
    assert course.dlwa("checkpoints", "verify").returncode == 0
    (mine / "ckpt-1.index").write_bytes(b"two")
    assert course.dlwa("checkpoints", "add", mine).returncode == 1
    assert course.dlwa("checkpoints", "add", mine, "--replace").returncode == 0
    assert (course.data / "checkpoints/my voice/ckpt-1.index").read_bytes() == b"two"


@pytest.mark.parametrize(
    "name", ["take.wav", "letter.txt", "no_ending", "page.mag", "net.ts", "net.safetensors"]
)
def test_what_no_day_loads_is_not_added(course, tmp_path, name):
    (tmp_path / name).write_bytes(b"<!doctype html><html>log in</html>")
    refused = course.dlwa("checkpoints", "add", tmp_path / name)
    assert (refused.returncode, "is no checkpoint" in refused.stderr) == (1, True)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/take.wav").write_bytes(b"RIFF")
    assert course.dlwa("checkpoints", "add", tmp_path / "folder").returncode == 1
    assert not [path for path in (course.data / "checkpoints").glob("*") if path.suffix != ".json"]


@pytest.mark.parametrize("companion", ["voice.config.json", "voice.prior.safetensors"])
def test_what_belongs_to_a_model_comes_with_it(course, tmp_path, companion):
    header = b'{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
    (tmp_path / "voice.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    (tmp_path / companion).write_text("{}")
    (tmp_path / "voice.txt").write_text("not this one")
    assert course.dlwa("checkpoints", "add", tmp_path / "voice.safetensors").returncode == 0
    folder = course.data / "checkpoints"
    assert {path.name for path in folder.glob("voice*")} == {"voice.safetensors", companion}
    (tmp_path / companion).write_text("{ }")
    assert course.dlwa("checkpoints", "add", tmp_path / "voice.safetensors").returncode == 1
    assert course.dlwa("checkpoints", "add", tmp_path / "voice.safetensors", "--replace").returncode == 0
    assert (folder / companion).read_text() == "{ }"


def test_pin_writes_the_sums_of_downloads_into_the_registry(course):
    file = course.root / "01_toy/checkpoints/registry.json"
    before = {row["name"]: row for row in json.loads(file.read_text())}
    assert not before["unknown"].get("sha256")
    pinned = course.dlwa("checkpoints", "pin", "unknown")
    assert pinned.returncode == 0, pinned.stderr
    after = {row["name"]: row for row in json.loads(file.read_text())}
    assert after.pop("unknown") == {**before.pop("unknown"), "bytes": len(BODY), "sha256": DIGEST}
    assert after == before
    (course.data / "checkpoints/checkpoints.json").unlink()
    assert states(course)["unknown"] == "ok"  # by the registry alone
    (course.data / "checkpoints/unknown.mag").write_bytes(b"another")
    assert "damaged" in course.dlwa("checkpoints", "pin", "unknown").stderr
