from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.reliability import next_slice

SLICES = ["code", "math", "safety"]


def day(annotator: str, tasks: int, *, stretch: int = 20) -> list[str]:
    history: list[str] = []
    for _ in range(tasks):
        name = next_slice(annotator, offered=SLICES, history=history, seed="s", stretch=stretch)
        assert name is not None
        history.append(name)
    return history


def test_a_person_changes_after_a_stretch_and_sees_all_slices_alike() -> None:
    history = day("ann", 180)
    assert Counter(history) == {"code": 60, "math": 60, "safety": 60}
    changes = [n for n in range(1, 180) if history[n] != history[n - 1]]
    assert changes == list(range(20, 180, 20))


def test_people_do_not_all_begin_with_one_slice() -> None:
    assert len({day(f"ann{n}", 1)[0] for n in range(30)}) == 3


def test_the_only_slice_offered_goes_on() -> None:
    assert next_slice("ann", offered=["code"], history=["code"] * 50, seed="s") == "code"
    assert next_slice("ann", offered=[], history=["code"], seed="s") is None


@given(
    st.sets(st.sampled_from(SLICES)),
    st.lists(st.sampled_from([*SLICES, "gone"]), max_size=60),
    st.integers(1, 30),
)
def test_only_what_is_offered_is_given_and_never_too_long(
    offered: set[str], history: list[str], stretch: int
) -> None:
    name = next_slice("ann", offered=offered, history=history, seed="s", stretch=stretch)
    assert (name is None) == (not offered)
    if name is not None:
        assert name in offered
        too_long = len(history) >= stretch and len(set(history[-stretch:])) == 1
        assert not (too_long and len(offered) > 1 and name == history[-1])
