"""Files go in whole, once, whatever stops the run; against a recording writer and real Postgres."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.factories import a_vote

from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.verdicts import RecordedVerdicts
from prefstream.agents.ingestion import Kind
from prefstream.cli.main import main
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.records import OutRecord
from prefstream.schemas.values import Verdict, Vote
from prefstream.streams.ingest import Order, Progress, Report, ingest, to_log, to_verdicts
from prefstream.streams.ingest_batches import BATCH_ROWS

SHARED = Path(os.environ.get("PREFSTREAM_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
PANDALM = SHARED / "pandalm" / "testset-v1.json"
PANDALM_JUDGE = SHARED / "pandalm" / "gpt-3.5-turbo-testset-v1.json"
needs_pandalm = pytest.mark.skipif(not PANDALM.exists(), reason=f"{PANDALM} is not there")

# Writers ------------------------------------------------------------------------------------------


class RecordingWriter:
    """A log that keeps records in memory, and can stop a run or be away."""

    def __init__(self, *, stop_after: int | None = None, away: int = 0) -> None:
        self.records: list[OutRecord] = []
        self.batches: list[int] = []
        self.stop = asyncio.Event()
        self._stop_after = stop_after
        self._away = away

    async def append(self, records: Sequence[OutRecord]) -> None:
        if self._away:
            self._away -= 1
            raise Unavailable("the log is away")
        self.records += records
        self.batches.append(len(records))
        if self._stop_after == len(self.batches):
            self.stop.set()

    async def close(self) -> None:
        return

    @property
    def keys(self) -> list[str]:
        return [record.key.decode() for record in self.records]


class Files:
    """Files of pairs in a folder, and runs that bring them in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pairs(self, count: int, *, name: str = "pairs.jsonl", bad: Sequence[int] = ()) -> Path:
        path = self.folder / name
        with path.open("w") as file:
            for number in range(count):
                row = {"id": str(number), "prompt": f"{number}?", "response_a": "yes", "response_b": "no"}
                file.write(json.dumps(row | ({"response_a": True} if number in bad else {})) + "\n")
        return path

    async def run(self, path: Path, writer: RecordingWriter, kind: Kind = "pairs", **options: Any) -> Report:
        known = {"stop", "rejects", "patience_s", "on_progress"}
        given = {name: options.pop(name) for name in known & options.keys()}
        order = Order(kind=kind, file=str(path), folder=self.folder / "data", **options)
        return await ingest(order, to_log(writer), **({"stop": writer.stop} | given))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


# The loop -----------------------------------------------------------------------------------------


async def test_every_good_row_goes_in_and_every_bad_one_is_reported(files: Files, tmp_path: Path) -> None:
    path, writer = files.pairs(1200, bad=[0, 600, 1199]), RecordingWriter()

    report = await files.run(path, writer, rejects=tmp_path / "rejects.jsonl")

    assert (report.rows, report.ingested, report.refused) == (1200, 1197, 3)
    assert [refusal.line for refusal in report.refusals] == [1, 601, 1200]
    assert writer.keys == [str(number) for number in range(1200) if number not in {0, 600, 1199}]
    rejects = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert rejects[1] == {
        "file": "pairs.jsonl",
        "line": 601,
        "row": 601,
        "reason": "response_a is a boolean, not text",
    }


async def test_rows_go_in_by_bounded_batches_with_progress(files: Files) -> None:
    path, writer = files.pairs(1200), RecordingWriter()
    told: list[Progress] = []

    await files.run(path, writer, on_progress=told.append)

    assert writer.batches == [BATCH_ROWS, BATCH_ROWS, 200]
    assert [progress.rows for progress in told] == [500, 1000, 1200]
    assert told[-1].share == 1.0


async def test_a_finished_file_is_not_brought_in_again(files: Files) -> None:
    path, writer = files.pairs(10, bad=[3]), RecordingWriter()
    await files.run(path, writer)

    report = await files.run(path, writer)

    assert report.already
    assert (report.rows, report.ingested, report.refused, len(report.refusals)) == (10, 9, 1, 1)
    assert len(writer.records) == 9


async def test_restart_brings_the_same_events_in_again(files: Files) -> None:
    path, writer = files.pairs(10), RecordingWriter()
    await files.run(path, writer)

    report = await files.run(path, writer, restart=True)

    assert (report.already, report.ingested) == (False, 10)
    ids = [decode(record.value).event_id for record in writer.records]
    assert ids[:10] == ids[10:]


@pytest.mark.parametrize("bad", [[], [10, 700, 1100, 1600]])
async def test_a_stopped_run_goes_on_without_loss_or_duplicates(files: Files, bad: list[int]) -> None:
    path, first = files.pairs(1700, bad=bad), RecordingWriter(stop_after=1)
    stopped = await files.run(path, first)

    second = RecordingWriter()
    report = await files.run(path, second)

    assert stopped.interrupted
    assert report.resumed_from == stopped.rows == BATCH_ROWS
    assert first.keys + second.keys == [str(number) for number in range(1700) if number not in bad]
    assert (report.rows, report.ingested, report.refused) == (1700, 1700 - len(bad), len(bad))
    assert [refusal.line - 1 for refusal in report.refusals] == bad
    times = {decode(record.value).occurred_at for record in first.records + second.records}
    assert len(times) == 1


async def test_a_log_that_is_away_for_a_while_is_waited_for(files: Files) -> None:
    path, writer = files.pairs(10), RecordingWriter(away=2)

    report = await files.run(path, writer)

    assert report.ingested == len(writer.records) == 10


async def test_a_log_that_stays_away_ends_the_run_and_the_next_goes_on(files: Files) -> None:
    path, writer = files.pairs(700), RecordingWriter(away=1)
    with pytest.raises(Unavailable, match=r"the log is away; .*up to line 0, run the same command"):
        await files.run(path, writer, patience_s=0.0)

    report = await files.run(path, writer)

    assert (report.ingested, len(writer.records)) == (700, 700)


async def test_an_edited_file_is_brought_in_from_its_start(files: Files) -> None:
    path, writer = files.pairs(10), RecordingWriter()
    await files.run(path, writer)
    files.pairs(12)

    report = await files.run(path, writer)

    assert (report.resumed_from, report.ingested) == (0, 12)


async def test_another_reading_of_the_file_has_progress_of_its_own(files: Files) -> None:
    path, writer = files.pairs(10), RecordingWriter()
    await files.run(path, writer)

    for options in ({"constants": {"slice": "x"}}, {"columns": {"prompt": "id"}}, {"target": "elsewhere"}):
        assert not (await files.run(path, writer, **options)).already


async def test_a_given_time_holds_for_rows_without_one(files: Files) -> None:
    from tests.factories import NOON

    writer = RecordingWriter()
    await files.run(files.pairs(1), writer, occurred_at=NOON)

    assert decode(writer.records[0].value).occurred_at == NOON


async def test_an_event_larger_than_a_topic_takes_is_refused(files: Files) -> None:
    path = files.folder / "x.jsonl"
    long = "ä" * 880_000
    path.write_text(json.dumps({"id": "1", "prompt": "x", "response_a": long, "response_b": long}))

    report = await files.run(path, RecordingWriter())

    assert (report.ingested, report.refused) == (0, 1)
    assert "is the limit" in report.refusals[0].reason


@pytest.mark.parametrize(("name", "text"), [("x.jsonl", "\n\n"), ("x.csv", "id,prompt\n"), ("x.json", "[]")])
async def test_a_file_without_rows_is_refused(files: Files, name: str, text: str) -> None:
    path = files.folder / name
    path.write_text(text)

    with pytest.raises(BadInput, match="holds no rows"):
        await files.run(path, RecordingWriter(), kind="prompts")


async def test_a_table_without_the_columns_is_refused_before_its_first_row(files: Files) -> None:
    path, writer = files.folder / "x.csv", RecordingWriter()
    path.write_text("id,question,a\n1,2,3\n")

    with pytest.raises(
        BadInput, match=r"no column for response_a or chosen.*its columns are id, question, a"
    ):
        await files.run(path, writer)
    assert writer.records == []


async def test_a_field_that_does_not_exist_is_refused(files: Files) -> None:
    with pytest.raises(BadInput, match="no field 'promt'"):
        await files.run(files.pairs(1), RecordingWriter(), columns={"promt": "x"})


async def test_no_two_runs_bring_in_the_same_file_at_once(files: Files) -> None:
    path, outer = files.pairs(1), RecordingWriter()

    class Nested(RecordingWriter):
        async def append(self, records: Sequence[OutRecord]) -> None:
            with pytest.raises(BadInput, match="another process"):
                await files.run(path, outer)
            await super().append(records)

    assert (await files.run(path, Nested())).ingested == 1
    assert outer.records == []


# Data of others -----------------------------------------------------------------------------------


@pytest.mark.shared
@needs_pandalm
async def test_pandalm_goes_in_but_for_the_six_rows_with_booleans(files: Files) -> None:
    text, writer = PANDALM.read_text(), RecordingWriter()
    lines = text.splitlines()
    expected = [
        max(before for before in range(number) if lines[before].strip() == "{") + 1
        for number, line in enumerate(lines)
        if line.strip().rstrip(",").endswith((": true", ": false"))
    ]

    report = await files.run(PANDALM, writer, columns={"slice": "motivation_app"})

    assert (report.rows, report.ingested, report.refused) == (999, 993, 6)
    assert [refusal.line for refusal in report.refusals] == expected
    assert [refusal.row for refusal in report.refusals] == [158, 159, 160, 162, 163, 165]
    assert all("is a boolean, not text" in refusal.reason for refusal in report.refusals)


@pytest.mark.shared
@needs_pandalm
async def test_the_wide_file_of_pandalm_gives_the_labels_of_each_annotator(files: Files) -> None:
    wanted = {0: Verdict.TIE, 1: Verdict.A_BETTER, 2: Verdict.B_BETTER}
    rows = json.loads(PANDALM.read_text())

    for name in ("annotator1", "annotator2", "annotator3"):
        writer = RecordingWriter()
        report = await files.run(
            PANDALM, writer, kind="labels", columns={"verdict": name}, constants={"annotator": name}
        )
        labels = [
            event for record in writer.records if isinstance(event := decode(record.value), LabelSubmitted)
        ]

        assert (report.ingested, report.refused) == (999, 0)
        assert [label.verdict for label in labels] == [wanted[row[name]] for row in rows]
        assert {label.annotator for label in labels} == {name}


# Postgres -----------------------------------------------------------------------------------------


async def migrated(dsn: str) -> asyncpg.Pool:
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=4)
    connection = await asyncpg.connect(dsn)
    try:
        await upgrade(connection)
    finally:
        await connection.close()
    return pool


@pytest.mark.postgres
async def test_recorded_votes_come_back_and_are_replaced_by_place(postgres_dsn: str) -> None:
    async with await migrated(postgres_dsn) as pool:
        verdicts = RecordedVerdicts(pool)
        first, swapped = a_vote(rationale="old"), a_vote(order="ba", verdict=None, raw=None)
        await verdicts.put("gpt", "p1", [swapped, first])
        await verdicts.put_all(
            {
                ("gpt", "p1"): [a_vote(rationale="new")],
                ("gpt", "p2"): [a_vote(variant="cot")],
                ("x", "p3"): [],
            }
        )

        found = await verdicts.get("gpt", ["p1", "p2", "p3"])

        votes = {
            pair: [Vote.model_validate(vote, strict=False) for vote in kept] for pair, kept in found.items()
        }
        assert votes == {"p1": [a_vote(rationale="new"), swapped], "p2": [a_vote(variant="cot")]}
        assert await verdicts.get("other", ["p1"]) == {}


@pytest.mark.postgres
async def test_votes_are_kept_alike_in_whatever_order_they_come(postgres_dsn: str) -> None:
    votes = [a_vote(variant=variant, order=order) for variant in "ab" for order in ("ab", "ba")]
    async with await migrated(postgres_dsn) as pool:
        verdicts = RecordedVerdicts(pool)
        for vote in votes:
            await verdicts.put("gpt", "forth", [vote])
        for vote in reversed(votes):
            await verdicts.put("gpt", "back", [vote])

        found = await verdicts.get("gpt", ["forth", "back"])

    assert found["forth"] == found["back"]
    assert len(found["forth"]) == 4


@pytest.mark.postgres
async def test_writers_of_the_same_pairs_do_not_block_each_other(postgres_dsn: str) -> None:
    names = [f"p{number}" for number in range(200)]
    async with await migrated(postgres_dsn) as pool:
        verdicts = RecordedVerdicts(pool)

        def keep(order: Sequence[str], variant: str) -> Any:
            return verdicts.put_all({("gpt", name): [a_vote(variant=variant)] for name in order})

        await asyncio.gather(
            *(keep(names, f"f{n}") for n in range(3)), *(keep(names[::-1], f"b{n}") for n in range(3))
        )

        found = await verdicts.get("gpt", names)
    assert {len(votes) for votes in found.values()} == {6}


@pytest.mark.postgres
async def test_a_database_that_is_away_is_said_to_be(postgres_dsn: str) -> None:
    pool = await migrated(postgres_dsn)
    await pool.close()

    with pytest.raises(Unavailable, match="does not take recorded verdicts"):
        await RecordedVerdicts(pool).put("gpt", "p1", [a_vote()])


@pytest.mark.postgres
@pytest.mark.shared
@needs_pandalm
async def test_unreadable_verdicts_of_a_judge_are_kept_as_none(postgres_dsn: str, tmp_path: Path) -> None:
    order = Order(
        kind="verdicts",
        file=str(PANDALM_JUDGE),
        folder=tmp_path,
        columns={"verdict": "gpt_result", "rationale": "gpt_reason"},
        constants={"judge": "gpt-3.5-turbo"},
    )
    async with await migrated(postgres_dsn) as pool:
        verdicts = RecordedVerdicts(pool)
        report = await ingest(order, to_verdicts(verdicts), stop=asyncio.Event())
        found = await verdicts.get("gpt-3.5-turbo", [str(number) for number in range(999)])

    assert (report.ingested, report.refused) == (999, 0)
    kept = Counter(vote["verdict"] for votes in found.values() for vote in votes)
    assert kept == {"A>": 460, "B>": 476, "=": 38, None: 25}


# The command --------------------------------------------------------------------------------------


class Command:
    """The command line against a database of its own."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "PREFSTREAM_POSTGRES__DSN": dsn,
            "PREFSTREAM_FOLDER": str(folder / "data"),
        }

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "prefstream.cli", "ingest", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(stdin, timeout=60)
        return process.returncode, out, err


@pytest.fixture
async def command(postgres_dsn: str, tmp_path: Path) -> Command:
    from prefstream.adapters.postgres.log import PostgresLog

    async with await migrated(postgres_dsn):
        log = await PostgresLog.open(postgres_dsn, partitions=4)
        await log.ensure_topics(partitions=4, replication=1)
        await log.close()
    return Command(postgres_dsn, tmp_path)


async def logged(dsn: str, topic: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("select count(*) from log_records where topic = $1", topic))
    finally:
        await connection.close()


@pytest.mark.postgres
async def test_the_command_reports_as_json_and_exits_by_what_it_refused(
    command: Command, postgres_dsn: str, files: Files
) -> None:
    path = files.pairs(30, bad=[4])

    code, out, err = command.run("pairs", str(path), "--json")

    document = json.loads(out)
    assert (code, err) == (2, "")
    assert document["refusals"] == [{"line": 5, "row": 5, "reason": "response_a is a boolean, not text"}]
    assert (document["rows"], document["ingested"], document["refused"]) == (30, 29, 1)
    assert await logged(postgres_dsn, "pairs.proposed.v1") == 29


@pytest.mark.postgres
async def test_the_command_speaks_to_people_and_knows_what_it_did(command: Command, files: Files) -> None:
    path = files.pairs(30)

    first, second = command.run("pairs", str(path)), command.run("pairs", str(path))

    assert first[0] == second[0] == 0
    assert first[1].startswith(f"ingested 30 pairs of {path} in ")
    assert second[1] == f"already ingested 30 pairs of {path}; --restart does it again\n"


@pytest.mark.postgres
async def test_the_command_shows_twenty_refusals_and_counts_the_rest(command: Command, files: Files) -> None:
    path = files.pairs(30, bad=range(25))

    code, _, err = command.run("pairs", str(path), "--rejects", str(files.folder / "rejects"))

    assert code == 2
    assert err.count("is a boolean") == 20
    assert f"and 5 more refused rows; all are in {files.folder / 'rejects'}" in err
    assert (files.folder / "rejects").read_text().count("\n") == 25


@pytest.mark.postgres
async def test_the_command_reads_standard_input(command: Command, postgres_dsn: str) -> None:
    code, out, _ = command.run(
        "prompts", "-", "--set", "slice=math", stdin='{"prompt": "1+1?"}\n{"prompt": "2+2?"}'
    )

    assert (code, out.startswith("ingested 2 prompts of -")) == (0, True)
    assert await logged(postgres_dsn, "prompts.submitted.v1") == 2
    assert list((command.folder / "data" / "ingest").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.jsonl"], "missing.jsonl cannot be read"),
        (["pairs.jsonl", "--map", "slice"], "is not of the form"),
        (["pairs.jsonl", "--set", "slice=a", "--set", "slice=b"], "names slice twice"),
        (["pairs.jsonl", "--map", "x=y"], "no field 'x'"),
        (["pairs.jsonl", "--provenance", "true"], "no provenance 'true'"),
        (["pairs.jsonl", "--occurred-at", "now"], "no ISO 8601 time"),
        (["pairs.jsonl", "--occurred-at", "2026-01-01"], "does not say its zone"),
    ],
)
def test_mistakes_are_said_in_a_sentence_before_any_server_is_asked(
    files: Files,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    files.pairs(1)
    monkeypatch.chdir(files.folder)
    monkeypatch.setenv("PREFSTREAM_POSTGRES__DSN", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setattr(sys, "argv", ["prefstream", "ingest", "pairs", *arguments])

    with pytest.raises(SystemExit) as ended:
        main()

    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    assert said in printed.err


def test_a_database_that_does_not_answer_is_said_in_a_sentence(
    files: Files, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(files.folder)
    monkeypatch.setenv("PREFSTREAM_POSTGRES__DSN", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setattr(sys, "argv", ["prefstream", "ingest", "pairs", str(files.pairs(1))])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 3
    assert "PostgreSQL at 127.0.0.1:1/none does not answer" in capsys.readouterr().err


@pytest.mark.postgres
async def test_an_interrupted_command_says_how_to_go_on_and_does(
    command: Command, postgres_dsn: str, files: Files
) -> None:
    path = files.pairs(30_000)
    process = command.start("pairs", str(path))
    async with asyncio.timeout(30):
        while not await logged(postgres_dsn, "pairs.proposed.v1"):
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    before = await logged(postgres_dsn, "pairs.proposed.v1")

    code, out, _ = command.run("pairs", str(path), "--json")

    document = json.loads(out)
    assert process.returncode == 130
    assert "stopped after row" in err
    assert "to go on: prefstream ingest pairs" in err
    assert (code, document["resumed_from"], document["ingested"]) == (0, before, 30_000)
    assert await logged(postgres_dsn, "pairs.proposed.v1") == 30_000


@pytest.mark.postgres
async def test_a_killed_command_goes_on_with_the_ids_it_used(
    command: Command, postgres_dsn: str, files: Files
) -> None:
    path = files.pairs(20_000)
    process = command.start("pairs", str(path))
    async with asyncio.timeout(30):
        while await logged(postgres_dsn, "pairs.proposed.v1") < 3 * BATCH_ROWS:
            await asyncio.sleep(0.02)
    process.kill()
    process.communicate(timeout=30)

    code, out, _ = command.run("pairs", str(path), "--json")

    connection = await asyncpg.connect(postgres_dsn)
    values = await connection.fetch("select value from log_records where topic = 'pairs.proposed.v1'")
    await connection.close()
    assert (code, json.loads(out)["ingested"]) == (0, 20_000)
    assert json.loads(out)["resumed_from"] > 0
    assert len({decode(row["value"]).event_id for row in values}) == 20_000
    assert len(values) <= 20_000 + BATCH_ROWS


@pytest.mark.postgres
async def test_a_command_that_waits_for_standard_input_can_be_interrupted(
    command: Command, postgres_dsn: str
) -> None:
    process = command.start("prompts", "-")
    assert process.stdin is not None
    process.stdin.write('{"prompt": "1+1?"}\n')
    process.stdin.flush()
    async with asyncio.timeout(30):
        while not await logged(postgres_dsn, "prompts.submitted.v1"):
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGINT)

    code = process.wait(timeout=30)

    _, err = process.communicate()
    assert code == 130
    assert "standard input cannot be taken up again" in err
