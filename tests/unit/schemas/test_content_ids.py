"""A constitution and a policy are named by their content: any change names another."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories import (
    a_constitution,
    a_constitution_published,
    a_policy,
    a_policy_published,
    a_principle,
    an_exemplar,
)
from tests.strategies import instances

from prefstream.schemas.codec import decode, encode
from prefstream.schemas.constitutions import Constitution, ConstitutionPublished, Protocols
from prefstream.schemas.envelope import content_hash
from prefstream.schemas.policies import (
    CalibrationWindow,
    Certificate,
    OverlapPolicy,
    Policy,
    PolicyPublished,
    SlicePolicy,
)

CONSTITUTION_CHANGES: dict[str, Any] = {
    "name": "other",
    "version": "2",
    "title": "Other rules",
    "principles": (a_principle(rule="The shorter answer wins."),),
    "dimensions": {"helpfulness": 0.5, "accuracy": 0.5},
    "default_slice": "elsewhere",
    "curation": (),
    "escalation": (),
    "refusal_taxonomy": ("safety",),
    "brand_voice": "Plain.",
    "protocols": Protocols(ties="Say so."),
}
POLICY_CHANGES: dict[str, Any] = {
    "name": "policy-2",
    "slices": {"arithmetic": SlicePolicy(threshold=None)},
    "judge_id": None,
    "constitution_id": "house@1#0123456789abcdef",
    "alpha": 0.05,
    "delta": 0.05,
    "audit_share": 0.2,
    "audit_seed": "seed-2",
    "overlap": 3,
    "overlaps": {"arithmetic": OverlapPolicy()},
    "certificate": Certificate(method="fixed_sequence", window=CalibrationWindow(labels=100), spent=0.05),
}


@pytest.mark.parametrize(("field", "content"), CONSTITUTION_CHANGES.items(), ids=CONSTITUTION_CHANGES)
def test_any_change_gives_a_constitution_another_identity(field: str, content: object) -> None:
    assert a_constitution(**{field: content}).id != a_constitution().id


@pytest.mark.parametrize(("field", "content"), POLICY_CHANGES.items(), ids=POLICY_CHANGES)
def test_any_change_gives_a_policy_another_identity(field: str, content: object) -> None:
    assert a_policy(**{field: content}).id != a_policy().id


def test_every_field_has_its_change_tested() -> None:
    assert set(CONSTITUTION_CHANGES) == set(Constitution.model_fields)
    assert set(POLICY_CHANGES) == set(Policy.model_fields)


def test_a_change_deep_inside_gives_another_identity() -> None:
    deep = a_principle(exemplars=(an_exemplar(), an_exemplar(why="because")))
    assert a_constitution(principles=(deep,)).content_hash != a_constitution().content_hash


def test_what_stands_at_its_default_is_no_part_of_the_identity() -> None:
    """So a field that is added later changes no identity that was given before."""
    assert content_hash(Policy(name="p")) == sha256(b'{"name":"p"}').hexdigest()


def test_the_order_of_a_mapping_does_not_change_the_identity() -> None:
    one = a_constitution(dimensions={"helpfulness": 0.6, "accuracy": 0.4})
    other = a_constitution(dimensions={"accuracy": 0.4, "helpfulness": 0.6})
    assert one.id == other.id
    slices = {"a": SlicePolicy(threshold=0.5), "b": SlicePolicy(threshold=None)}
    assert a_policy(slices=slices).id == a_policy(slices=dict(reversed(slices.items()))).id


def test_the_order_of_rules_does_change_the_identity() -> None:
    rules = a_constitution().curation
    assert a_constitution(curation=rules[::-1]).id != a_constitution().id


@settings(max_examples=50, deadline=None)
@given(instances(Policy), st.randoms(use_true_random=False))
def test_a_policy_keeps_its_identity_through_the_log_in_any_key_order(policy: Policy, random: Any) -> None:
    shuffled = list(policy.slices.items())
    random.shuffle(shuffled)
    same = policy.model_copy(update={"slices": dict(shuffled)})
    published = decode(encode(a_policy_published(policy=same, policy_id="p")))
    assert isinstance(published, PolicyPublished)
    assert published.policy.id == policy.id


def test_a_constitution_keeps_its_identity_through_the_log() -> None:
    event = a_constitution_published()
    read = decode(encode(event))
    assert isinstance(read, ConstitutionPublished)
    assert read.constitution.id == event.constitution_id


def test_the_identity_shows_name_version_and_hash() -> None:
    constitution = a_constitution()
    assert constitution.id == f"house@1#{constitution.content_hash[:16]}"
    assert a_policy().id == f"policy-1#{content_hash(a_policy())[:16]}"
