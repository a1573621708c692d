"""How many people a slice asks, as a policy says it."""

from typing import Any

import pytest
from pydantic import ValidationError
from tests.factories import a_policy

from prefstream.schemas.policies import OverlapPolicy


def test_a_policy_that_says_nothing_of_it_keeps_its_identity() -> None:
    assert a_policy().id == a_policy(overlaps={}).id
    assert a_policy().id != a_policy(overlaps={"arithmetic": OverlapPolicy()}).id


@pytest.mark.parametrize(
    "said", [{"fewest": 4, "most": 3}, {"fewest": 0}, {"most": 100}, {"sure": 0.5}, {"sure": 1.0}]
)
def test_a_rule_that_cannot_be_followed_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OverlapPolicy(**said)
