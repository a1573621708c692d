"""Policies of checks: read from files, said once, found in force."""

from pathlib import Path

import pytest
from tests.factories import NOON
from tests.unit.streams.test_publication import MemoryLog

from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.errors import BadInput
from prefstream.streams.check_policies import load_check_policy
from prefstream.streams.publication import check_policy_in_force, publish_check_policy

STRICT = CheckPolicy(name="strict", severities={"pii": "reject"})


async def test_the_policy_published_last_is_in_force_and_is_published_once() -> None:
    log = MemoryLog()
    assert await check_policy_in_force(log) is None

    assert await publish_check_policy(log, STRICT, now=NOON)
    assert not await publish_check_policy(log, STRICT, now=NOON)
    assert await publish_check_policy(log, CheckPolicy(name="mild"), now=NOON)

    assert await check_policy_in_force(log) == CheckPolicy(name="mild")
    assert await publish_check_policy(log, STRICT, now=NOON)
    assert await check_policy_in_force(log) == STRICT


def test_a_policy_is_read_from_yaml(tmp_path: Path) -> None:
    file = tmp_path / "checks.yaml"
    file.write_text("name: strict\nseverities:\n  pii: reject\n  secret: off\nnear_duplicate: 0.9\n")
    assert load_check_policy(file) == CheckPolicy(
        name="strict", severities={"pii": "reject", "secret": "off"}, near_duplicate=0.9
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is no policy of checks"),
        (b"- pii\n", "is no policy of checks"),
        (b"\x7fELF\x02\x00", "neither JSON nor YAML"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"name: p\nseverities: {piy: off}\n", "no check 'piy'; did you mean 'pii'"),
        (b"name: p\nseverities: {pii: severe}\n", "severities.pii"),
        (b"name: p\nseverity: {pii: off}\n", "no field is named severity"),
        (b"name: p\nnear_duplicate: 2\n", "near_duplicate"),
    ],
)
def test_what_is_no_policy_is_refused(tmp_path: Path, text: bytes, message: str) -> None:
    file = tmp_path / "checks.yaml"
    file.write_bytes(text)
    with pytest.raises(BadInput, match=message):
        load_check_policy(file)
