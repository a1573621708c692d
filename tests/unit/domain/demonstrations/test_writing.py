"""What is refused of written responses at once."""

import pytest

from prefstream.domain.demonstrations import HARMS, MAX_RESPONSE, NO_HARM, fault_in, share_changed


@pytest.mark.parametrize(
    ("response", "candidate", "unchanged", "said"),
    [
        ("", None, False, "empty"),
        (" \n\t", "x", False, "empty"),
        ("x" * (MAX_RESPONSE + 1), None, False, "limit"),
        ("as it was ", "as it was", False, "still the candidate"),
        ("otherwise", "as it was", True, "is not the candidate"),
        ("otherwise", None, True, "is not the candidate"),
    ],
)
def test_such_a_response_is_refused(response: str, candidate: str | None, unchanged: bool, said: str) -> None:
    fault = fault_in(response, candidate=candidate, unchanged=unchanged)
    assert fault is not None
    assert said in fault


def test_an_edited_response_and_a_confirmed_one_are_taken() -> None:
    assert fault_in("better", candidate="good", unchanged=False) is None
    assert fault_in("good", candidate="good", unchanged=True) is None
    assert fault_in("one\ntwo", candidate="one\r\ntwo", unchanged=True) is None
    assert fault_in("new", candidate=None, unchanged=False) is None


def test_texts_too_long_to_compare_have_no_share() -> None:
    assert share_changed("word " * 5_001, "word") is None


def test_every_harm_has_an_id_of_its_own_and_none_comes_first() -> None:
    assert len(set(HARMS.ids)) == len(HARMS.ids)
    assert HARMS.ids[0] == NO_HARM
    assert all(harm.name and harm.means.endswith(".") for harm in HARMS.harms)
