"""Derived ids are version 5 UUIDs, the same for the same parts and for no others."""

from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.schemas.ids import NAMESPACE, derived_id, event_id

PARTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(), max_size=4)


@given(PARTS)
def test_an_id_equals_the_standard_librarys_uuid5(parts: list[str | int]) -> None:
    name = "|".join(f"{len(str(part))}:{part}" for part in parts)
    assert derived_id(*parts) == str(uuid5(NAMESPACE, name))


@given(PARTS, PARTS)
def test_different_parts_give_different_ids(one: list[str | int], other: list[str | int]) -> None:
    same = [str(part) for part in one] == [str(part) for part in other]
    assert (derived_id(*one) == derived_id(*other)) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a|b", "c"), ("a", "b|c")),
        (("a", ""), ("a",)),
        (("",), ()),
        (("1:a",), ("a",)),
        (("a|1:b",), ("a", "b")),
    ],
)
def test_parts_do_not_run_into_each_other(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert derived_id(*one) != derived_id(*other)


def test_an_id_is_a_uuid_of_version_5_in_lower_case() -> None:
    found = derived_id("routing", "x", "1", 0)
    assert UUID(found).version == 5
    assert UUID(found).variant == "specified in RFC 4122"
    assert found == found.lower()


def test_an_event_id_depends_on_each_of_its_parts() -> None:
    parts = {"stage": "routing", "input_id": "i", "stage_version": "1", "ordinal": 0}
    changes: list[dict[str, object]] = [
        {"stage": "judging"},
        {"input_id": "j"},
        {"stage_version": "2"},
        {"ordinal": 1},
    ]
    found = {event_id(**(parts | change)) for change in [{}, *changes]}  # type: ignore[arg-type]
    assert len(found) == 5
    assert event_id(stage="routing", input_id="i", stage_version="1") in found
