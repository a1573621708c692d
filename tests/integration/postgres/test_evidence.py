"""Merkle trees over the archive: grown with it, the same however it came, and no change goes unseen."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests import factories as make
from tests.running_parts import postgres_dsn, postgres_server  # noqa: F401  (fixtures)

from prefstream.adapters.evidence import verify_evidence
from prefstream.adapters.postgres.keys import Keys
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project
from prefstream.schemas.errors import BadInput
from prefstream.schemas.records import LogRecord
from prefstream.streams import evidence

pytestmark = pytest.mark.postgres


class Archive:
    """A database with an archive, and the commands about it."""

    def __init__(self, dsn: str, runner: asyncio.Runner) -> None:
        self.run = runner.run
        self.connection: asyncpg.Connection = self.run(asyncpg.connect(dsn))
        self.run(upgrade(self.connection))

    def take(self, records: Sequence[LogRecord], *, sealed: bool = False) -> None:
        """Archive the records as one batch."""
        self.run(self._take(records, Keys() if sealed else None))

    async def _take(self, records: Sequence[LogRecord], keys: Keys | None) -> None:
        async with self.connection.transaction():
            await project(self.connection, records, keys)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query gives."""
        return [tuple(row) for row in self.run(self.connection.fetch(query))]

    def do(self, statement: str, *values: Any) -> None:
        """Run a statement."""
        self.run(self.connection.execute(statement, *values))

    def checked(self, topic: str | None = None) -> dict[str, Any]:
        """Return what a check finds."""
        found: dict[str, Any] = self.run(
            evidence.checked(topic=topic, first=0, end=None, tell=lambda _: None)
        )
        return found

    def prove(self, event_id: str) -> str:
        """Return a proof."""
        return str(self.run(evidence.prove(event_id)))


@pytest.fixture
def archive(
    postgres_dsn: str,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Archive]:
    monkeypatch.setenv("PREFSTREAM_POSTGRES__DSN", postgres_dsn)
    monkeypatch.setenv("PREFSTREAM_FOLDER", str(tmp_path))
    with asyncio.Runner() as runner:
        archive = Archive(postgres_dsn, runner)
        yield archive
        runner.run(archive.connection.close())


def history(count: int = 300) -> list[LogRecord]:
    """Return records on two partitions of two topics."""
    records = []
    for number in range(count):
        proposed = make.a_pair_proposed(pair_id=f"pair-{number}")
        label = make.a_label_submitted(pair_id=f"pair-{number}", rationale=f"reason {number}")
        place = {"partition": number % 2, "offset": number // 2}
        records += [make.a_record(proposed, **place), make.a_record(label, **place)]
    return records


def key() -> str:
    return evidence.signer().verifier_key


@pytest.mark.parametrize("sealed", [False, True])
def test_every_archived_event_can_be_proved_by_the_script(archive: Archive, sealed: bool) -> None:
    records = history()
    archive.take(records, sealed=sealed)
    assert archive.checked()["sound"]
    for number in (0, 1, 255, 299):
        proof = archive.prove(make.a_label_submitted(pair_id=f"pair-{number}").event_id)
        shown = verify_evidence.check(proof, key())
        assert shown.startswith(
            f"labels.submitted.v1/{number % 2}@{number // 2} is leaf {number // 2} of 150"
        )


def test_trees_do_not_depend_on_batches_or_repeats(archive: Archive) -> None:
    records = history(40)
    archive.take(records)
    at_once = archive.rows("select topic, partition, size, frontier from evidence_heads order by 1, 2")
    archive.do("truncate archive, evidence_heads, evidence_runs, evidence_subtrees, pairs, labels")
    for start in range(0, len(records), 7):
        archive.take(records[max(0, start - 3) : start + 7])
    in_steps = archive.rows("select topic, partition, size, frontier from evidence_heads order by 1, 2")
    assert in_steps == at_once
    assert archive.checked()["sound"]


def test_a_topic_that_was_made_anew_goes_on_in_its_tree(archive: Archive) -> None:
    archive.take(history(20))
    anew = make.a_label_submitted(pair_id="pair-anew")
    archive.take([make.a_record(anew, offset=0)])
    shown = verify_evidence.check(archive.prove(anew.event_id), key())
    assert shown == "labels.submitted.v1/0@0 is leaf 10 of 11"
    assert archive.checked()["sound"]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("update archive set value = overlay(value placing '\\x20' from 12) where log_offset = 5", "changed"),
        ("update archive set key = '\\x70' where log_offset = 5", "changed"),
        ('update archive set headers = \'[["a","b"]]\' where log_offset = 5', "changed"),
        ("update archive set ts = ts + interval '1 ms' where log_offset = 5", "changed"),
        ("update archive set digest = sha256('x') where log_offset = 5", "changed"),
        ("update archive set type = 'PairJudged' where log_offset = 5", "changed"),
        ("update archive set subject = 'pair-0' where log_offset = 5", "changed"),
        ("update archive set occurred_at = occurred_at + interval '1 s' where log_offset = 5", "changed"),
        ("update archive set log_offset = 999 where log_offset = 5", "changed"),
        ("delete from archive where log_offset = 5", "missing"),
        (
            "insert into archive select gen_random_uuid(), topic, partition, 777, ts from archive limit 1",
            "added",
        ),
        ("update evidence_runs set leaves = overlay(leaves placing '\\x00' from 40)", "tree"),
        ("update evidence_heads set frontier = overlay(frontier placing '\\x0000' from 3)", "tree"),
        ("update evidence_checkpoints set note = replace(note, ' 150 ', ' 149 ')", "tree"),
        ("delete from evidence_runs where partition = 1", "tree"),
    ],
)
@pytest.mark.parametrize("sealed", [False, True])
def test_whatever_is_changed_is_found(archive: Archive, statement: str, kind: str, sealed: bool) -> None:
    archive.take(history(), sealed=sealed)
    archive.run(evidence.new_checkpoint())
    assert archive.checked()["sound"]
    archive.do(statement)
    found = archive.checked()
    assert not found["sound"]
    assert found["counts"][kind] > 0


@pytest.mark.parametrize("sealed", [False, True])
def test_any_changed_byte_of_the_archive_is_found(archive: Archive, sealed: bool) -> None:
    chance = random.Random(3)
    archive.take(history(12), sealed=sealed)
    columns = ["key", "value", *(["digest"] if sealed else [])]
    for _ in range(60):
        column = chance.choice(columns)
        rows = archive.rows(f"select event_id, {column} from archive where {column} is not null order by 1")
        event_id, content = chance.choice(rows)
        changed = bytearray(content)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        archive.do(f"update archive set {column} = $1 where event_id = $2", bytes(changed), event_id)
        assert not archive.checked()["sound"], (column, content, bytes(changed))
        archive.do(f"update archive set {column} = $1 where event_id = $2", content, event_id)
    assert archive.checked()["sound"]


def test_checkpoints_follow_from_one_another(archive: Archive) -> None:
    records = history()
    archive.take(records[:200])
    first = archive.run(evidence.new_checkpoint())
    assert archive.run(evidence.new_checkpoint()) == first, "nothing new, nothing signed"
    archive.take(records[200:])
    second = archive.run(evidence.new_checkpoint())
    assert second.n > first.n
    assert archive.checked()["sound"]


def test_nothing_is_signed_over_a_history_that_was_rewritten(archive: Archive) -> None:
    archive.take(history(20))
    archive.run(evidence.new_checkpoint())
    archive.do("update evidence_runs set leaves = overlay(leaves placing '\\x00' from 1)")
    archive.do("update evidence_heads set frontier = overlay(frontier placing '\\x00' from 1)")
    archive.take([make.a_record(make.a_pair_judged(pair_id="pair-x"), offset=0)])
    with pytest.raises(BadInput, match="nothing was signed"):
        archive.run(evidence.new_checkpoint())


def test_a_checkpoint_signed_by_another_key_is_refused(archive: Archive, tmp_path: Path) -> None:
    archive.take(history(5))
    archive.run(evidence.new_checkpoint())
    (tmp_path / "evidence.key").unlink()
    with pytest.raises(BadInput, match="not signed by"):
        archive.prove(make.a_label_submitted(pair_id="pair-1").event_id)
    assert archive.checked()["counts"]["tree"] == 1


@pytest.mark.parametrize("written", ["no-such-pair", "00000000-0000-0000-0000-000000000000"])
def test_what_is_not_there_is_not_proved(archive: Archive, written: str) -> None:
    archive.take(history(2))
    with pytest.raises(BadInput):
        archive.prove(written)
