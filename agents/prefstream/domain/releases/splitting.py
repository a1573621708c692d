"""Splitting: which split each row goes to, and the order of rows, so that no prompt leaks across splits.

Rows are in one group of prompts where they share a prompt's id, the set of candidates, or a prompt
that says the same (or, where somebody found them, nearly the same). A group goes to one split whole.
What is kept of each row is a handful of 64-bit numbers in flat arrays: a million rows take 40 MB. Two keys
fall together by chance once in thousands of releases of that size, and then two groups stay together.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from prefstream.schemas.releases import Splits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]

Split = Literal["train", "validation", "test"]
SPLITS: Final[tuple[Split, ...]] = get_args(Split)


def key_of(text: str) -> int:
    """Return a text's 64-bit key, the same on every machine.

    >>> key_of("prompt-1")
    11034733224755904639
    """
    return int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big")


@dataclass(slots=True)
class RowKeys:
    """What is kept of each row until all of them are known."""

    prompts: "array[int]" = field(default_factory=lambda: array("Q"))
    candidates: "array[int]" = field(default_factory=lambda: array("Q"))
    texts: "array[int]" = field(default_factory=lambda: array("Q"))
    items: "array[int]" = field(default_factory=lambda: array("Q"))

    def __len__(self) -> int:
        return len(self.items)

    def add(self, *, prompt_id: str, group_id: str, text: str, item_id: str) -> None:
        """Add a row.

        Args:
            prompt_id: Its prompt.
            group_id: The set of candidates it is cut from.
            text: The prompt as it is compared.
            item_id: What the row is, e.g. the pair.
        """
        self.prompts.append(key_of(prompt_id))
        self.candidates.append(key_of(group_id))
        self.texts.append(key_of(text))
        self.items.append(key_of(item_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Rows by number, in the order of the release."""

    #: Row numbers, split by split; rows of one prompt stand together, and in them those of one group.
    order: "NDArray[np.int64]"
    #: Place of the split in `SPLITS`, by position in `order`.
    split: "NDArray[np.int8]"
    #: Key of the prompt as compared and of the candidates, by position in `order`.
    text: "Keys"
    candidates: "Keys"
    #: Rows left out because their group of prompts had enough.
    dropped: "NDArray[np.int64]"
    #: Different groups of prompts.
    groups: int


def arranged(
    keys: RowKeys, splits: Splits, *, per_prompt: int = 0, near: Sequence[int] | None = None
) -> Arrangement:
    """Return where every row goes: a function of the rows and the seed, never of the order they came in.

    Args:
        keys: The rows.
        splits: Shares and seed.
        per_prompt: Rows of one group of prompts at most; 0: no limit.
        near: For each row the cluster of prompts that say nearly the same; `None`: nobody looked.
    """
    import numpy as np

    texts = np.frombuffer(keys.texts, dtype=np.uint64)
    columns = [texts, *(np.frombuffer(one, dtype=np.uint64) for one in (keys.prompts, keys.candidates))]
    if near is not None:
        columns.append(np.asarray(near, dtype=np.uint64))
    group = groups_of(columns)
    names = np.full(int(group.max(initial=-1)) + 1, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(names, group, texts)
    name = names[group]
    items = np.frombuffer(keys.items, dtype=np.uint64)
    split = _split_of(_mixed(name, f"split|{splits.seed}"), splits)
    candidates = columns[2]
    drawn = _mixed(name, f"order|{splits.seed}")
    order = np.lexsort((items, candidates, texts, name, drawn, split))
    kept = _kept(name[order], items[order], per_prompt)
    dropped, order = order[~kept], order[kept]
    return Arrangement(
        order=order,
        split=split[order],
        text=texts[order],
        candidates=candidates[order],
        dropped=np.sort(dropped),
        groups=len(np.unique(name)),
    )


def groups_of(columns: "Sequence[Keys]") -> "NDArray[np.int64]":
    """Return for each row the number of its group: rows that share a key of any column are in one.

    >>> import numpy as np
    >>> keys = [np.array([1, 1, 2, 3], dtype=np.uint64), np.array([7, 8, 8, 9], dtype=np.uint64)]
    >>> groups_of(keys).tolist()
    [0, 0, 0, 1]
    """
    import numpy as np

    parents = array("q", range(len(columns[0])))
    for column in columns:
        order = np.argsort(column, kind="stable")
        ordered = column[order]
        for place in np.flatnonzero(ordered[1:] == ordered[:-1]).tolist():
            _unite(parents, int(order[place]), int(order[place + 1]))
    roots = np.array(parents, dtype=np.int64)
    while not np.array_equal(above := roots[roots], roots):
        roots = above
    return np.asarray(np.unique(roots, return_inverse=True)[1], dtype=np.int64)


def _root(parents: "array[int]", row: int) -> int:
    while (parent := parents[row]) != row:
        parents[row] = parents[parent]
        row = parent
    return row


def _unite(parents: "array[int]", one: int, other: int) -> None:
    first, second = sorted((_root(parents, one), _root(parents, other)))
    parents[second] = first


def _mixed(keys: "Keys", salt: str) -> "Keys":
    """Return numbers as good as drawn by lot, decided by key and salt (the finaliser of splitmix64)."""
    import numpy as np

    mixed = keys ^ np.uint64(key_of(salt))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)


def _split_of(drawn: "Keys", splits: Splits) -> "NDArray[np.int8]":
    import numpy as np

    share = (drawn >> np.uint64(11)).astype(np.float64) / 2.0**53
    bounds = [splits.train, splits.train + splits.validation]
    if splits.test == 0.0:
        bounds[1] = 1.0  # the sum of two shares may fall short of one by a rounding
    return np.searchsorted(np.array(bounds), share, side="right").astype(np.int8)


def _kept(name: "Keys", items: "Keys", per_prompt: int) -> Any:
    """Return which rows stay, given in order: of each group those with the smallest keys."""
    import numpy as np

    if not per_prompt or not len(name):
        return np.ones(len(name), dtype=bool)
    by_name = np.lexsort((items, name))
    ordered = name[by_name]
    begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    rank = np.arange(len(name)) - np.repeat(begins, np.diff(np.append(begins, len(name))))
    kept = np.empty(len(name), dtype=bool)
    kept[by_name] = rank < per_prompt
    return kept
