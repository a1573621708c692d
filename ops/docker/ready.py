"""Exits with 0 when the process of this container takes records, else with 1 and what it says."""

import os
import sys
import urllib.error
import urllib.request


def refusal(port: str, *, timeout_s: float = 4.0) -> str | None:
    """Return why the process on this port is not ready; `None` when it is."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=timeout_s):
            return None
    except urllib.error.HTTPError as error:
        return error.read().decode(errors="replace").strip()
    except OSError as error:
        return f"nothing answers on port {port}: {error}"


if __name__ == "__main__":
    sys.exit(refusal(os.environ["PREFSTREAM_HEALTH_PORT"]))
