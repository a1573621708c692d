"""Which examples a plan takes, and plans that contradict themselves."""

from dataclasses import replace

import pytest
from tests.unit.domain.releases.pairs import chain, folded

from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.exclusions import REASONS, Exclusion
from prefstream.domain.releases.selection import check_plan, check_slices, chosen
from prefstream.schemas.errors import BadInput
from prefstream.schemas.releases import ReleasePlan, Splits
from prefstream.schemas.values import Preference, Provenance

PLAN = ReleasePlan(name="helpful")


def an_example(**changes: object) -> Example:
    found = folded(*chain())
    assert isinstance(found, Example)
    return replace(found, **changes)  # type: ignore[arg-type]


def why(example: Example, **changes: object) -> str | None:
    found = chosen(example, PLAN.model_copy(update=changes))
    assert found is None or found.reason in REASONS
    return found.counted_as if found else None


def test_a_plan_that_asks_for_nothing_special_takes_it() -> None:
    assert why(an_example()) is None


def test_slices_and_constitutions_that_are_named_are_the_only_ones() -> None:
    assert why(an_example(), slices=("law",)) == "slice"
    assert why(an_example(), slices=("arithmetic",)) is None
    assert why(an_example(), constitutions=("house@9",)) == "constitution"
    assert why(an_example(), constitutions=(an_example().constitution_id,)) is None


def test_what_is_simulated_or_offline_never_enters_unless_named() -> None:
    simulated = an_example(provenance=Provenance.SIMULATED)

    assert why(simulated) == "provenance: simulated"
    assert why(an_example(provenance=Provenance.OFFLINE)) == "provenance: offline"
    assert why(an_example(provenance=Provenance.RECORDED)) is None
    assert why(simulated, provenance=(Provenance.SIMULATED,)) is None


def test_confidence_is_asked_of_labels_that_rest_on_the_judge_alone() -> None:
    judged = an_example(method="judge", confidence=0.8)

    assert why(judged, confidence=0.81) == "confidence"
    assert why(judged, confidence=0.8) is None
    assert why(an_example(method="judge", confidence=None), confidence=0.1) == "confidence"
    assert why(an_example(confidence=0.1), confidence=0.9) is None


def test_ties_are_dropped_or_kept_by_the_plan() -> None:
    tie = an_example(label=Preference.TIE)

    assert why(tie) == "tie"
    assert why(tie, ties="keep") is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"splits": Splits(train=0.9, validation=0.2, test=0.05)}, "add up to 1.15"),
        ({"slices": ("law",), "targets": {"code": 3}}, "target for code"),
        ({"formats": ("preference", "preference")}, "format twice"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check_plan(PLAN.model_copy(update=changes))


def test_a_slice_that_vanished_is_named_with_those_that_are_there() -> None:
    plan = PLAN.model_copy(update={"slices": ("arithmetic",), "targets": {"laww": 3}})

    with pytest.raises(BadInput, match=r"no pair of slice laww .* arithmetic, law"):
        check_slices(plan, {"arithmetic", "law"})
    check_slices(plan, {"arithmetic", "laww"})


def test_every_reason_can_be_said_in_words() -> None:
    assert Exclusion(reason="rejected", detail="empty").counted_as == "rejected: empty"
    assert all(REASONS.values())
