"""Checks that need nothing but the pair itself."""

from typing import Any

import pytest
from tests.factories import a_message, a_pair_proposed, a_response

from prefstream.domain.checks.catalog import CATALOG
from prefstream.domain.checks.content import (
    CONTENT_CHECKS,
    EXACT_DUPLICATE,
    content_checks,
    duplicate_check,
    failed,
)
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.pairs import CheckResult
from prefstream.schemas.values import Message, Provenance


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({}, {}),
        ({"response_a": a_response("")}, {"empty_response": "response A has no text"}),
        (
            {"response_a": a_response("\n\t"), "response_b": a_response(" ")},
            {"empty_response": "response A and B has no text"},
        ),
        (
            {"response_a": a_response("same"), "response_b": a_response("same", model="m2")},
            {"identical_responses": "both responses are the same text"},
        ),
        (
            {"messages": (a_message(" "), Message(role="system", content=""))},
            {"empty_prompt": "no message of the prompt has any text"},
        ),
        ({"messages": (a_message(""), a_message("text"))}, {}),
    ],
)
def test_what_is_wrong_with_a_pair_is_found_and_told(
    changes: dict[str, Any], findings: dict[str, str]
) -> None:
    checks = content_checks(a_pair_proposed(**changes))
    assert tuple(check.check for check in checks) == CONTENT_CHECKS
    assert {check.check: check.finding for check in checks if not check.passed} == findings
    assert failed(checks) == tuple(findings)


def test_responses_to_two_prompts_are_a_mismatch_and_tell_the_turn() -> None:
    asked = (a_message("Hi"), Message(role="assistant", content="Hello"), a_message("Who are you?"))
    other = (*asked[:2], a_message("Who am I?"))

    checks = content_checks(a_pair_proposed(messages=asked, other_messages=other))

    assert failed(checks) == ("prompt_mismatch",)
    assert findings_of(checks) == {
        "prompt_mismatch": "the two responses follow different dialogues; they part at turn 3"
    }
    assert findings_of(content_checks(a_pair_proposed(messages=asked, other_messages=asked))) == {}


def test_a_dialogue_that_goes_on_parts_where_the_other_ends() -> None:
    asked = (a_message("Hi"),)
    other = (*asked, Message(role="assistant", content="Hello"), a_message("Who am I?"))
    found = findings_of(content_checks(a_pair_proposed(messages=asked, other_messages=other)))
    assert found["prompt_mismatch"].endswith("part at turn 2")


def test_what_was_simulated_is_noted_and_rejects_nothing() -> None:
    pair = a_pair_proposed(
        response_b=a_response("392", provenance=Provenance.OFFLINE), provenance=Provenance.SIMULATED
    )
    checks = content_checks(pair)
    assert findings_of(checks) == {"simulated_origin": "the pair is simulated; response B is offline"}
    assert failed(checks) == ()


def test_a_policy_says_what_becomes_of_findings_and_a_check_that_is_off_does_not_run() -> None:
    policy = CheckPolicy(
        name="mild", severities={"empty_response": "off", "identical_responses": "quarantine"}
    )

    checks = content_checks(a_pair_proposed(response_a=a_response(""), response_b=a_response("")), policy)

    assert "empty_response" not in {check.check for check in checks}
    assert [(check.check, check.severity) for check in checks if not check.passed] == [
        ("identical_responses", "quarantine")
    ]


def test_every_content_check_is_in_the_catalogue_in_its_order() -> None:
    assert tuple(name for name in CATALOG if name in CONTENT_CHECKS) == CONTENT_CHECKS


def findings_of(checks: tuple[CheckResult, ...]) -> dict[str, str]:
    return {check.check: check.finding for check in checks if not check.passed}


def test_a_duplicate_is_told_by_the_fingerprint_not_by_the_other_pair() -> None:
    first, again = (
        duplicate_check(duplicate=flag, fingerprint="0123456789abcdef99") for flag in (False, True)
    )
    assert (first.passed, first.finding) == (True, "")
    assert again.finding == "an earlier pair has the same content (fingerprint 0123456789abcdef)"
    assert failed((first, again)) == (EXACT_DUPLICATE,)


def test_only_checks_that_reject_can_fail_a_pair() -> None:
    note = CheckResult(check="note", severity="note", passed=False)
    quarantine = CheckResult(check="quarantine", severity="quarantine", passed=False)
    assert failed((note, quarantine)) == ()


def test_a_fingerprint_is_of_the_words_and_not_of_the_sides_or_the_models() -> None:
    pair = a_pair_proposed()
    swapped = a_pair_proposed(
        pair_id="p2", response_a=pair.response_b, response_b=a_response("391", model="another"), slice="other"
    )
    assert pair.fingerprint == swapped.fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": (a_message("What is 17 times 24?"),)},
        {"messages": (Message(role="system", content="What is 17 times 23?"),)},
        {"messages": (a_message(), a_message(""))},
        {"response_a": a_response("391 ")},
        {"response_b": a_response("391")},
    ],
)
def test_other_words_have_another_fingerprint(changes: dict[str, Any]) -> None:
    assert a_pair_proposed(**changes).fingerprint != a_pair_proposed().fingerprint
