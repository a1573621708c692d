"""Wishes: which slices, windows and statistics somebody wants to see."""

from dataclasses import dataclass
from typing import Any

import orjson

from prefstream.domain.following.figures import resolved
from prefstream.domain.following.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What somebody wants to see; an empty set wants all."""

    slices: frozenset[str] = frozenset()
    windows: frozenset[str] = frozenset()
    statistics: frozenset[str] = frozenset()

    def shows(self, state: State) -> bytes | None:
        """Return what to show of a state; `None`: nothing.

        Alerts are of all windows. A statistic is wished for by its name, with all of its subjects, or
        with one of them, as `trace_coverage:people`.
        """
        kind, subject, window = state.key
        if kind == "alert":
            return state.event if self._wants_alert(state) else None
        if self.slices and subject not in self.slices:
            return None
        if self.windows and window not in self.windows:
            return None
        return self._narrowed(state.event) if self.statistics else state.event

    def _wants_alert(self, state: State) -> bool:
        if not self.slices and not self.statistics:
            return True
        said: dict[str, Any] = orjson.loads(state.event)
        if self.slices and said["slice"] not in self.slices:
            return False
        # That an alert is over is said without its statistic.
        return not self.statistics or "statistic" not in said or self._wants(said["statistic"])

    def _narrowed(self, event: bytes) -> bytes | None:
        said = orjson.loads(event)
        said["measurements"] = [one for one in said["measurements"] if self._wants(one["statistic"])]
        return orjson.dumps(said) if said["measurements"] else None

    def _wants(self, statistic: str) -> bool:
        return statistic in self.statistics or resolved(statistic)[0] in self.statistics
