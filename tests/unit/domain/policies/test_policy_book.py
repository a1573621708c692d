"""The book of policies: what the events make of each."""

from datetime import timedelta

import pytest
from tests.factories import (
    NOON,
    a_policy,
    a_policy_proposed,
    a_policy_published,
    a_policy_revoked,
    a_policy_superseded,
)

from prefstream.domain.policies import PolicyEvent, Status, book_of
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import derived_id
from prefstream.schemas.policies import Policy

FIRST, SECOND = a_policy(name="first"), a_policy(name="second")


def proposed(policy: Policy) -> PolicyEvent:
    return a_policy_proposed(policy=policy)


def published(policy: Policy, *, again: int = 0) -> PolicyEvent:
    named = derived_id("test", "published", policy.id, again)
    return a_policy_published(policy=policy, event_id=named, occurred_at=NOON + timedelta(hours=again))


def revoked(policy: Policy) -> PolicyEvent:
    return a_policy_revoked(policy_id=policy.id)


def superseded(policy: Policy) -> PolicyEvent:
    return a_policy_superseded(policy_id=policy.id)


@pytest.mark.parametrize(
    ("events", "statuses"),
    [
        ([proposed(FIRST)], ["proposed"]),
        ([proposed(FIRST), published(FIRST)], ["active"]),
        ([proposed(FIRST), superseded(FIRST)], ["superseded"]),
        ([proposed(FIRST), revoked(FIRST)], ["revoked"]),
        ([proposed(FIRST), revoked(FIRST), proposed(FIRST)], ["revoked"]),
        ([published(FIRST), published(SECOND)], ["superseded", "active"]),
        ([published(FIRST), published(SECOND), superseded(FIRST)], ["superseded", "active"]),
        ([published(FIRST), published(SECOND), revoked(SECOND)], ["superseded", "revoked"]),
        ([published(FIRST), published(SECOND), published(FIRST, again=1)], ["active", "superseded"]),
        ([published(FIRST), revoked(FIRST), published(FIRST, again=1)], ["active"]),
        ([superseded(FIRST), revoked(SECOND)], ["superseded", "revoked"]),
        ([published(FIRST), published(FIRST), revoked(FIRST), revoked(FIRST)], ["revoked"]),
    ],
)
def test_the_last_word_on_each_policy_holds(events: list[PolicyEvent], statuses: list[Status]) -> None:
    book = book_of(events)
    assert [entry.status for entry in book.entries.values()] == statuses
    assert [entry.status for entry in (book.active,) if entry] == [one for one in statuses if one == "active"]


def test_the_place_of_a_policy_is_that_of_its_last_publication() -> None:
    book = book_of([published(FIRST), published(SECOND), revoked(SECOND), published(FIRST, again=1)])
    assert [entry.order for entry in book.entries.values()] == [3, 2]
    assert book.entry(SECOND.id).revocations == ((None, 2),)


def test_a_policy_is_found_by_the_beginning_of_its_id() -> None:
    book = book_of([published(FIRST), published(SECOND)])
    assert book.entry("fir").policy == FIRST
    with pytest.raises(BadInput, match="there is no policy 'third'"):
        book.entry("third")
    with pytest.raises(BadInput, match="there is no policy ''"):
        book.entry("")
    both = book_of([published(FIRST), published(a_policy(name="first", alpha=0.2))])
    with pytest.raises(BadInput, match="beginning of several"):
        both.entry("first")
