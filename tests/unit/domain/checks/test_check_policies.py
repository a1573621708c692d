"""The catalogue of checks and the policies that speak of it."""

import pytest

from prefstream.domain.checks.catalog import CATALOG
from prefstream.domain.checks.policies import DEFAULT_POLICY, known, linted, result, severity
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.errors import BadInput


def test_the_catalogue_says_of_every_check_what_a_reader_needs() -> None:
    for name, check in CATALOG.items():
        assert check.check_id == name
        assert check.title
        assert check.about.endswith(".")
        assert check.remedy.endswith(".")


def test_a_check_keeps_its_severity_unless_the_policy_names_it() -> None:
    policy = CheckPolicy(name="strict", severities={"pii": "reject"})
    assert severity("pii", policy) == "reject"
    assert severity("secret", policy) == CATALOG["secret"].severity == severity("secret", DEFAULT_POLICY)


def test_an_unknown_check_is_refused_with_the_closest_name() -> None:
    with pytest.raises(BadInput, match="no check 'piy'; did you mean 'pii'"):
        linted(CheckPolicy(name="p", severities={"piy": "off"}))
    with pytest.raises(BadInput, match="prefstream checks list"):
        known("zzzzzzzzz")


def test_off_is_off_in_yaml_too() -> None:
    policy = CheckPolicy.model_validate({"name": "p", "severities": {"pii": False}}, strict=False)
    assert policy.severities == {"pii": "off"}


def test_a_check_that_is_off_must_not_be_asked() -> None:
    with pytest.raises(AssertionError, match="off"):
        result("pii", "", CheckPolicy(name="p", severities={"pii": "off"}))
