"""The policy of checks that is in force unless another is published, and what policies may say."""

from difflib import get_close_matches
from functools import cache
from typing import Final, Literal

from prefstream.domain.checks.catalog import CATALOG
from prefstream.schemas.checks import CheckPolicy, Severity
from prefstream.schemas.errors import BadInput
from prefstream.schemas.pairs import CheckResult

#: Every check with the severity of the catalogue.
DEFAULT_POLICY: Final = CheckPolicy(name="default")


def severity(check_id: str, policy: CheckPolicy) -> Severity:
    """Return what becomes of a finding: what the policy says, else the catalogue.

    >>> severity("pii", CheckPolicy(name="strict", severities={"pii": "reject"}))
    'reject'
    >>> severity("pii", DEFAULT_POLICY)
    'quarantine'
    """
    return policy.severities.get(check_id) or CATALOG[check_id].severity


def known(check_id: str) -> str:
    """Return the id of a check if there is one of this name.

    Raises:
        BadInput: There is none; the message names the closest.
    """
    if check_id in CATALOG:
        return check_id
    close = get_close_matches(check_id, CATALOG, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else "; `prefstream checks list` shows them"
    raise BadInput(f"there is no check {check_id!r}{meant}")


def linted(policy: CheckPolicy) -> CheckPolicy:
    """Return the policy if every check that it names exists.

    Raises:
        BadInput: A check is unknown: misspelt, it would keep its severity unnoticed.
    """
    for check_id in policy.severities:
        known(check_id)
    return policy


def result(check_id: str, finding: str, policy: CheckPolicy) -> CheckResult:
    """Return what a check that runs has to say, passed where it found nothing.

    Args:
        check_id: One of the catalogue.
        finding: What it found, in words; empty where it found nothing.
        policy: Says what becomes of a finding. A check that is off must not be asked at all.
    """
    return graded(check_id, finding, severity(check_id, policy))


def graded(check_id: str, finding: str, grade: Severity) -> CheckResult:
    """Return what a check with this severity has to say."""
    assert grade != "off", f"{check_id} is off and must not run"
    if not finding:
        return _passed(check_id, grade)
    return CheckResult(check=check_id, severity=grade, passed=False, finding=finding)


@cache
def _passed(check_id: str, grade: Literal["note", "quarantine", "reject"]) -> CheckResult:
    return CheckResult(check=check_id, severity=grade, passed=True)
