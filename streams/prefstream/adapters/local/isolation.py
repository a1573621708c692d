"""Under which identity a server runs: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from prefstream.adapters.local.child import AS_PARENT, Isolation, launcher
from prefstream.schemas.errors import Unavailable


def unprivileged(needs: Sequence[Path]) -> Isolation:
    """Choose an identity that is not root and may use the paths in `needs`.

    Args:
        needs: What the child must be able to reach through the folders above it.

    Raises:
        Unavailable: We are root and this machine gives no way to be anyone else.
    """
    if os.geteuid() != 0:
        return AS_PARENT
    namespace = Isolation(namespace_uid=_inner_uid())
    if sys.platform == "linux" and _works(namespace):
        return namespace
    account = _account()
    hidden = [str(path) for path in needs if account is None or not _reachable(path, account)]
    if account is not None and not hidden:
        return Isolation(user=(account.pw_uid, account.pw_gid))
    raise Unavailable(
        "PostgreSQL does not run as root, this machine forbids user namespaces, and no unprivileged user can "
        f"reach {' and '.join(hidden)}. Run prefstream as an ordinary user, keep that where every user can "
        "reach it, or set the DSN of a PostgreSQL that runs."
    )


def _inner_uid() -> int:
    """Pick a user that has an entry in the user database: initdb looks its own name up."""
    return next((entry.pw_uid for entry in pwd.getpwall() if 0 < entry.pw_uid < 65534), 65534)


def _works(isolation: Isolation) -> bool:
    trial = launcher([], isolation=isolation)
    return subprocess.run(trial, capture_output=True, check=False, timeout=10).returncode == 0  # noqa: S603


def _account() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _reachable(path: Path, account: pwd.struct_passwd) -> bool:
    """Say whether every folder above `path` lets this account pass."""
    for folder in path.resolve().parents:
        status = folder.stat()
        if status.st_uid == account.pw_uid:
            shift = 6
        elif status.st_gid == account.pw_gid:
            shift = 3
        else:
            shift = 0
        if not status.st_mode >> shift & 1:
            return False
    return True
