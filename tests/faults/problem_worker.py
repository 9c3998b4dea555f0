"""Not a worker, though it is started as one: `problem_worker.py MOOD` shows one kind of misbehaviour."""

import array
import fcntl
import os
import signal
import subprocess
import sys
import termios
import time

import numpy as np
from pdworker.protocol import MAX_PAYLOAD, VERSION, FrameReader, encode

HELLO = {"kind": "hello", "version": VERSION, "name": "problem"}
frames_in = FrameReader(sys.stdin.buffer.raw)


def send(header, arrays=()):
    write(b"".join(encode(header, arrays)))


def write(data):
    while data:
        data = data[os.write(1, data) :]


def forever():
    while True:
        time.sleep(1)


def take_call():
    while True:
        frame = frames_in.read()
        if frame.kind == "call":
            return frame.header["id"]


def ends_at_once():
    print("cannot find my keys", file=sys.stderr)
    sys.exit(3)


def ends_happily():
    pass


def babbles():
    write(b"Loading model... 100%\n" * 10)
    forever()


def babbles_later():
    send(HELLO)
    take_call()
    write(b"oops\n")
    forever()


def is_silent():
    forever()


def does_not_read():
    send(HELLO)
    waiting = array.array("i", [0])
    while waiting[0] < 60_000:  # bytes: the pipe is full
        fcntl.ioctl(0, termios.FIONREAD, waiting)
        time.sleep(0.01)
    send({"kind": "log", "text": "the pipe is full"})
    forever()


def is_stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    send(HELLO)
    forever()


def tidies_up_when_told():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("tidied up"))
    send(HELLO)
    forever()


def stops_in_a_frame():
    send(HELLO)
    write(encode({"kind": "result", "id": take_call(), "values": {}})[0][:-5])


def answers_another_call():
    send(HELLO)
    send({"kind": "result", "id": take_call() + 1000, "values": {}})
    forever()


def answers_uninvited():
    send(HELLO)
    send({"kind": "result", "id": 99, "values": {}})
    forever()


def announces_too_much():
    send(HELLO)
    prelude = bytearray(encode({"kind": "log", "text": ""})[0][:16])
    prelude[8:16] = (MAX_PAYLOAD + 1).to_bytes(8, "little")
    write(bytes(prelude))
    forever()


def announces_and_starves():
    send(HELLO)
    frame = encode({"kind": "result", "id": take_call(), "values": {}}, [np.zeros(1 << 24)])
    write(frame[0])  # the array never comes
    forever()


def speaks_another_version():
    send(dict(HELLO, version=VERSION + 1))
    forever()


def greets_twice():
    send(HELLO)
    send(HELLO)
    forever()


def skips_the_greeting():
    send({"kind": "log", "text": "here I am"})
    forever()


def closes_stdin():
    send(HELLO)
    os.close(0)
    forever()


def closes_stdout():
    send(HELLO)
    os.close(1)
    forever()


def leaves_a_child_with_the_pipe():
    send(HELLO)
    take_call()
    child = subprocess.Popen(["sleep", "600"])
    print(f"child {child.pid}", file=sys.stderr)


def floods():
    send(HELLO)
    call_id = take_call()
    while True:
        send({"kind": "progress", "id": call_id, "fraction": 1e300, "text": "x" * 100})
        send({"kind": "log", "text": "x" * 100})


if __name__ == "__main__":
    globals()[sys.argv[1]]()
