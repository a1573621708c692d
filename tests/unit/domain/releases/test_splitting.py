"""Splits and order: no prompt in two splits, no order of arrival that matters, shares as asked for."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.releases.splitting import SPLITS, Arrangement, RowKeys, arranged, groups_of
from prefstream.schemas.releases import Splits

#: Prompt, candidates and text of a row; few of each, so that rows share them.
_ROW = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
_ROWS = st.lists(_ROW, max_size=40)
_SPLITS = st.sampled_from(
    [Splits(), Splits(train=0.4, validation=0.3, test=0.3), Splits(train=0.5, validation=0.5, test=0.0)]
)
Row = tuple[int, int, int]


def keys_of(rows: Iterable[tuple[int, Row]]) -> RowKeys:
    keys = RowKeys()
    for number, (prompt, candidates, text) in rows:
        keys.add(prompt_id=f"p{prompt}", group_id=f"g{candidates}", text=f"t{text}", item_id=f"pair-{number}")
    return keys


def placed(rows: Sequence[tuple[int, Row]], found: Arrangement) -> list[tuple[int, str]]:
    """Return the numbers of rows with their splits, in order."""
    splits = [SPLITS[place] for place in found.split.tolist()]
    return [(rows[place][0], split) for place, split in zip(found.order.tolist(), splits, strict=True)]


@given(_ROWS, _SPLITS)
def test_rows_that_share_a_prompt_candidates_or_a_text_are_in_one_split(
    rows: list[Row], splits: Splits
) -> None:
    numbered = list(enumerate(rows))

    where = dict(placed(numbered, arranged(keys_of(numbered), splits)))

    assert where.keys() == set(range(len(rows)))
    for column in range(3):
        seen: dict[int, set[str]] = defaultdict(set)
        for number, row in numbered:
            seen[row[column]].add(where[number])
        assert all(len(some) == 1 for some in seen.values())


@given(_ROWS, st.randoms(use_true_random=False), st.integers(0, 3))
def test_the_order_in_which_rows_come_changes_nothing(rows: list[Row], chance: object, most: int) -> None:
    numbered = list(enumerate(rows))
    shuffled = numbered[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    one, other = (arranged(keys_of(some), Splits(), per_prompt=most) for some in (numbered, shuffled))

    assert placed(numbered, one) == placed(shuffled, other)
    assert len(one.order) + len(one.dropped) == len(rows)


@given(_ROWS, st.integers(1, 3))
def test_no_group_of_prompts_has_more_rows_than_the_plan_takes(rows: list[Row], most: int) -> None:
    numbered = list(enumerate(rows))
    columns = [np.array(column, dtype=np.uint64) for column in zip(*rows, strict=True)]
    groups = groups_of(columns).tolist() if rows else []

    found = arranged(keys_of(numbered), Splits(), per_prompt=most)

    kept = Counter(groups[number] for number in found.order.tolist())
    assert kept == {group: min(count, most) for group, count in Counter(groups).items()}


@given(_ROWS)
def test_rows_of_a_prompt_stand_together_and_in_them_those_of_its_candidates(rows: list[Row]) -> None:
    found = arranged(keys_of(enumerate(rows)), Splits())

    for column in (found.text, list(zip(found.text.tolist(), found.candidates.tolist(), strict=True))):
        said = list(column)
        changes = sum(one != other for one, other in pairwise(said))
        assert changes + bool(said) == len(set(said))


def test_near_duplicates_that_somebody_found_stay_together() -> None:
    rows = [(number, (number, number, number)) for number in range(200)]
    near = [number // 20 for number in range(200)]

    found = arranged(keys_of(rows), Splits(train=0.5, validation=0.0, test=0.5), near=near)

    seen: dict[int, set[str]] = defaultdict(set)
    for number, split in placed(rows, found):
        seen[near[number]].add(split)
    assert found.groups == 10
    assert all(len(some) == 1 for some in seen.values())


@pytest.mark.parametrize("seed", ["", "another"])
def test_shares_are_as_asked_for(seed: str) -> None:
    rows = [(number, (number, number, number)) for number in range(20_000)]

    found = arranged(keys_of(rows), Splits(seed=seed))

    shares = np.bincount(found.split, minlength=3) / 20_000
    assert shares.tolist() == pytest.approx([0.9, 0.05, 0.05], abs=0.006)


def test_a_prompt_keeps_its_split_when_others_come() -> None:
    few = [(number, (number, number, number)) for number in range(500)]
    many = [(number, (number, number, number)) for number in range(1000)]

    before, after = (dict(placed(rows, arranged(keys_of(rows), Splits()))) for rows in (few, many))

    assert before.items() <= after.items()
