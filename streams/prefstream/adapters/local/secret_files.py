"""Secrets that a deployment makes for itself and keeps in its folder, readable by the owner alone."""

import os
import secrets
from pathlib import Path

from prefstream.schemas.errors import BadInput


def kept_secret(folder: Path, name: str) -> str:
    """Return the secret of a name, the same each time, made when it is asked for first.

    Several processes may ask at once: one of them makes it, all get that one.

    Raises:
        BadInput: The folder cannot be written, or the file holds no secret.
    """
    path = folder / "secrets" / name
    try:
        if not path.exists():
            _make(path)
        found = path.read_text("ascii").strip()
    except (OSError, UnicodeError) as error:
        raise BadInput(
            f"the secret {path} cannot be kept: {error}; correct the folder's permissions"
        ) from error
    if len(found) < 32:
        raise BadInput(f"{path} holds no secret; take the file away, and another is made")
    return found


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    mine = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename, a link leaves alone what another process has put there first.
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        mine.unlink()
