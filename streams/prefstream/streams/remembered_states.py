"""States that this process saved itself, so that reading them again costs no round trip.

They are saved at the version they were read at, so what somebody else changed meanwhile is noticed
then, and all that is remembered is forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from prefstream.adapters.postgres.states import StoredState
from prefstream.streams.engine import Prepared, States

#: States remembered; of a kilobyte or less each.
MAX_REMEMBERED = 20_000


@dataclass(slots=True)
class RememberedStates:
    """Keeps the latest states at hand and asks for the others."""

    states: States
    limit: int = MAX_REMEMBERED
    _known: dict[tuple[str, str], StoredState] = field(default_factory=dict)

    async def load(self, stage: str, keys: frozenset[str]) -> Mapping[str, StoredState]:
        """Return the states of these keys."""
        found = {key: known for key in keys if (known := self._known.get((stage, key)))}
        asked = keys - found.keys()
        return {**found, **await self.states.load(stage, asked)} if asked else found

    def saved(self, stage: str, prepared: Prepared) -> None:
        """Remember what was committed, the oldest making room."""
        for key, value in prepared.states.items():
            self._known.pop((stage, key), None)
            self._known[stage, key] = StoredState(value=value, version=prepared.versions[key] + 1)
        for oldest in list(islice(self._known, max(0, len(self._known) - self.limit))):
            del self._known[oldest]

    def forget(self) -> None:
        """Remember nothing: somebody else may have saved."""
        self._known.clear()
