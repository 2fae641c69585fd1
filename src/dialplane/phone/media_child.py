"""The phone's own media process: `python -m dialplane.phone.media_child SOCKET HOST FIRST LAST PARENT`."""

import ctypes
import os
import signal
import sys
from pathlib import Path

from dialplane.media.process import serve

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    socket_path, host, first, last, parent = arguments
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)  # a phone that is killed leaves no orphan
    if os.getppid() == int(parent):
        serve(Path(socket_path), host, int(first), int(last))


if __name__ == "__main__":
    main(sys.argv[1:])
