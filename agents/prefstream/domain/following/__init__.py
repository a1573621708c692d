"""Following: the latest figures and alerts, who has seen which of them, and what is shown of them."""

from prefstream.domain.following.cursors import Cursor
from prefstream.domain.following.figures import SliceFigure, Watched, figures_of, resolved, shown, volume_of
from prefstream.domain.following.states import Key, Latest, State
from prefstream.domain.following.wishes import Wishes

__all__ = [
    "Cursor",
    "Key",
    "Latest",
    "SliceFigure",
    "State",
    "Watched",
    "Wishes",
    "figures_of",
    "resolved",
    "shown",
    "volume_of",
]
