"""The verdict on a pair: what follows from all that is known of it, and from nothing else."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from prefstream.agents.generation import weakest
from prefstream.agents.validation_duplicates import EXACT, NEAR, PROMPT
from prefstream.agents.validation_state import DecisionState, PairState, ProposalState, ResolutionState
from prefstream.domain.checks.catalog import CATALOG
from prefstream.domain.checks.grounds import LABEL_CHECKS, WITHDRAWN
from prefstream.domain.checks.policies import graded
from prefstream.schemas.checks import Severity
from prefstream.schemas.ids import derived_id, event_id
from prefstream.schemas.pairs import CheckResult, PairRejected, PairValidated
from prefstream.schemas.values import Provenance

GOLD: Final = "gold_question"
CALIBRATION: Final = "calibration_item"
#: Checks on what becomes known of a pair in time, in the order in which they are told.
MARKS: Final = (EXACT, NEAR, PROMPT, GOLD, CALIBRATION)
#: Checks whose severity is kept with the proposal, because what they find may come later.
KEPT: Final = (*MARKS, WITHDRAWN)
#: That a pair is a copy outweighs that it nearly repeats one: the finding and the mark of that.
_COPY: Final = 2
_UNREAL: Final = (Provenance.SIMULATED, Provenance.OFFLINE)


def verdict(
    pair_id: str, pair: PairState, *, stage: str, version: str
) -> tuple[PairValidated | PairRejected, ...]:
    """Return the verdict on a pair; none before it is both proposed and resolved."""
    proposal, resolution = pair.proposal, pair.resolution
    if proposal is None or resolution is None:
        return ()
    checks = tuple(
        [_decided(check, pair.decisions, resolution) for check in _checks(pair, proposal, resolution)]
    )
    failed = [check for check in checks if not check.passed]
    rejecting = tuple([check.check for check in failed if check.severity == "reject"])
    held = tuple(
        [check.check for check in failed if check.severity == "quarantine" and check.released_by is None]
    )
    marks = _telling(pair, proposal)
    knows = derived_id(
        resolution.event_id,
        *[check.check for check in failed],
        *marks,
        *sorted([one.event_id for one in pair.decisions]),
    )
    base: dict[str, Any] = {
        "event_id": event_id(stage=stage, input_id=knows, stage_version=version),
        "occurred_at": resolution.occurred_at,
        "source": f"prefstream/{stage}",
        "subject": pair_id,
        "causation_id": resolution.event_id,
        "correlation_id": pair_id,
        "stage_version": version,
        "pair_id": pair_id,
        "slice": resolution.slice,
        "resolution_id": resolution.event_id,
        "checks": checks,
        "facts": len(failed) + len(marks) + len(pair.decisions) + (_COPY if EXACT in marks else 0),
        "provenance": weakest(resolution.provenance, proposal.provenance),
    }
    if rejecting or held:
        return (PairRejected(**base, reasons=rejecting or held, quarantined=not rejecting),)
    return (
        PairValidated(
            **base, label=resolution.label, soft_label=resolution.soft_label, method=resolution.method
        ),
    )


def _checks(pair: PairState, proposal: ProposalState, resolution: ResolutionState) -> Iterator[CheckResult]:
    for check in proposal.checks:
        yield _with_label(check, resolution) if check.check == "simulated_origin" else check
    for check_id in MARKS:
        grade = _grade(check_id, proposal)
        if grade != "off":
            yield graded(check_id, _finding(check_id, pair, proposal), grade)
    yield from resolution.checks
    grade = _grade(WITHDRAWN, proposal)
    if grade != "off" and pair.withdrawal and pair.withdrawal > (resolution.occurred_at, resolution.event_id):
        yield graded(WITHDRAWN, "a label that it rests on was withdrawn", grade)


def _telling(pair: PairState, proposal: ProposalState) -> list[str]:
    """Return the marks that count: whether a copy also nearly repeats others depends on the order."""
    copied = EXACT in pair.marks and _grade(EXACT, proposal) != "off"
    return [mark for mark in pair.marks if not (copied and mark == NEAR)]


def _finding(check_id: str, pair: PairState, proposal: ProposalState) -> str:
    """Return what to say of a mark.

    No finding names the other pair: it stays true when a still earlier one turns up.
    """
    if check_id not in pair.marks:
        return ""
    if check_id == EXACT:
        return f"an earlier pair has the same content (fingerprint {proposal.fingerprint[:16]})"
    if check_id == NEAR:
        if NEAR not in _telling(pair, proposal):
            return ""
        return f"an earlier pair shares at least {proposal.least:g} of its runs of five characters"
    return {
        PROMPT: "an earlier pair has the same first turn under another prompt id",
        GOLD: "the pair was chosen as a gold question",
        CALIBRATION: "the pair was drawn into a calibration set",
    }[check_id]


def _grade(check_id: str, proposal: ProposalState) -> Severity:
    return proposal.grades.get(check_id) or CATALOG[check_id].severity


def _with_label(check: CheckResult, resolution: ResolutionState) -> CheckResult:
    """Return what is said of the pair's origin, with that of its label."""
    if resolution.provenance not in _UNREAL:
        return check
    said = [check.finding, f"the label is {resolution.provenance.value}"]
    return graded(check.check, "; ".join(filter(None, said)), check.severity)


def _decided(
    check: CheckResult, decisions: Sequence[DecisionState], resolution: ResolutionState
) -> CheckResult:
    """Return a result with what a person decided of it, the latest decision holding."""
    if check.passed or check.severity != "quarantine" or not decisions:
        return check
    about = [one for one in decisions if _is_about(one, check.check, resolution)]
    last = max(about, default=None)
    if last is None:
        return check
    if not last.released:
        finding = f"{check.finding} (kept out by {last.by}: {last.reason})"
        return check.model_copy(update={"severity": "reject", "finding": finding})
    return check.model_copy(update={"released_by": last.by, "released_because": last.reason})


def _is_about(decision: DecisionState, check_id: str, resolution: ResolutionState) -> bool:
    if decision.findings and check_id not in decision.findings:
        return False
    same_label = decision.resolution_id in (None, resolution.event_id)
    return same_label or check_id not in LABEL_CHECKS
