"""Who may take what, and what is drawn by the lease's own id."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from prefstream.domain.people import Role
from prefstream.domain.tasks import (
    PAIR_ROUNDS,
    Lease,
    Worker,
    counted_seconds,
    known_rounds,
    sides_of,
    takes_oldest,
    wish_of,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASES = [str(UUID(int=number * 7919)) for number in range(4000)]


def worker(role: Role = Role.ANNOTATOR, *skills: str) -> Worker:
    return Worker(person_id="ada", role=role, skills=frozenset(skills) or None)


def lease(round_name: str) -> Lease:
    return Lease(
        lease_id=LEASES[0],
        pair_id="p1",
        round=round_name,
        slice="law",
        person_id="ada",
        purpose="work",
        fence=1,
        sides="ab",
        leased_at=NOON,
        expires_at=NOON,
    )


@pytest.mark.parametrize(
    ("role", "rounds"),
    [
        (Role.ANNOTATOR, ("annotate",)),
        (Role.REVIEWER, ("review", "annotate")),
        (Role.QA_LEAD, PAIR_ROUNDS),
        (Role.VIEWER, ()),
        (Role.SERVICE, ()),
    ],
)
def test_rounds_follow_from_the_role_the_most_urgent_first(role: Role, rounds: tuple[str, ...]) -> None:
    asked = wish_of(worker(role), rounds=None, slices=None).rounds
    assert tuple(one for one in asked if one in PAIR_ROUNDS) == rounds


def test_rounds_that_are_named_are_looked_for_in_that_order() -> None:
    wish = wish_of(worker(Role.QA_LEAD), rounds=["annotate", "review", "annotate"], slices=None)
    assert wish.rounds == ("annotate", "review")


def test_safety_is_only_for_who_asks_for_it() -> None:
    assert "safety" not in wish_of(worker(), rounds=None, slices=None).rounds
    assert wish_of(worker(), rounds=["safety"], slices=None).rounds == ("safety",)


def test_slices_are_what_is_asked_for_within_the_skills() -> None:
    assert wish_of(worker(), rounds=None, slices=None).slices is None
    assert wish_of(worker(), rounds=None, slices=["law"]).slices == ("law",)
    assert wish_of(worker(Role.ANNOTATOR, "law", "code"), rounds=None, slices=None).slices == ("code", "law")
    assert wish_of(worker(Role.ANNOTATOR, "law"), rounds=None, slices=["code"]).slices == ()


def test_a_lease_knows_its_kind() -> None:
    assert lease("review").kind == "pair"
    assert lease("review").pair_round == "review"
    assert lease("ranking").kind == "ranking"
    with pytest.raises(ValueError, match="has no round"):
        _ = lease("ranking").pair_round
    assert set(known_rounds()) == {*PAIR_ROUNDS, "ranking", "rating", "demonstration", "safety"}


def test_sides_are_a_fair_coin_and_one_turn_in_eight_is_the_oldest() -> None:
    assert abs(sum(sides_of(one) == "ab" for one in LEASES) / len(LEASES) - 0.5) < 0.03
    assert abs(sum(map(takes_oldest, LEASES)) / len(LEASES) - 0.125) < 0.02
    both = sum(sides_of(one) == "ab" and takes_oldest(one) for one in LEASES)
    assert abs(both / len(LEASES) - 0.0625) < 0.015, "one says nothing about the other"


@pytest.mark.parametrize(
    ("said_s", "passed_s", "counted_s"),
    [(5.0, 60, 5.0), (90.0, 60, 60.0), (None, 60, 60.0), (-3.0, 60, 0.0), (5.0, -60, 0.0)],
)
def test_seconds_are_the_pages_within_those_of_the_server(
    said_s: float | None, passed_s: float, counted_s: float
) -> None:
    submitted_at = NOON + timedelta(seconds=passed_s)
    assert counted_seconds(said_s, shown_at=NOON, submitted_at=submitted_at) == counted_s
