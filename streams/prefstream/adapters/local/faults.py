"""What the last words of a server mean, and what to do about them."""

from pathlib import Path

from prefstream.schemas.errors import BadInput, PrefstreamError, Unavailable

_FULL = ("no space left on device", "disk quota exceeded")
_FORBIDDEN = ("permission denied", "accessdenied", "read-only file system", "wrong ownership")
_TAKEN = ("address already in use", "could not bind", "failed to bind", "address in use")


def port_was_taken(last_words: str) -> bool:
    """Say whether the server ended because its port was taken."""
    return _says(last_words, _TAKEN)


def explain(
    server: str, *, what: str, folder: Path, port: int | None, last_words: str, disk_full: bool = False
) -> PrefstreamError:
    """Make the error for a server that would not run.

    Args:
        server: Its name for people.
        what: What happened, as the rest of a sentence.
        folder: Its data folder.
        port: Where it was to listen, when that was known.
        last_words: The end of its own log.
        disk_full: No space is left, so that its log may say nothing about it.
    """
    quoted = f"\n{server} said last:\n{last_words}" if last_words else ""
    at = "" if port is None else f", port {port}"
    if disk_full or _says(last_words, _FULL):
        cause = f"the disk of {folder} is full. Free some space, or choose another folder."
    elif port_was_taken(last_words):
        cause = f"port {port} is in use. Stop what listens there, or choose another port."
    elif _says(last_words, _FORBIDDEN):
        cause = f"it may not use {folder}. Correct its owner and permissions, or choose another folder."
    else:
        return Unavailable(f"{server} {what} on {folder}{at}.{quoted or ' It said nothing.'}")
    return BadInput(f"{server} {what}: {cause}{quoted}")


def _says(last_words: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in last_words.lower() for phrase in phrases)
