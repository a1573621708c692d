"""Checks that need nothing but the pair itself."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from prefstream.domain.checks.credentials import secret
from prefstream.domain.checks.encoding import encoding_damage
from prefstream.domain.checks.languages import language_mismatch
from prefstream.domain.checks.personal_data import pii
from prefstream.domain.checks.policies import DEFAULT_POLICY, graded, result, severity
from prefstream.domain.checks.self_identification import self_identification
from prefstream.domain.checks.texts import PairTexts
from prefstream.domain.checks.truncation import truncated_response
from prefstream.schemas.checks import CheckPolicy, Severity
from prefstream.schemas.pairs import CheckResult, PairProposed
from prefstream.schemas.values import Provenance

#: Id of the check for pairs that say exactly what an earlier pair says.
EXACT_DUPLICATE = "exact_duplicate"

_UNREAL: Final = (Provenance.SIMULATED, Provenance.OFFLINE)


def content_checks(pair: PairProposed, policy: CheckPolicy = DEFAULT_POLICY) -> tuple[CheckResult, ...]:
    """Return the results of every check on the pair's own content that is not off."""
    texts = PairTexts(pair)
    running = _running(tuple(policy.severities.items()))
    return tuple([graded(check_id, find(texts), grade) for check_id, find, grade in running])


def duplicate_check(
    *, duplicate: bool, fingerprint: str, policy: CheckPolicy = DEFAULT_POLICY
) -> CheckResult:
    """Return the finding on exact duplicates.

    The evidence is the fingerprint, not the other pair: it stays true when a still earlier
    pair turns up.
    """
    said = f"an earlier pair has the same content (fingerprint {fingerprint[:16]})"
    return result(EXACT_DUPLICATE, said if duplicate else "", policy)


def failed(checks: Sequence[CheckResult]) -> tuple[str, ...]:
    """Return the ids of the failed checks that reject."""
    return tuple(check.check for check in checks if not check.passed and check.severity == "reject")


def _empty_response(texts: PairTexts) -> str:
    pair = texts.pair
    sides = (("A", pair.response_a), ("B", pair.response_b))
    empty = [side for side, response in sides if not response.text or response.text.isspace()]
    return f"response {' and '.join(empty)} has no text" if empty else ""


def _identical_responses(texts: PairTexts) -> str:
    same = texts.pair.response_a.text == texts.pair.response_b.text
    return "both responses are the same text" if same else ""


def _empty_prompt(texts: PairTexts) -> str:
    spoken = any(message.content and not message.content.isspace() for message in texts.pair.messages)
    return "" if spoken else "no message of the prompt has any text"


def _prompt_mismatch(texts: PairTexts) -> str:
    messages, other = texts.pair.messages, texts.pair.other_messages
    if not other or other == messages:
        return ""
    together = zip(messages, other, strict=False)
    turn = next((n for n, (one, two) in enumerate(together) if one != two), min(len(messages), len(other)))
    return f"the two responses follow different dialogues; they part at turn {turn + 1}"


def _simulated_origin(texts: PairTexts) -> str:
    pair = texts.pair
    sides = (
        ("the pair", pair.provenance),
        ("response A", pair.response_a.provenance),
        ("response B", pair.response_b.provenance),
    )
    return "; ".join([f"{what} is {origin.value}" for what, origin in sides if origin in _UNREAL])


#: By check; all of them are in the catalogue, whose order is theirs.
_FINDERS: Final[Mapping[str, Callable[[PairTexts], str]]] = {
    "empty_response": _empty_response,
    "identical_responses": _identical_responses,
    "empty_prompt": _empty_prompt,
    "prompt_mismatch": _prompt_mismatch,
    "truncated_response": truncated_response,
    "pii": pii,
    "secret": secret,
    "self_identification": self_identification,
    "language_mismatch": language_mismatch,
    "encoding_damage": encoding_damage,
    "simulated_origin": _simulated_origin,
}
CONTENT_CHECKS: Final = tuple(_FINDERS)


@lru_cache(maxsize=16)
def _running(
    severities: tuple[tuple[str, Severity], ...],
) -> tuple[tuple[str, Callable[[PairTexts], str], Severity], ...]:
    policy = CheckPolicy(name="asked", severities=dict(severities))
    graded_finders = [(check_id, find, severity(check_id, policy)) for check_id, find in _FINDERS.items()]
    return tuple([one for one in graded_finders if one[2] != "off"])
