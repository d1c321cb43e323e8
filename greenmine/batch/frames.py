"""Frames: how processes of this program talk to each other through pipes and sockets. A length, and so many bytes."""

from __future__ import annotations

import os
import struct
from typing import Final

HEAD: Final = struct.Struct("!Q")
_PIECE: Final = 1 << 20


def write_frame(number: int, data: bytes) -> None:
    """Write a frame to a descriptor."""
    write_all(number, framed(data))


def framed(data: bytes) -> bytes:
    """Return a frame."""
    return HEAD.pack(len(data)) + data


def write_all(number: int, data: bytes | bytearray) -> None:
    """Write to a descriptor, however little it takes at once."""
    with memoryview(data) as left:
        done = 0
        while done < len(left):
            done += os.write(number, left[done:])


def read_frame(number: int) -> bytes | None:
    """Read a frame from a descriptor; None where its other end was closed."""
    head = _exactly(number, HEAD.size)
    return _exactly(number, HEAD.unpack(head)[0]) if head is not None else None


def _exactly(number: int, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        piece = os.read(number, min(size - len(data), _PIECE))
        if not piece:
            return None
        data += piece
    return bytes(data)
