from collections.abc import Sequence
from math import nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom  # type: ignore[import-untyped]

from prefstream.domain.certification import (
    Certificate,
    Evidence,
    Population,
    Refusal,
    Terms,
    certify,
    evidence,
    least_labels,
    thresholds,
)
from prefstream.schemas.errors import BadInput

#: Confidences with many ties, some without a verdict, each with whether a person disagrees.
pairs = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 12).map(lambda votes: (votes + 0.5) / 13)), st.booleans()),
    min_size=10,
    max_size=160,
)
mostly_right = st.lists(
    st.tuples(
        st.integers(0, 12).map(lambda votes: (votes + 0.5) / 13), st.integers(0, 19).map(lambda k: k == 0)
    ),
    min_size=40,
    max_size=300,
)
POPULATIONS: tuple[Population, ...] = ("stream", "file")
bounds = st.sampled_from([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5])


def of(rows: Sequence[tuple[float | None, bool]]) -> Evidence:
    return evidence([confidence for confidence, _ in rows], [wrong for _, wrong in rows])


def threshold(rows: Sequence[tuple[float | None, bool]], terms: Terms) -> float:
    found = certify({"all": of(rows)}, terms).slices["all"].threshold
    return np.inf if found is None else found


@given(st.one_of(pairs, mostly_right), bounds, bounds, bounds)
def test_a_laxer_bound_never_accepts_less(
    rows: list[tuple[float | None, bool]], one: float, other: float, delta: float
) -> None:
    strict, lax = sorted((one, other))
    assert threshold(rows, Terms(alpha=lax, delta=delta)) <= threshold(rows, Terms(alpha=strict, delta=delta))


@given(st.one_of(pairs, mostly_right), bounds, bounds, bounds)
def test_a_larger_error_probability_never_accepts_less(
    rows: list[tuple[float | None, bool]], one: float, other: float, alpha: float
) -> None:
    strict, lax = sorted((one, other))
    assert threshold(rows, Terms(alpha=alpha, delta=lax)) <= threshold(rows, Terms(alpha=alpha, delta=strict))


@given(st.lists(mostly_right, min_size=2, max_size=4), bounds, bounds)
def test_bounds_are_monotone_over_slices_that_share_delta(
    slices: list[list[tuple[float | None, bool]]], one: float, other: float
) -> None:
    strict, lax = sorted((one, other))
    of_slices = {str(place): of(rows) for place, rows in enumerate(slices)}
    less, more = (thresholds(of_slices, Terms(alpha=alpha, delta=0.2)) for alpha in (strict, lax))
    for name in of_slices:
        before, after = less[name], more[name]
        assert before is None or (after is not None and after <= before)


@given(mostly_right, st.randoms(use_true_random=False), bounds)
def test_the_order_of_pairs_does_not_matter(
    rows: list[tuple[float | None, bool]], random: object, alpha: float
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    terms = Terms(alpha=alpha)
    assert certify({"all": of(rows)}, terms) == certify({"all": of(shuffled)}, terms)


@given(mostly_right, bounds)
def test_ties_are_never_split(rows: list[tuple[float | None, bool]], alpha: float) -> None:
    certificate = certify({"all": of(rows)}, Terms(alpha=alpha)).slices["all"]
    for step in certificate.walked:
        above = [
            wrong for confidence, wrong in rows if confidence is not None and confidence >= step.threshold
        ]
        assert (step.n_accepted, step.errors) == (len(above), sum(above))
    if certificate.threshold is not None:
        assert certificate.n_accepted == certificate.walked[-1].n_accepted or len(certificate.walked) > 1


@given(mostly_right, bounds, bounds)
def test_every_step_on_the_way_has_passed(
    rows: list[tuple[float | None, bool]], alpha: float, delta: float
) -> None:
    certificate = certify({"all": of(rows)}, Terms(alpha=alpha, delta=delta)).slices["all"]
    if certificate.certified:
        kept = [step for step in certificate.walked if step.n_accepted <= certificate.n_accepted]
        assert all(step.p_value <= delta for step in kept)
        assert certificate.p_value == max(step.p_value for step in kept)
        assert kept[-1].p_value == pytest.approx(binom.cdf(certificate.errors, certificate.n_accepted, alpha))


@given(st.one_of(pairs, mostly_right), bounds)
def test_the_labels_choose_no_candidate(rows: list[tuple[float | None, bool]], alpha: float) -> None:
    from prefstream.domain.certification.walks import steps

    flipped = [(confidence, not wrong) for confidence, wrong in rows]
    walk, other = (steps(of(one), Terms(alpha=alpha)) for one in (rows, flipped))
    assert [step.threshold for step in walk] == [step.threshold for step in other]


def test_pairs_without_a_verdict_count_in_every_share_and_are_never_accepted() -> None:
    rows: list[tuple[float | None, bool]] = [(0.9, False)] * 60 + [(None, True)] * 40
    certificate = certify({"all": of(rows)}, Terms()).slices["all"]
    assert (certificate.coverage, certificate.n_accepted, certificate.threshold) == (0.6, 60, 0.0)


def test_all_ties_are_accepted_together_or_not_at_all() -> None:
    good: list[tuple[float | None, bool]] = [(0.7, place < 3) for place in range(100)]
    bad: list[tuple[float | None, bool]] = [(0.7, place < 30) for place in range(100)]
    found = {
        name: certify({"s": of(rows)}, Terms()).slices["s"] for name, rows in (("good", good), ("bad", bad))
    }
    assert found["good"].coverage == 1.0
    assert (found["bad"].threshold, found["bad"].coverage, len(found["bad"].walked)) == (None, 0.0, 1)


def test_nothing_proved_means_that_everything_escalates() -> None:
    certificate = certify({"s": of([(0.9, place % 2 == 0) for place in range(100)])}, Terms()).slices["s"]
    assert certificate.threshold is None
    assert certificate.refusal is Refusal.NOT_PROVED
    assert certificate.need is not None
    assert certificate.need.more_labels is None
    assert "better judge" in certificate.need.reason


def test_without_audit_labels_the_risk_is_unknown() -> None:
    unlabelled = evidence([0.9] * 50, [False] * 50, [False] * 50)
    certificate = certify({"s": unlabelled}, Terms()).slices["s"]
    assert (certificate.refusal, certificate.risk, certificate.threshold) == (
        Refusal.NO_AUDIT_LABELS,
        None,
        None,
    )
    assert "unknown" in certificate.reason


def test_a_slice_with_three_labels_is_refused_and_takes_nothing_from_the_others() -> None:
    good = of([(0.9, place < 5) for place in range(100)])
    alone = certify({"good": good}, Terms()).slices["good"]
    both = certify({"good": good, "tiny": of([(0.9, False)] * 3)}, Terms())
    assert both.slices["good"] == alone
    assert both.slices["tiny"].refusal is Refusal.TOO_FEW_LABELS
    assert both.slices["tiny"].need is not None
    assert both.slices["tiny"].need.more_labels == 19


def test_one_answer_throughout_is_refused() -> None:
    found = certify({"s": of([(0.9, False)] * 100)}, Terms(), one_class=["s"]).slices["s"]
    assert (found.threshold, found.refusal) == (None, Refusal.ONE_CLASS)


def test_the_needed_labels_are_the_fewest_that_pass() -> None:
    certificate = certify({"s": of([(0.9, place < 10) for place in range(140)])}, Terms()).slices["s"]
    assert certificate.need is not None
    more = certificate.need.more_labels
    assert more is not None
    passing = [
        n for n in range(140, 140 + more + 1) if binom.cdf(int(np.ceil(n * 10 / 140 - 1e-9)), n, 0.1) <= 0.1
    ]
    assert passing[0] == 140 + more


def test_a_slice_that_is_certified_whole_leaves_its_share_of_delta_to_the_others() -> None:
    whole = of([(0.9, False)] * 200)
    borderline = of([(0.9, place < 6) for place in range(100)])
    assert binom.cdf(6, 100, 0.1) > 0.1
    better = of([(0.9, place < 5) for place in range(100)])
    p_value = float(binom.cdf(5, 100, 0.1))
    assert 0.05 < p_value < 0.1
    found = certify({"a": whole, "b": better}, Terms())
    assert found.slices["b"].certified
    assert found.slices["b"].level == pytest.approx(0.1)
    other = certify({"a": borderline, "b": better}, Terms())
    assert not other.slices["b"].certified
    assert other.slices["b"].level == pytest.approx(0.05)


def test_a_pooled_certificate_promises_nothing_for_a_slice() -> None:
    good, bad = of([(0.9, False)] * 300), of([(0.9, place < 9) for place in range(20)])
    found = certify({"bad": bad, "good": good}, Terms(pooled=True))
    assert found.pooled is not None
    assert found.pooled.certified
    assert found.slices["bad"].refusal is Refusal.POOLED_ONLY
    assert found.slices["bad"].risk == pytest.approx(0.45)
    assert found.slices["bad"].threshold == found.pooled.threshold


def test_a_cascade_lets_the_first_judge_that_is_sure_decide() -> None:
    sure, unsure = 0.95, 0.4
    rows = [(sure, unsure, False, True)] * 60 + [(unsure, sure, True, False)] * 60
    rows += [(unsure, unsure, True, True)] * 30
    cascade = evidence([row[:2] for row in rows], [row[2:] for row in rows])
    found = certify({"s": cascade}, Terms()).slices["s"]
    assert (found.coverage, found.errors) == (0.8, 0)
    first = certify({"s": evidence([row[0] for row in rows], [row[2] for row in rows])}, Terms()).slices["s"]
    assert first.coverage == 0.4


def test_the_pairs_of_a_file_need_fewer_labels_than_a_stream() -> None:
    wrong = [place % 15 == 0 for place in range(200)]
    audited = [place < 120 for place in range(200)]
    one = evidence([0.9] * 200, wrong, audited)
    stream, file = (
        certify({"s": one}, Terms(population=population)).slices["s"] for population in POPULATIONS
    )
    assert file.p_value is not None
    assert stream.p_value is not None
    assert file.p_value < stream.p_value


def test_a_file_that_is_labelled_whole_is_certified_without_doubt() -> None:
    exactly = evidence([0.9] * 100, [place < 10 for place in range(100)])
    above = evidence([0.9] * 100, [place < 11 for place in range(100)])
    terms = Terms(population="file")
    assert certify({"s": exactly}, terms).slices["s"].p_value == 0.0
    assert not certify({"s": above}, terms).slices["s"].certified


def test_looking_repeatedly_needs_thresholds_fixed_beforehand() -> None:
    rows = of([(0.9, False)] * 60 + [(0.6, True)] * 40)
    found = certify({"s": rows}, Terms(anytime=(0.99, 0.8, 0.5))).slices["s"]
    assert (found.threshold, found.coverage) == (0.8, 0.6)


@pytest.mark.parametrize(
    ("confidence", "said"),
    [([1.2], "1.2, not a number from 0 to 1"), ([-0.1], "-0.1"), ([float("nan")], "NaN"), ([np.inf], "inf")],
)
def test_a_confidence_that_is_none_is_refused(confidence: list[float], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        evidence(confidence, [False])


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, float("nan")])
def test_a_bound_that_cannot_be_promised_is_refused(value: float) -> None:
    with pytest.raises(BadInput, match="alpha"):
        Terms(alpha=value)
    with pytest.raises(BadInput, match="delta"):
        Terms(delta=value)


def test_thresholds_are_those_of_the_certificate() -> None:
    generator = np.random.default_rng(7)
    slices = {
        name: evidence(np.round(generator.random(150), 1), generator.random(150) < rate)
        for name, rate in (("a", 0.02), ("b", 0.08), ("c", 0.3))
    }
    for terms in (Terms(), Terms(pooled=True), Terms(alpha=0.2)):
        whole: Certificate = certify(slices, terms)
        assert thresholds(slices, terms) == {name: one.threshold for name, one in whole.slices.items()}


def test_the_fewest_labels_are_those_of_the_formula() -> None:
    assert [least_labels(alpha, 0.1) for alpha in (0.15, 0.1, 0.05)] == [15, 22, 45]


def test_a_threshold_lies_just_above_what_it_leaves_out() -> None:
    rows: list[tuple[float | None, bool]] = [(0.9, False)] * 80
    rows += [(0.8, True)] * 20
    assert threshold(rows, Terms()) == nextafter(0.8, 1)
