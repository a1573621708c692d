"""TCP ports on the loopback address."""

import socket

from prefstream.schemas.errors import BadInput

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port now."""
    with socket.socket() as probe:
        # As servers do: connections that linger after a restart do not take the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """Let the operating system choose a port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def choose(*, wanted: int | None, remembered: int | None) -> int:
    """Choose the port to listen on: the wanted one, else that of the last run, else any.

    Raises:
        BadInput: The wanted port is taken.
    """
    if wanted is not None:
        if not is_free(wanted):
            raise BadInput(
                f"Port {wanted} on {HOST} is in use. Stop what listens there, or choose another port."
            )
        return wanted
    if remembered is not None and is_free(remembered):
        return remembered
    return any_free()
