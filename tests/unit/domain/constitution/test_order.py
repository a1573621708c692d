"""The order of clauses."""

from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_constitution, a_principle

from prefstream.domain.constitution.order import cycle_of, ranked
from prefstream.schemas.constitutions import Constitution


def ids(constitution: Constitution) -> list[str]:
    return [principle.id for principle in ranked(constitution)]


def clause(name: str, priority: int = 1, *outranks: str) -> object:
    return a_principle(id=name, priority=priority, outranks=outranks)


def test_smaller_numbers_go_first_and_equals_keep_the_order_of_writing() -> None:
    assert ids(a_constitution(principles=(clause("c", 2), clause("b"), clause("a")))) == ["b", "a", "c"]


def test_among_equals_a_clause_goes_before_those_it_outranks() -> None:
    principles = (clause("a"), clause("b"), clause("c", 1, "b", "a"), clause("d", 1, "c"))
    assert ids(a_constitution(principles=principles)) == ["d", "c", "a", "b"]


def test_a_cycle_still_gives_every_clause_once() -> None:
    principles = (clause("a", 1, "b"), clause("b", 1, "a"), clause("c"))
    assert sorted(ids(a_constitution(principles=principles))) == ["a", "b", "c"]


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3).map(tuple)))
def test_a_cycle_is_found_exactly_when_there_is_one(beats: dict[str, tuple[str, ...]]) -> None:
    def reaches(start: str) -> bool:
        seen: set[str] = set()
        ahead = list(beats[start])
        while ahead:
            one = ahead.pop()
            if one == start:
                return True
            if one in beats and one not in seen:
                seen.add(one)
                ahead += beats[one]
        return False

    cycle = cycle_of(beats)
    assert bool(cycle) == any(reaches(name) for name in beats)
    assert all(after in beats[name] for name, after in zip(cycle, (*cycle[1:], *cycle[:1]), strict=True))
