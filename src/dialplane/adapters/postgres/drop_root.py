"""Start a program as another user: `python -m …drop_root UID follow|outlive PROGRAM ARGUMENT…`.

Postgres refuses to run as root. Where root started us, this process becomes the other user and then the program. A
data folder or a virtual environment below a folder that only root may enter (`/root`, a private temporary folder)
would be out of reach, and changing the permissions of folders that are not ours is out of the question; so the
right to pass through them goes along as an ambient capability (capabilities(7)), where root has it to give.
With `follow` the program gets SIGINT when its parent dies, so that `kill -9` of the supervisor leaves no orphan.
"""

import ctypes
import os
import pwd
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def keep_passage(libc: ctypes.CDLL) -> None:
    """Make CAP_DAC_OVERRIDE ambient for this process, which has just given up root; quietly not where it cannot."""
    bit = 1 << _CAP_DAC_OVERRIDE
    data = (_Data * 2)(_Data(bit, bit, bit), _Data(0, 0, 0))
    if libc.capset(ctypes.byref(_Header(_CAPABILITY_VERSION_3, 0)), ctypes.byref(data)) == 0:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def main(arguments: list[str]) -> None:
    user, death, program = int(arguments[0]), arguments[1], arguments[2]
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and user != 0:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setgid(pwd.getpwuid(user).pw_gid)
        os.setuid(user)
        keep_passage(libc)
    if death == "follow":
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(Path(program).parent)}
    os.execve(program, arguments[2:], environment)


if __name__ == "__main__":
    main(sys.argv[1:])
