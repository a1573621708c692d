"""What all pictures have in common: colours, early refusals, and how they get into their file."""

from pathlib import Path
from typing import Any

from prefstream.schemas.errors import BadInput

#: Told apart also by who sees no red or no green (Okabe and Ito 2008).
BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442",
)  # fmt: skip
INK, GREY, PALE, FAINT = "#222222", "#666666", "#999999", "#DDDDDD"


def check_library() -> None:
    """Refuse early where nothing can be drawn.

    Raises:
        BadInput: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: F401
    except ImportError as error:
        raise BadInput("--plot needs matplotlib; install it with: pip install 'prefstream[plots]'") from error


def check_picture(path: Path) -> None:
    """Refuse early what cannot be drawn or written.

    Raises:
        BadInput: matplotlib is not installed, or the file is no PNG or has no folder.
    """
    check_library()
    if path.suffix.lower() != ".png":
        raise BadInput(f"--plot draws PNG; name the file {path.with_suffix('.png')}")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"--plot: there is no folder {path.absolute().parent}; make it first")


def write(figure: Any, path: Path) -> None:
    """Write a figure into a PNG file.

    Raises:
        BadInput: The file cannot be written.
    """
    try:
        figure.savefig(path, format="png")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
