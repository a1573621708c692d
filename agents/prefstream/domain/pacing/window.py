"""How many calls may be under way at once: more while all goes well, fewer when the provider objects."""

import math
from dataclasses import dataclass

#: Calls under way at once before anything is known of a provider.
FIRST = 32
#: What is left of the window when the provider objects; CUBIC's factor, gentler than TCP's half.
CUT = 0.7
#: Growth per round of calls after the first objection, as a share of the ceiling.
STEP = 0.02


@dataclass(slots=True, kw_only=True)
class Window:
    """Additive increase, multiplicative decrease (Chiu and Jain, 1989), with TCP's doubling at the start.

    Until the first objection every answer adds one, which doubles the window per round; from then on
    a round of answers adds a fiftieth of the ceiling. An objection to a call that began before the
    last cut is news of what that cut was for, and cuts nothing.

    >>> window = Window(ceiling=100, size=10)
    >>> window.answered(under_way=10)
    >>> window.size
    11.0
    >>> window.objected(began_s=1.0, now_s=2.0), window.objected(began_s=1.5, now_s=2.1)
    (True, False)
    >>> round(window.size, 3)
    7.7
    """

    ceiling: int
    size: float = FIRST
    cut_at_s: float | None = None

    def __post_init__(self) -> None:
        self.size = float(min(self.size, self.ceiling))

    @property
    def places(self) -> int:
        """Return how many calls may be under way."""
        return max(1, math.floor(self.size))

    @property
    def doubles(self) -> bool:
        """Return whether its limits are still unknown."""
        return self.cut_at_s is None and self.size < self.ceiling

    def answered(self, *, under_way: int) -> None:
        """Grow by an answer; a window that was not half used has not been shown to be too small."""
        if self.size < self.ceiling and under_way * 2 >= self.size:
            step = 1.0 if self.cut_at_s is None else max(1.0, self.ceiling * STEP) / self.size
            self.size = min(float(self.ceiling), self.size + step)

    def objected(self, *, began_s: float, now_s: float) -> bool:
        """Shrink for a call that was refused for being one too many, and return whether it did."""
        if self.cut_at_s is not None and began_s <= self.cut_at_s:
            return False
        self.size, self.cut_at_s = max(1.0, self.size * CUT), now_s
        return True
