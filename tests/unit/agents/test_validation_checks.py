"""The validation stage beyond a pair's own texts: likeness, quarantine, leakage, gold and grounds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from tests.factories import (
    NOON,
    a_calibration_chosen,
    a_check_policy_published,
    a_constitution,
    a_constitution_published,
    a_gold_chosen,
    a_gold_retired,
    a_label_disputed,
    a_label_resolved,
    a_message,
    a_pair_proposed,
    a_quarantine_decided,
    a_response,
)

from prefstream.agents.configuration import configured
from prefstream.agents.driver.rows import Verdict
from prefstream.agents.stage import Configuration, Given
from prefstream.agents.validation import Validation
from prefstream.domain.checks.duplicates_buckets import MOST
from prefstream.domain.curation.protection import Protection, protected_set
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import Ground, LabelResolved
from prefstream.schemas.pairs import CheckResult, PairProposed, PairRejected, PairValidated

CONFIGURATION = Configuration(constitution=a_constitution())
LONG = "Please tell me, in so many words, what the capital of France is called and who founded it"
PRIVATE = "Write to jane.doe@acme-industries.co.uk, or call her."


@dataclass
class Bench:
    """The stage with its state, one event after the other."""

    configuration: Configuration = CONFIGURATION
    states: dict[str, bytes] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def say(self, event: Event) -> Sequence[Event]:
        loaded: dict[str, bytes | None] = {}
        given = Given(configuration=self.configuration, states=loaded)
        while missing := Validation().needs(event, given).keys - loaded.keys():
            loaded.update({key: self.states.get(key) for key in missing})
        self.asked |= loaded.keys()
        outcome = Validation().handle(event, given)
        self.states.update(outcome.states)
        return outcome.events

    def verdicts(self, *events: Event) -> dict[str, Verdict]:
        """Return the verdict that holds of each pair, by the rule that every reader goes by."""
        said = [one for event in events for one in self.say(event)]
        final: dict[str, Verdict] = {}
        for one in said:
            assert isinstance(one, PairValidated | PairRejected)
            standing = final.get(one.pair_id)
            if standing is None or _rank(one) >= _rank(standing):
                final[one.pair_id] = one
        return final

    def verdict(self, *events: Event) -> Verdict:
        return [*self.verdicts(*events).values()][-1]


def _rank(one: Verdict) -> tuple[Any, ...]:
    return one.occurred_at, one.resolution_id, one.facts, one.event_id


def under(**severities: Any) -> Bench:
    return Bench(replace(CONFIGURATION, checks=CheckPolicy(name="asked", severities=severities)))


def alike(number: int, **changes: Any) -> PairProposed:
    """Build a pair that says nearly the same as every other of its kind, under a prompt of its own."""
    defaults = {
        "pair_id": f"p{number}",
        "prompt_id": f"q{number}",
        "group_id": f"q{number}",
        "messages": (a_message(f"{LONG} {'abcdefghijklmnopqrstuvwxyz'[number % 26]}"),),
        "occurred_at": NOON + timedelta(minutes=number),
    }
    return a_pair_proposed(**(defaults | changes))


def resolved(number: int, **changes: Any) -> LabelResolved:
    return a_label_resolved(pair_id=f"p{number}", **changes)


def results(verdict: Event) -> dict[str, CheckResult]:
    assert isinstance(verdict, PairValidated | PairRejected)
    return {check.check: check for check in verdict.checks}


# Likeness -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("resolved_at", [0, 2, 3])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_near_duplicates_the_earliest_stays(order: tuple[int, ...], resolved_at: int) -> None:
    arrivals: list[Event] = [alike(number) for number in order]
    arrivals[resolved_at:resolved_at] = [resolved(number) for number in range(3)]
    found = Bench().verdicts(*arrivals)
    assert isinstance(found["p0"], PairValidated)
    assert [found[one].reasons for one in ("p1", "p2")] == [("near_duplicate",)] * 2  # type: ignore[union-attr]


def test_pairs_cut_from_one_prompt_are_never_near_duplicates() -> None:
    found = Bench().verdicts(
        alike(0), alike(1, prompt_id="q0"), alike(2, group_id="q0"), *[resolved(n) for n in range(3)]
    )
    assert isinstance(found["p1"], PairValidated)


def test_what_is_less_alike_than_the_policy_says_stays() -> None:
    bench = Bench(replace(CONFIGURATION, checks=CheckPolicy(name="strict", near_duplicate=0.99)))
    found = bench.verdicts(alike(0), alike(1), resolved(0), resolved(1))
    assert isinstance(found["p1"], PairValidated)


def test_a_copy_is_told_to_be_a_copy_and_not_a_near_duplicate_too() -> None:
    copy = alike(0, pair_id="p1", prompt_id="q1", group_id="q1", occurred_at=NOON + timedelta(minutes=1))
    found = Bench().verdicts(alike(2), copy, alike(0), *[resolved(n) for n in range(3)])
    assert found["p1"].reasons == ("exact_duplicate",)  # type: ignore[union-attr]


def test_a_check_that_is_off_asks_for_nothing_and_says_nothing() -> None:
    bench = under(near_duplicate="off", duplicate_prompt="off", exact_duplicate="off")
    found = bench.verdict(alike(0), alike(1), resolved(1))
    assert bench.asked == {"pair:p0", "pair:p1"}
    assert not {"near_duplicate", "duplicate_prompt", "exact_duplicate"} & results(found).keys()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_same_first_turn_under_another_prompt_id_is_noted(order: tuple[int, ...]) -> None:
    pairs = [
        alike(
            n, messages=(a_message("What is 17 times 23?"),), response_a=a_response(f"answer number {n} " * 9)
        )
        for n in range(3)
    ]
    found = Bench().verdicts(*[pairs[n] for n in order], *[resolved(n) for n in range(3)])
    noted = {one: not results(said)["duplicate_prompt"].passed for one, said in found.items()}
    assert noted == {"p0": False, "p1": True, "p2": True}
    assert all(isinstance(one, PairValidated) for one in found.values())


def test_a_text_that_was_erased_is_like_no_other() -> None:
    bench = Bench()
    bench.say(alike(0))
    bench.states["text:p0"] = b"\x00"
    assert isinstance(bench.verdict(alike(1), resolved(1)), PairValidated)


def test_a_pairs_text_stands_under_one_key_only() -> None:
    bench = Bench()
    bench.say(alike(0))
    assert [key for key, value in bench.states.items() if b"capital of france" in value] == ["text:p0"]


def test_a_bucket_keeps_its_earliest_and_later_pairs_still_meet_them() -> None:
    bench = Bench()
    pairs = [alike(n, pair_id=f"p{n:03}", prompt_id=f"q{n}", group_id=f"q{n}") for n in range(MOST + 9)]
    labels = [a_label_resolved(pair_id=pair.pair_id) for pair in pairs]
    found = bench.verdicts(*pairs, *labels)
    assert [one for one, said in found.items() if isinstance(said, PairValidated)] == ["p000"]
    assert max(len(value) for key, value in bench.states.items() if key.startswith("near:")) < 100 * MOST


# Quarantine ---------------------------------------------------------------------------------------


def held(bench: Bench | None = None) -> tuple[Bench, PairRejected]:
    bench = bench or Bench()
    found = bench.verdict(alike(0, response_a=a_response(PRIVATE)), resolved(0))
    assert isinstance(found, PairRejected)
    return bench, found


def decided(released: bool, minute: int = 1, **changes: Any) -> Event:
    defaults = {
        "event_id": derived_id("decision", released, minute),
        "pair_id": "p0",
        "released": released,
        "occurred_at": NOON + timedelta(minutes=minute),
    }
    return a_quarantine_decided(**(defaults | changes))


def test_a_finding_that_only_quarantines_waits_for_a_person() -> None:
    _, found = held()
    assert (found.quarantined, found.reasons) == (True, ("pii",))


def test_a_finding_that_rejects_beside_it_leaves_nothing_to_decide() -> None:
    _, found = held(under(pii="reject"))
    assert (found.quarantined, found.reasons) == (False, ("pii",))


def test_who_lets_a_pair_go_is_kept_with_the_finding() -> None:
    bench, before = held()
    found = bench.verdict(decided(True, reason="the address is invented", by="lea"))
    assert isinstance(found, PairValidated)
    finding = results(found)["pii"]
    assert (finding.passed, finding.released_by, finding.released_because) == (
        False,
        "lea",
        "the address is invented",
    )
    assert finding.finding == results(before)["pii"].finding
    assert _rank(found) > _rank(before)


def test_what_a_person_keeps_out_is_rejected_for_good() -> None:
    bench, before = held()
    found = bench.verdict(decided(False, reason="a real address", by="lea"))
    assert isinstance(found, PairRejected)
    assert not found.quarantined
    assert results(found)["pii"].finding.endswith("(kept out by lea: a real address)")
    assert _rank(found) > _rank(before)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_latest_decision_holds_whatever_comes_first(order: tuple[int, ...]) -> None:
    events = [alike(0, response_a=a_response(PRIVATE)), resolved(0), decided(False, 1), decided(True, 2)]
    found = Bench().verdict(*[events[place] for place in order])
    assert isinstance(found, PairValidated)


def test_a_decision_is_about_the_findings_it_names() -> None:
    bench = under(duplicate_prompt="quarantine")
    bench.verdict(alike(1, response_a=a_response(PRIVATE), pair_id="p0", prompt_id="q9"), resolved(0))
    released = bench.verdict(decided(True, findings=("pii",)))
    assert isinstance(released, PairValidated)
    found = bench.verdicts(alike(0, pair_id="p9", messages=(a_message(f"{LONG} b"),), prompt_id="q8"))
    assert found["p0"].reasons == ("duplicate_prompt",)  # type: ignore[union-attr]


def test_a_new_label_is_a_new_case_for_findings_on_the_label() -> None:
    grounds = (Ground(event_id=derived_id("l1"), by="ann", contradiction="the verdict prefers A"),)
    bench = Bench()
    first = bench.verdict(alike(0), resolved(0, grounds=grounds))
    assert isinstance(first, PairRejected)
    about = decided(True, resolution_id=first.resolution_id, findings=("contradicted_rationale",))
    assert isinstance(bench.verdict(about), PairValidated)
    later = resolved(
        0, grounds=grounds, occurred_at=NOON + timedelta(hours=1), event_id=derived_id("another")
    )
    found = bench.verdict(later)
    assert isinstance(found, PairRejected)
    assert found.quarantined


# Leakage, gold, calibration -----------------------------------------------------------------------


@pytest.mark.parametrize("place", ["messages", "response_a", "response_b"])
def test_a_protected_prompt_is_found_in_the_prompt_and_in_both_responses(place: str) -> None:
    protection = Protection(sets=(protected_set("exam", ["Who wrote Middlemarch, and when?"]),))
    text = "First a word. WHO wrote  Middlemarch - and when? Then another."
    change = (a_message(text),) if place == "messages" else a_response(text)
    bench = Bench(replace(CONFIGURATION, protection=protection))
    found = bench.verdict(alike(0, **{place: change}), resolved(0))
    assert isinstance(found, PairRejected)
    assert found.reasons == ("leaked",)
    assert "exam#" in results(found)["leaked"].finding


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_gold_questions_stay_out_from_when_they_are_chosen(order: tuple[int, ...]) -> None:
    events = [alike(0), resolved(0), a_gold_chosen(pair_id="p0")]
    found = Bench().verdict(*[events[place] for place in order])
    assert isinstance(found, PairRejected)
    assert found.reasons == ("gold_question",)


def test_a_retired_gold_question_stays_out() -> None:
    bench = Bench()
    bench.verdict(alike(0), resolved(0), a_gold_chosen(pair_id="p0"))
    assert bench.say(a_gold_retired(pair_id="p0")) == ()


def test_items_of_calibration_sets_stay_out() -> None:
    found = Bench().verdict(alike(0), resolved(0), a_calibration_chosen(pair_id="p0"))
    assert isinstance(found, PairRejected)
    assert found.reasons == ("calibration_item",)


# Grounds ------------------------------------------------------------------------------------------


def renewed(name: str = "house") -> tuple[Configuration, str, str]:
    """Return a configuration whose constitution superseded another, and the ids of both."""
    first = a_constitution_published()
    second = a_constitution_published(
        constitution=first.constitution.model_copy(update={"version": "99", "name": name})
    )
    after = configured(configured(CONFIGURATION, first), second)
    return after, first.constitution.id, second.constitution.id


def on(*constitutions: str | None) -> LabelResolved:
    grounds = [
        Ground(event_id=derived_id("label", n), by=f"a{n}", constitution_id=one)
        for n, one in enumerate(constitutions)
    ]
    return resolved(0, grounds=tuple(grounds))


def test_a_label_under_a_superseded_constitution_waits_for_a_person() -> None:
    configuration, old, new = renewed()
    found = Bench(configuration).verdict(alike(0), on(old))
    assert isinstance(found, PairRejected)
    assert (found.quarantined, found.reasons) == (True, ("stale_constitution",))
    assert isinstance(Bench(configuration).verdict(alike(0), on(new)), PairValidated)
    assert isinstance(Bench(configuration).verdict(alike(0), on(None)), PairValidated)
    assert isinstance(Bench(configuration).verdict(alike(0), on("a newer one")), PairValidated)


def test_of_labels_at_two_versions_one_that_counts_no_more_is_enough() -> None:
    configuration, old, new = renewed()
    found = Bench(configuration).verdict(alike(0), on(new, old))
    assert isinstance(found, PairRejected)
    finding = results(found)["stale_constitution"].finding
    assert old in finding
    assert new in finding


def test_versions_that_the_policy_names_count() -> None:
    configuration, old, new = renewed()
    policy = CheckPolicy(name="both", constitutions=(old, new))
    assert isinstance(
        Bench(replace(configuration, checks=policy)).verdict(alike(0), on(new, old)), PairValidated
    )
    strict = CheckPolicy(name="one", constitutions=(new,))
    assert isinstance(Bench(replace(configuration, checks=strict)).verdict(alike(0), on(old)), PairRejected)


def test_a_constitution_that_comes_back_is_not_stale() -> None:
    configuration, old, _ = renewed()
    again = configured(configuration, a_constitution_published())
    assert isinstance(Bench(again).verdict(alike(0), on(old)), PairValidated)


def test_a_withdrawn_label_takes_its_verdict_with_it_until_people_resolve_again() -> None:
    bench = Bench()
    bench.verdict(alike(0), resolved(0))
    gone = a_label_disputed(pair_id="p0", reason="label_withdrawn", occurred_at=NOON + timedelta(minutes=5))
    found = bench.verdict(gone)
    assert isinstance(found, PairRejected)
    assert found.reasons == ("withdrawn_annotator",)
    again = resolved(0, event_id=derived_id("again"), occurred_at=NOON + timedelta(minutes=6))
    assert isinstance(bench.verdict(again), PairValidated)


def test_the_newest_policy_of_checks_is_in_force() -> None:
    assert CONFIGURATION.checks.name == "default"
    published = a_check_policy_published()
    assert configured(CONFIGURATION, published).checks == published.policy


def test_a_repeated_event_says_the_same_bytes_under_another_policy() -> None:
    bench, before = held()
    bench.configuration = replace(CONFIGURATION, checks=CheckPolicy(name="loose", severities={"pii": "note"}))
    assert bench.say(resolved(0)) == [before]
    assert bench.say(alike(0, response_a=a_response(PRIVATE))) == [before]
