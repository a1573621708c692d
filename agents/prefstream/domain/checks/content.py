"""Checks that need nothing but the pair itself."""

from collections.abc import Sequence
from functools import cache

from prefstream.schemas.pairs import CheckResult, PairProposed

#: Id of the check for pairs that say exactly what an earlier pair says.
EXACT_DUPLICATE = "exact_duplicate"


def content_checks(pair: PairProposed) -> tuple[CheckResult, ...]:
    """Return the findings of every check on the pair's own content."""
    return (_empty_response(pair), _identical_responses(pair), _empty_prompt(pair))


def duplicate_check(*, duplicate: bool, fingerprint: str) -> CheckResult:
    """Return the finding on exact duplicates.

    The evidence is the fingerprint, not the other pair: it stays true when a still earlier
    pair turns up.
    """
    said = f"an earlier pair has the same content (fingerprint {fingerprint[:16]})"
    return _result(EXACT_DUPLICATE, said if duplicate else "")


def failed(checks: Sequence[CheckResult]) -> tuple[str, ...]:
    """Return the ids of the failed checks that reject."""
    return tuple(check.check for check in checks if not check.passed and check.severity == "reject")


def _result(check: str, finding: str) -> CheckResult:
    if not finding:
        return _passed(check)
    return CheckResult(check=check, severity="reject", passed=False, finding=finding)


@cache
def _passed(check: str) -> CheckResult:
    return CheckResult(check=check, severity="reject", passed=True)


def _empty_response(pair: PairProposed) -> CheckResult:
    sides = (("A", pair.response_a), ("B", pair.response_b))
    empty = [side for side, response in sides if not response.text.strip()]
    return _result("empty_response", f"response {' and '.join(empty)} has no text" if empty else "")


def _identical_responses(pair: PairProposed) -> CheckResult:
    same = pair.response_a.text == pair.response_b.text
    return _result("identical_responses", "both responses are the same text" if same else "")


def _empty_prompt(pair: PairProposed) -> CheckResult:
    spoken = any(message.content.strip() for message in pair.messages)
    return _result("empty_prompt", "" if spoken else "no message of the prompt has any text")
