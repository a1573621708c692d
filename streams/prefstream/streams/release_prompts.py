"""Prompts of a cut that say nearly the same, so that no split parts them."""

from collections.abc import Iterator, Sequence
from typing import Any, overload

from prefstream.adapters.files.release_spool import Spool
from prefstream.domain.releases.examples import Example
from prefstream.schemas.values import Message
from prefstream.streams.release_reading import Gathered


def near_prompts(gathered: Gathered, least: float | None) -> Sequence[int] | None:
    """Return for each row the cluster of prompts it belongs to; `None`: only equal prompts stand together.

    Args:
        gathered: The rows.
        least: From which similarity on prompts are nearly the same; `None`: nobody asks.
    """
    if least is None or not len(gathered.keys):
        return None
    import numpy as np

    from prefstream.domain.checks.duplicates import clusters

    texts = np.frombuffer(gathered.keys.texts, dtype=np.uint64)
    _, first, place = np.unique(texts, return_index=True, return_inverse=True)
    found = np.asarray(clusters(_Prompts(gathered.spool, first.tolist()), least=least), dtype=np.uint64)
    return found[place]  # type: ignore[return-value]


class _Prompts(Sequence[str]):
    """One prompt for each text, read when it is looked at."""

    def __init__(self, spool: Spool, numbers: Sequence[int]) -> None:
        self._spool = spool
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[str]:
        return map(self._text, self._numbers)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self._text(number) for number in self._numbers[place]]
        return self._text(self._numbers[place])

    def _text(self, number: int) -> str:
        one: Any = self._spool[number]
        messages: Sequence[Message] = one.messages if isinstance(one, Example) else one.task.messages
        return "\n".join(message.content for message in messages if message.role == "user")
