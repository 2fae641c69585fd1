"""Making a connected UDP socket open for every sender again, which Python's `socket` cannot say.

connect(2): "may dissolve the association by connecting to an address with the sa_family member set to AF_UNSPEC".
"""

import ctypes
import os

from dialplane.media.ports import PacketSocket

_libc = ctypes.CDLL(None, use_errno=True)
_UNSPECIFIED = bytes(16)


def unconnect(connected: PacketSocket) -> None:
    """Raises OSError."""
    if _libc.connect(connected.fileno(), _UNSPECIFIED, len(_UNSPECIFIED)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
