"""Every gate lets a release pass at its limit and fails it right beyond, and says what would do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from prefstream.domain.evaluation.intervals import Share, wilson
from prefstream.domain.gates import GATES, Census, evaluated, failing, gate_named
from prefstream.domain.gates.counting import Key
from prefstream.domain.gates.kappas import alpha, mean_kappa
from prefstream.domain.gates.leanings import excess
from prefstream.domain.gates.stability import stability
from prefstream.schemas.releases import GateLimits, GateResult, ReleasePlan

Counts = Mapping[Key, int]
HAIR = 1e-6
#: Eighty pairs that ann and bob labelled, of which they disagree on eight.
TWO_PEOPLE: Counts = {
    ("pairs", "law"): 80,
    ("verdict", "law", "yes"): 160,
    ("annotator", "law", "ann"): 80,
    ("annotator", "law", "bob"): 80,
    ("overlap", "law", "2"): 80,
    ("ordinal", "law", "A>:2"): 40,
    ("ordinal", "law", "B>:2"): 32,
    ("ordinal", "law", "A> B>"): 8,
    ("pair", "law", "ann", "bob", "A", "A"): 40,
    ("pair", "law", "ann", "bob", "B", "B"): 32,
    ("pair", "law", "ann", "bob", "A", "B"): 8,
}
ALPHA = alpha(Census(TWO_PEOPLE).ordinal("law")).low or 0.0
KAPPA = mean_kappa(Census(TWO_PEOPLE).pair_tables("law"), labels_per_pair=2).low or 0.0
AUDITED = Share.counted(57, 60).always_low or 0.0
MIX: Counts = {("pairs", "code"): 500, ("pairs", "law"): 500}
MOVED: Counts = {("pairs", "code"): 300, ("pairs", "law"): 700}
DRIFT = stability({"code": 500, "law": 500}, {"code": 300, "law": 700})
LONGER: Counts = {
    ("pairs", "law"): 400,
    ("method", "law", "judge"): 400,
    ("length", "law", "longer"): 320,
    ("length", "law", "shorter"): 80,
    ("length_people", "law", "longer"): 55,
    ("length_people", "law", "shorter"): 45,
}
EXCESS = excess(Share.counted(320, 400), Share.counted(55, 100))[1]
SIDES: Counts = {("pairs", "law"): 1000, ("label", "law", "A>"): 700, ("label", "law", "B>>"): 300}


def changed(counts: Counts, *keys: Key, **_: Any) -> Counts:
    """Return the counts with one more of each key."""
    found = dict(counts)
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return found


@dataclass(frozen=True, kw_only=True)
class Case:
    """A release at a gate's limit, and the same right beyond it."""

    gate: str
    at: Counts
    limit: float
    #: The counts beyond the limit; none: the same counts, and the limit below.
    beyond: Counts | None = None
    limit_beyond: float | None = None
    of: str = ""
    plan: Mapping[str, Any] = field(default_factory=dict)
    previous: Counts | None = None
    #: What the shortfall and the remedy say.
    shortfall: str
    remedy: str

    def judged(self, *, beyond: bool) -> list[GateResult]:
        limit = self.limit
        if beyond and self.limit_beyond is not None:
            limit = self.limit_beyond
        counts = self.beyond if beyond and self.beyond is not None else self.at
        set_to: Any = {self.of: limit} if self.of else limit
        plan = ReleasePlan(name="law", limits=only(**{GATES[self.gate].limit: set_to}), **self.plan)
        previous = None if self.previous is None else Census(self.previous)
        return [
            one
            for one in evaluated(Census(counts), plan, previous)
            if one.gate.partition(":")[0] == self.gate
        ]


def only(**some: Any) -> GateLimits:
    """Return limits of which all others are off."""
    off: dict[str, Any] = dict.fromkeys(GateLimits.model_fields)
    return GateLimits(**(off | {"origin_share": {}, "annotator_groups": {}} | some))


CASES = (
    Case(
        gate="alpha",
        at=TWO_PEOPLE,
        limit=round(ALPHA, 9),
        limit_beyond=ALPHA + HAIR,
        shortfall="alpha of slice law is",
        remedy="label 1 more pairs of law twice",
    ),
    Case(
        gate="kappa",
        at=TWO_PEOPLE,
        limit=round(KAPPA, 9),
        limit_beyond=KAPPA + HAIR,
        shortfall="kappa of slice law is",
        remedy="label 1 more pairs of law by the same two people",
    ),
    Case(
        gate="judge_agreement",
        at={
            ("pairs", "law"): 500,
            ("method", "law", "judge"): 440,
            ("audited", "law", "agree"): 57,
            ("audited", "law", "differ"): 3,
        },
        limit=round(AUDITED, 9),
        limit_beyond=AUDITED + HAIR,
        shortfall="judge agreement of slice law is",
        remedy="more pairs of law, should agreement stay at .95",
    ),
    Case(
        gate="audit_sample",
        at={("pairs", "law"): 500, ("method", "law", "judge"): 470, ("audited", "law", "agree"): 30},
        beyond={("pairs", "law"): 500, ("method", "law", "judge"): 471, ("audited", "law", "agree"): 29},
        limit=30,
        shortfall="29 audited pairs beside 471 rows that rest on a judge alone, 1 short of 30",
        remedy="audit 1 more pairs of law",
    ),
    Case(
        gate="informativeness",
        at={("pairs", "law"): 9, ("verdict", "law", "yes"): 6, ("verdict", "law", "no"): 4},
        beyond={("pairs", "law"): 9, ("verdict", "law", "yes"): 59, ("verdict", "law", "no"): 41},
        limit=0.6,
        shortfall="informativeness of slice law is .59, .01 below .60",
        remedy="get 3 more labels of law that prefer one response",
    ),
    Case(
        gate="trace_coverage",
        at={("pairs", "law"): 100, ("resolved", "law"): 100, ("cited", "law"): 90},
        beyond={("pairs", "law"): 100, ("resolved", "law"): 100, ("cited", "law"): 89},
        limit=0.9,
        shortfall="trace coverage of slice law is .89, .01 below .90",
        remedy="for 1 of the 11 pairs of law without one",
    ),
    Case(
        gate="gold_accuracy",
        at={
            **TWO_PEOPLE,
            ("gold", "real", "ann", "law", "right"): 19,
            ("gold", "real", "ann", "code", "wrong"): 1,
            ("gold", "real", "who never labelled", "law", "wrong"): 99,
            ("gold", "simulated", "ann", "law", "wrong"): 99,
        },
        beyond={
            **TWO_PEOPLE,
            ("gold", "real", "ann", "law", "right"): 18,
            ("gold", "real", "bob", "code", "right"): 75,
            ("gold", "real", "bob", "code", "wrong"): 7,
        },
        limit=0.95,
        shortfall="gold accuracy of the release is .93, .02 below .95",
        remedy="40 more right answers would reach it; train those who answer wrong, most of all in slice "
        "code (75 of 82 right)",
    ),
    Case(
        gate="slice_coverage",
        at={("pairs", "law"): 90},
        beyond={("pairs", "law"): 89},
        limit=0.9,
        plan={"targets": {"law": 100}},
        shortfall="slice coverage of slice law is .89, .01 below .90 (89 of 100 pairs)",
        remedy="label 1 more pairs of law",
    ),
    Case(
        gate="slices_kept",
        at={("pairs", "law"): 9, ("pairs", "code"): 1},
        beyond={("pairs", "law"): 9},
        previous={("pairs", "law"): 9, ("pairs", "code"): 3},
        limit=9.0,
        shortfall="slice code has no pair; the last release had 3",
        remedy="label pairs of code",
    ),
    Case(
        gate="prompt_drift",
        at=MOVED,
        previous=MIX,
        limit=round(DRIFT.value, 9) if DRIFT else 0.0,
        limit_beyond=DRIFT.value - HAIR if DRIFT else 0.0,
        shortfall="prompt drift of the release is .1691, .0000 above .1691",
        remedy="most moved slice code, from 50.0% to 30.0%: take 400 more of it",
    ),
    Case(
        gate="tag_drift",
        at={("pairs", "law"): 9, ("tag", "x"): 100, ("tag", "y"): 100},
        beyond={("pairs", "law"): 9, ("tag", "x"): 195, ("tag", "y"): 5},
        previous={("pairs", "law"): 9, ("tag", "x"): 100, ("tag", "y"): 100},
        limit=0.25,
        shortfall="tag drift of the release is",
        remedy="most moved tag y, from 50.0% to 2.5%: take 190 more of it",
    ),
    Case(
        gate="length_drift",
        at={("pairs", "law"): 9, ("prompt_length", "64"): 500, ("prompt_length", "128"): 500},
        beyond={("pairs", "law"): 9, ("prompt_length", "64"): 950, ("prompt_length", "128"): 50},
        previous={("pairs", "law"): 9, ("prompt_length", "64"): 500, ("prompt_length", "128"): 500},
        limit=0.25,
        shortfall="length drift of the release is",
        remedy="most moved prompts of characters from 128, from 50.0% to 5.0%: take 900 more of it",
    ),
    Case(
        gate="length_bias",
        at=LONGER,
        limit=round(EXCESS, 9),
        limit_beyond=EXCESS - HAIR,
        shortfall="length bias of slice law is .1",
        remedy="pairs of law out in which the judge prefers the longer response",
    ),
    Case(
        gate="position_bias",
        at=SIDES,
        limit=round(wilson(0.7, 1000)[0] - 0.5, 9),
        limit_beyond=wilson(0.7, 1000)[0] - 0.5 - HAIR,
        shortfall="position bias of the release is .17",
        remedy="response A wins 700 of 1000: swap the sides of about 200 of those pairs",
    ),
    Case(
        gate="origin_share",
        at={("pairs", "law"): 100, ("method", "law", "judge"): 95, ("strategy", "law", "best_of_n"): 100},
        beyond={("pairs", "law"): 100, ("method", "law", "judge"): 96},
        limit=0.95,
        of="judge",
        shortfall="origin share of judge of the release is .96, .01 above .95",
        remedy="leave 20 pairs by judge out, or take 2 more of others",
    ),
    Case(
        gate="origin_share",
        at={("pairs", "law"): 100, ("strategy", "law", "best_of_n"): 50},
        beyond={("pairs", "law"): 100, ("strategy", "law", "best_of_n"): 51},
        limit=0.5,
        of="best_of_n",
        shortfall="origin share of best_of_n of the release is .51, .01 above .50",
        remedy="leave 2 pairs by best_of_n out, or take 2 more of others",
    ),
    Case(
        gate="ties",
        at={("pairs", "law"): 9},
        beyond={("pairs", "law"): 9, ("label", "law", "="): 1},
        limit=0.4,
        shortfall="ties of slice law is .11, .11 above .00",
        remedy="leave 1 ties out",
    ),
    Case(
        gate="ties",
        at={("pairs", "law"): 10, ("label", "law", "="): 4},
        beyond={("pairs", "law"): 10, ("label", "law", "="): 5},
        limit=0.4,
        plan={"ties": "keep"},
        shortfall="ties of slice law is .50, .10 above .40",
        remedy="take 3 more pairs of law that are no ties, leave 2 ties out",
    ),
    Case(
        gate="annotator_share",
        at=TWO_PEOPLE,
        beyond=changed(TWO_PEOPLE, ("annotator", "law", "bob")),
        limit=0.5,
        shortfall="annotator share of slice law is .5031, .0031 above .5000",
        remedy="let others give 1 more labels of law",
    ),
    Case(
        gate="annotators",
        at=TWO_PEOPLE,
        limit=2,
        limit_beyond=3,
        shortfall="2 different people labelled slice law, 1 short of 3",
        remedy="let 1 other people label pairs of law",
    ),
    Case(
        gate="annotator_groups",
        at=TWO_PEOPLE,
        beyond=changed(TWO_PEOPLE, ("annotator", "law", "bob")),
        limit=0.5,
        of="region:eu",
        plan={"annotator_groups": {"ann": ("region:eu",)}},
        shortfall="annotator groups of region:eu of the release is .4969, .0031 below .5000",
        remedy="get 1 more labels by people of region:eu",
    ),
    Case(
        gate="age",
        at={("pairs", "law"): 2, ("day", "judge", "2026-03-01"): 1, ("day", "people", "2025-03-01"): 1},
        beyond={("pairs", "law"): 2, ("day", "judge", "2026-03-02"): 1, ("day", "people", "2025-03-01"): 2},
        limit=365.0,
        shortfall="the oldest label of the release is 366 days before the newest, 1 above 365",
        remedy="label 2 pairs anew that were labelled before 2025-03-02",
    ),
    Case(
        gate="refusals_preferred",
        at={("pairs", "law"): 10, ("refusal", "law"): 5},
        beyond={("pairs", "law"): 10, ("refusal", "law"): 6},
        limit=0.5,
        shortfall="refusals preferred of slice law is .60, .10 above .50",
        remedy="leave 2 pairs of law out in which a refusal wins, or take 2 more in which an answer does",
    ),
)


def name_of(case: Case) -> str:
    return f"{case.gate}-{case.of or case.plan.get('ties', '')}".rstrip("-")


def test_every_gate_has_a_case() -> None:
    assert {case.gate for case in CASES} == set(GATES)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_release_at_the_limit_passes(case: Case) -> None:
    results = case.judged(beyond=False)

    assert results
    assert not failing(results)
    assert {(one.shortfall, one.remedy) for one in results} == {("", "")}


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_release_beyond_the_limit_fails_and_says_by_how_much_and_what_would_do(case: Case) -> None:
    (result,) = failing(case.judged(beyond=True))

    assert case.shortfall in result.shortfall
    assert case.remedy in result.remedy


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_gate_without_a_limit_is_not_asked(case: Case) -> None:
    plan = ReleasePlan(name="law", limits=only(), targets={"law": 9})

    assert evaluated(Census(case.at), plan, Census(MIX)) == ()


EMPTY = Census({("pairs", "law"): 50, ("resolved", "law"): 50, ("cited", "law"): 50})
LABELLED: dict[Key, int] = {("pairs", "law"): 5, ("verdict", "law", "yes"): 5, ("annotator", "law", "ann"): 5}


@pytest.mark.parametrize(
    "gate",
    [
        "alpha",
        "kappa",
        "judge_agreement",
        "informativeness",
        "gold_accuracy",
        "annotator_share",
        "annotators",
    ],
)
def test_what_a_slice_does_not_rest_on_is_not_asked_of_it(gate: str) -> None:
    (found,) = [one for one in evaluated(EMPTY, ReleasePlan(name="law")) if one.gate == gate]

    assert found.passed
    assert found.value is None
    assert found.reason


@pytest.mark.parametrize(
    ("gate", "counts", "remedy"),
    [
        ("alpha", LABELLED, "label at least 12 pairs of law twice"),
        ("alpha", LABELLED | {("ordinal", "law", "A>:2"): 9}, "of which either side wins some"),
        ("alpha", LABELLED | {("ordinal", "law", "A> B>"): 1}, "label at least 12 pairs of law twice"),
        ("kappa", LABELLED, "let the same two people label at least 12 pairs of law"),
        ("kappa", LABELLED | {("pair", "law", "ann", "bob", "A", "A"): 30}, "the same two people"),
        ("gold_accuracy", LABELLED, "choose gold questions"),
        ("judge_agreement", {("pairs", "law"): 9, ("method", "law", "judge"): 9}, "raise the audit share"),
    ],
)
def test_a_figure_that_should_be_known_and_is_not_fails(gate: str, counts: Counts, remedy: str) -> None:
    (found,) = [one for one in evaluated(Census(counts), ReleasePlan(name="law")) if one.gate == gate]

    assert not found.passed
    assert found.value is None
    assert "is not known" in found.shortfall
    assert remedy in found.remedy


def test_a_group_that_nobody_declared_fails_where_people_labelled() -> None:
    plan = ReleasePlan(name="law", limits=only(annotator_groups={"region:eu": 0.2}))

    assert not evaluated(Census(LABELLED), plan)[0].passed
    assert evaluated(EMPTY, plan)[0].passed


def test_agreement_below_its_limit_is_not_mended_by_more_labels() -> None:
    counts = {**TWO_PEOPLE, ("ordinal", "law", "A> B>"): 60, ("pair", "law", "ann", "bob", "A", "B"): 60}
    found = {one.gate: one for one in evaluated(Census(counts), ReleasePlan(name="law"))}

    assert "more labels will not help" in found["alpha"].remedy
    assert "more labels will not help" in found["kappa"].remedy


def test_a_judge_below_its_limit_is_not_mended_by_more_audits() -> None:
    counts = {
        ("pairs", "law"): 99,
        ("method", "law", "judge"): 9,
        ("audited", "law", "agree"): 50,
        ("audited", "law", "differ"): 40,
    }
    found = {one.gate: one for one in evaluated(Census(counts), ReleasePlan(name="law"))}

    assert "more audits will not help" in found["judge_agreement"].remedy


def test_few_pairs_may_drift_as_far_as_chance_goes() -> None:
    before: Counts = {("pairs", "law"): 5, ("pairs", "code"): 5}
    now: Counts = {("pairs", "law"): 7, ("pairs", "code"): 3}
    plan = ReleasePlan(name="law", limits=only(prompt_drift=0.01))
    (found,) = [one for one in evaluated(Census(now), plan, Census(before)) if one.gate == "prompt_drift"]

    assert found.passed
    assert "chance alone" in found.reason


def test_a_slice_that_grew_is_to_be_cut_back() -> None:
    before, now = Census(MIX), Census({("pairs", "code"): 500, ("pairs", "law"): 5000})
    found = {one.gate: one for one in evaluated(now, ReleasePlan(name="law"), before)}

    assert "most moved slice code, from 50.0% to 9.1%: take 4500 more of it" in found["prompt_drift"].remedy


def test_a_slice_that_the_plan_does_not_take_is_not_missed() -> None:
    before = Census({("pairs", "law"): 9, ("pairs", "code"): 9})
    plan = ReleasePlan(name="law", slices=("law",), limits=only(prompt_drift=9.0))

    assert not failing(evaluated(Census({("pairs", "law"): 9}), plan, before))


def test_people_who_decided_every_pair_are_their_own_measure_of_length() -> None:
    counts = {("pairs", "law"): 9, ("method", "law", "consensus"): 9, ("length", "law", "longer"): 9}
    (found,) = evaluated(Census(counts), ReleasePlan(name="law", limits=only(length_bias=0.0)))

    assert found.passed
    assert found.reason == "people decided every pair"


def test_an_empty_release_fails_only_its_targets() -> None:
    results = evaluated(Census(), ReleasePlan(name="law", targets={"law": 5}))

    assert [one.gate for one in failing(results)] == ["slice_coverage"]


def test_a_slice_that_is_new_and_large_is_to_be_cut_back() -> None:
    before, now = Census({("pairs", "law"): 500}), Census({("pairs", "code"): 400, ("pairs", "law"): 500})
    found = {one.gate: one for one in evaluated(now, ReleasePlan(name="law"), before)}

    assert (
        "most moved slice code, from 0.0% to 44.4%: take 400 fewer of it, or cut"
        in found["prompt_drift"].remedy
    )


def test_no_refusal_may_win_where_the_limit_is_nought() -> None:
    counts: Counts = {("pairs", "law"): 10, ("refusal", "law"): 1}
    (found,) = evaluated(Census(counts), ReleasePlan(name="law", limits=only(refusals_preferred=0.0)))

    assert found.remedy.startswith("leave 1 pairs of law out in which a refusal wins;")


def test_gates_are_found_by_what_results_call_them() -> None:
    assert gate_named("origin_share:judge") is GATES["origin_share"]
    assert gate_named("no such gate") is None


def test_a_share_of_one_is_reached_by_leaving_out_alone() -> None:
    counts: Counts = {("pairs", "law"): 2, ("verdict", "law", "yes"): 1, ("verdict", "law", "no"): 1}
    (found,) = evaluated(Census(counts), ReleasePlan(name="law", limits=only(informativeness=1.0)))

    assert found.remedy.startswith("leave pairs of law out on which people see no difference")
