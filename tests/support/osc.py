"""A program that speaks OSC by UDP with Pd on this computer: packs and reads messages by itself."""

import os
import socket
import struct


def packet(address, *values):
    """The bytes of a message: whole numbers as `i`, others as `f`, text as `s`."""
    kinds = {int: "i", float: "f", str: "s"}
    tags = "," + "".join(kinds[type(value)] for value in values)
    packed = (
        _text(value) if isinstance(value, str) else struct.pack(f">{kinds[type(value)]}", value)
        for value in values
    )
    return b"".join([_text(address), _text(tags), *packed])


def read(data):
    """[address, value, ...] of a message's bytes."""
    address, data = _taken(data)
    tags, data = _taken(data)
    found = [address]
    for tag in tags[1:]:
        if tag == "s":
            value, data = _taken(data)
        else:
            (value,), data = struct.unpack(f">{tag}", data[:4]), data[4:]
        found.append(value)
    return found


class Program:
    """Sends to one port of Pd, and hears at a port of its own."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(240)  # what it waits for may be a model that loads on a busy machine
        self.port = self._socket.getsockname()[1]

    def send(self, port, address, *values):
        self.send_bytes(port, packet(address, *values))

    def send_bytes(self, port, data):
        self._socket.sendto(data, ("127.0.0.1", port))

    def expect(self, address):
        """The next message to this address."""
        while (message := read(self._socket.recv(65536)))[0] != address:
            pass
        return message

    def close(self):
        self._socket.close()


def free_udp_port():
    """A port that nobody listens to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def udp_addresses(pid):
    """[(address, port)] to which the UDP sockets of a process are bound, the address as in /proc/net/udp."""
    with open(f"/proc/{pid}/net/udp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    links = {os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
    mine = [row[1] for row in rows if f"socket:[{row[9]}]" in links]
    return [(local.split(":")[0], int(local.split(":")[1], 16)) for local in mine]


def _text(text):
    data = text.encode() + b"\0"
    return data + b"\0" * (-len(data) % 4)


def _taken(data):
    end = data.index(b"\0")
    return data[:end].decode(), data[end + 4 - end % 4 :]
