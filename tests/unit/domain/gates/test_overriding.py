"""Overrides answer for failing gates and for nothing else."""

import pytest

from prefstream.domain.gates import applied, may_override
from prefstream.domain.people import Role
from prefstream.schemas.errors import BadInput
from prefstream.schemas.releases import GateOverride, GateResult

ALPHA, KAPPA, JUDGE = (
    GateResult(gate="alpha", slice="law", passed=False),
    GateResult(gate="kappa", slice="law", passed=True),
    GateResult(gate="origin_share:judge", passed=False),
)


def override(gate: str, name: str | None = None) -> GateOverride:
    return GateOverride(gate=gate, slice=name, by="lea", reason="a pilot")


def test_a_failing_gate_blocks() -> None:
    found = applied([ALPHA, KAPPA], [])

    assert found.blocked == (ALPHA,)
    assert found.overridden == ()


@pytest.mark.parametrize("answer", [override("alpha"), override("alpha", "law")])
def test_an_override_lets_its_gate_pass(answer: GateOverride) -> None:
    found = applied([ALPHA, KAPPA], [answer])

    assert found.blocked == ()
    assert found.overridden == ((ALPHA, answer),)


@pytest.mark.parametrize("answer", [override("alpha", "code"), override("kappa", "law")])
def test_an_override_answers_for_no_other(answer: GateOverride) -> None:
    found = applied([ALPHA, KAPPA], [answer])

    assert found.blocked == (ALPHA,)
    assert found.unused == (answer,)


@pytest.mark.parametrize("gate", ["origin_share", "origin_share:judge"])
def test_a_gate_with_parts_is_answered_for_by_part_or_whole(gate: str) -> None:
    assert applied([JUDGE], [override(gate)]).blocked == ()


def test_another_part_is_not_answered_for() -> None:
    assert applied([JUDGE], [override("origin_share:best_of_n")]).blocked == (JUDGE,)


def test_an_override_of_the_release_as_a_whole_needs_no_slice_but_a_known_gate() -> None:
    with pytest.raises(BadInput, match="no gate 'alfa'"):
        applied([ALPHA], [override("alfa")])


def test_who_leads_quality_may_override_and_nobody_else() -> None:
    assert [role for role in Role if may_override(role)] == [Role.QA_LEAD, Role.ADMIN]
