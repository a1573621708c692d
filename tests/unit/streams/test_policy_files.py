"""Policies as people write them, and what is said of a file that holds none."""

import json
from pathlib import Path

import pytest
import yaml
from tests.factories import a_policy

from prefstream.schemas.errors import BadInput
from prefstream.streams.commands import load_policy


@pytest.mark.parametrize("written", [json.dumps, yaml.safe_dump])
def test_json_and_yaml_say_the_same_policy(tmp_path: Path, written: object) -> None:
    policy, path = a_policy(), tmp_path / "policy"
    path.write_text(written(policy.model_dump(mode="json")))  # type: ignore[operator]

    assert load_policy(path) == policy
    assert load_policy(path).id == policy.id


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no policy"),
        (b"[]", "is no policy"),
        (b"name: [", "neither JSON nor YAML"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"name: p\nslices: {arithmetic: {threshold: much}}", "slices.arithmetic.threshold"),
        (b"name: p\nslices: {arithmetic: 0.8}", "slices.arithmetic"),
        (b"name: p\nslices: {arithmetic: {threshold: 0.8, treshold: 0.9}}", "slices.arithmetic.treshold"),
        (b"name: p\nslices: {}\naudit_shar: 0.1", "audit_shar"),
        (b"name: p\n1: 2", "1"),
        (b"name: p\nslices: {}\noverlap: 0", "overlap"),
        (b"name: p\noverlaps: {arithmetic: {fewest: 4, most: 3}}", "overlaps.arithmetic"),
        (b"name: p\noverlaps: {arithmetic: {least: 4}}", "overlaps.arithmetic.least"),
    ],
)
def test_what_is_no_policy_is_refused_with_the_file_and_the_place(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(content)

    with pytest.raises(BadInput) as raised:
        load_policy(path)

    assert str(path) in str(raised.value)
    assert words in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"missing\.yaml cannot be read"):
        load_policy(tmp_path / "missing.yaml")
