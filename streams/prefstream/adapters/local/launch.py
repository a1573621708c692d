"""Turn this process into a server that dies with the process that started it.

Run as a script (never imported by prefstream): the new process takes its final form before it becomes the
server, so nothing has to run between fork and exec in a parent that has threads. It uses the standard library
alone, because it runs with `-I -S`. Its one argument is a JSON object, written by `child.spawn`.
"""

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
#: What a shell answers when a program cannot be run.
_CANNOT_RUN = 127


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _enter_namespace(uid: int) -> None:
    """Become `uid` in a user namespace of our own; outside it we stay who we were."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.unshare(_CLONE_NEWUSER), "unshare")
    # The kernel refuses a gid_map of an unprivileged process while setgroups is allowed.
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{uid} {outer_gid} 1", encoding="ascii")


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _die_with(parent: int, death_signal: int) -> None:
    """Ask the kernel for a signal when the parent dies; nothing to ask for outside Linux."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        # It died before we asked, so the signal would never come.
        sys.exit(_CANNOT_RUN)


def _main(order: dict[str, Any]) -> None:
    if order["namespace_uid"] is not None:
        _enter_namespace(order["namespace_uid"])
    if order["user"] is not None:
        _become(*order["user"])
    # After the identity is settled: a change of identity clears the request.
    _die_with(order["parent"], order["death_signal"])
    if not order["command"]:
        # Only the identity was to be tried.
        return
    os.execv(order["command"][0], order["command"])  # noqa: S606 (this is its job)


if __name__ == "__main__":
    try:
        _main(json.loads(sys.argv[1]))
    except OSError as error:
        sys.stderr.write(f"cannot start: {error}\n")
        sys.exit(_CANNOT_RUN)
