"""What needs the extra `stats`, which is imported where it is used."""

from prefstream.schemas.errors import BadInput


def stats_missing(purpose: str) -> BadInput:
    """Return the error for a figure that cannot be had without scipy and scikit-learn."""
    return BadInput(
        f"{purpose} needs scipy and scikit-learn; install them with: pip install 'prefstream[stats]'"
    )
