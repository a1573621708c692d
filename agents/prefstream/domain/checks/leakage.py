"""The check on leakage: whether a pair holds text of a protected set."""

from typing import Final

from prefstream.domain.checks.policies import result, severity
from prefstream.domain.curation.protection import Protection
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.pairs import CheckResult, PairProposed

LEAKED: Final = "leaked"
_HOW: Final = {"whole": "a whole prompt", "gram": "part of a prompt", "embedded": "a whole short prompt"}


def leakage_check(pair: PairProposed, protection: Protection, policy: CheckPolicy) -> tuple[CheckResult, ...]:
    """Return the result for a pair's prompt and both responses; none where the check is off."""
    if severity(LEAKED, policy) == "off":
        return ()
    return (result(LEAKED, _finding(pair, protection) if protection.sets else "", policy),)


def _finding(pair: PairProposed, protection: Protection) -> str:
    places = {
        "the prompt": [message.content for message in pair.messages],
        "response A": [pair.response_a.text],
        "response B": [pair.response_b.text],
    }
    found = [(place, match) for place, texts in places.items() if (match := protection.match(texts))]
    return "; ".join([f"{place} holds {_HOW[one.how]} of {one.set_id}" for place, one in found])
