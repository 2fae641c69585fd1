"""Many datagrams in one call of the kernel (`sendmmsg`, `recvmmsg`): a load generator must not be what is slow.

One at a time, a thousand streams there and back took more than a core, and what the generator was late with looked
like lateness of whoever was measured.
"""

import ctypes
import errno
import socket
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

_MESSAGE = np.dtype(
    {
        "names": ["name", "name_size", "parts", "part_count", "control", "control_size", "size"],
        "formats": ["u8", "u4", "u8", "u8", "u8", "u8", "u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 56],
        "itemsize": 64,
    }
)
"""`struct mmsghdr` of 64-bit Linux."""
_PART = np.dtype([("base", "u8"), ("size", "u8")])
_ADDRESS_OCTETS = 16
_CONTROL = np.dtype([("size", "u8"), ("level", "i4"), ("kind", "i4"), ("seconds", "i8"), ("nanoseconds", "i8")])
"""A control message with the kernel's time stamp."""
_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_AT_ONCE = 512
_KEPT = 24
"""Octets of each datagram that are looked at: RTP's header, and a time behind it."""
_libc = ctypes.CDLL(None, use_errno=True)

Octets = npt.NDArray[np.uint8]
Structs = npt.NDArray[np.void]


def open_socket(host: str) -> socket.socket:
    """A port of its own, whose datagrams bear the time of their arrival, and a long queue."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:  # only root may go beyond the system's limit
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
    except OSError:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    opened.bind((host, 0))
    opened.setblocking(False)
    return opened


class Outbox:
    """One datagram for each of many addresses, to be changed in place and sent again and again."""

    def __init__(self, sending: socket.socket, addresses: list[tuple[str, int]], size: int) -> None:
        """`size` is that of the longest datagram."""
        count = len(addresses)
        self._descriptor = sending.fileno()
        self.octets: Octets = np.zeros((count, size), np.uint8)
        packed = b"".join(_address(host, port) for host, port in addresses)
        self._addresses = np.frombuffer(bytearray(packed), np.uint8)
        self._parts: Structs = np.zeros(count, _PART)
        self._parts["base"] = self.octets.ctypes.data + size * np.arange(count, dtype=np.uint64)
        self.sizes: npt.NDArray[np.uint64] = self._parts["size"]
        self.sizes[:] = size
        self._messages: Structs = np.zeros(count, _MESSAGE)
        self._messages["name"] = self._addresses.ctypes.data + _ADDRESS_OCTETS * np.arange(count, dtype=np.uint64)
        self._messages["name_size"] = _ADDRESS_OCTETS
        self._messages["parts"] = self._parts.ctypes.data + _PART.itemsize * np.arange(count, dtype=np.uint64)
        self._messages["part_count"] = 1

    def send(self, first: int, behind: int) -> None:
        """Those from `first` to before `behind`. What an address refuses is passed over."""
        while first < behind:
            at = ctypes.c_void_p(self._messages.ctypes.data + _MESSAGE.itemsize * first)
            sent = _libc.sendmmsg(self._descriptor, at, behind - first, 0)
            first += max(1, sent)


class Inbox:
    """What comes, read in batches."""

    def __init__(self, receiving: socket.socket) -> None:
        self._descriptor = receiving.fileno()
        self._octets: Octets = np.zeros((_AT_ONCE, _KEPT), np.uint8)
        self._controls: Structs = np.zeros(_AT_ONCE, _CONTROL)
        self._parts: Structs = np.zeros(_AT_ONCE, _PART)
        self._parts["base"] = self._octets.ctypes.data + _KEPT * np.arange(_AT_ONCE, dtype=np.uint64)
        self._parts["size"] = _KEPT
        self._messages: Structs = np.zeros(_AT_ONCE, _MESSAGE)
        self._messages["parts"] = self._parts.ctypes.data + _PART.itemsize * np.arange(_AT_ONCE, dtype=np.uint64)
        self._messages["part_count"] = 1
        self._messages["control"] = self._controls.ctypes.data + _CONTROL.itemsize * np.arange(
            _AT_ONCE, dtype=np.uint64
        )

    def read(self) -> tuple[Octets, npt.NDArray[np.int64]]:
        """The beginnings of what has come, 512 datagrams at most, and when each did, in nanoseconds since 1970."""
        self._messages["control_size"] = _CONTROL.itemsize
        at = ctypes.c_void_p(self._messages.ctypes.data)
        count = _libc.recvmmsg(self._descriptor, at, _AT_ONCE, socket.MSG_DONTWAIT, None)
        if count < 0:
            if ctypes.get_errno() not in (errno.EAGAIN, errno.ECONNREFUSED, errno.EINTR):
                raise OSError(ctypes.get_errno(), "recvmmsg")
            count = 0
        stamps = self._controls[:count]
        arrived: npt.NDArray[np.int64] = stamps["seconds"] * 1_000_000_000 + stamps["nanoseconds"]
        return self._octets[:count].copy(), arrived


def view(octets: Octets, layout: Any) -> Structs:
    """The rows of `octets` as structures, beginning with their first octet."""
    return np.ndarray(octets.shape[0], layout, octets, 0, (octets.strides[0],))


def _address(host: str, port: int) -> bytes:
    """`struct sockaddr_in`."""
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8)
