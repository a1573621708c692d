"""`prefstream release` as a user runs it, on an archive as the sink leaves it."""

import asyncio
import json
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.projections import project
from prefstream.schemas import topics
from tests.cli.command import PREFSTREAM, Ended, environment, prefstream
from tests.integration.postgres.release_world import PLAN, everything, sink_all
from tests.running_parts import fresh_database

pytestmark = pytest.mark.postgres

OPEN = {name: None for name, value in PLAN.limits if value is None}
PEOPLE = (
    "insert into people (person_id, name, role) values ('lea', 'Lea', 'qa_lead'), ('ann', 'Ann', 'annotator')"
)


async def brought_in(dsn: str) -> None:
    await sink_all(dsn, everything(), partitions=2)
    connection = await asyncpg.connect(dsn)
    await connection.execute(PEOPLE)
    await connection.close()


async def told(dsn: str) -> None:
    """Bring what the log says of releases into the database, as the sink does."""
    log = await PostgresLog.open(dsn, partitions=2)
    records = [record async for record in log.snapshot(topics.RELEASES_PUBLISHED.name)]
    async with log.pool.acquire() as connection, connection.transaction():
        await project(connection, records)
    await log.close()


@pytest.fixture(scope="module")
def dsn(postgres_server: str) -> Iterator[str]:
    for one in fresh_database(postgres_server):
        asyncio.run(brought_in(one))
        yield one


def a_plan(folder: Path, **changes: Any) -> str:
    """Write a plan and return its path."""
    document = {"name": "helpful", "files": "jsonl", "limits": OPEN} | changes
    (folder / "plan.yaml").write_text(yaml.safe_dump(document))
    return "plan.yaml"


def release(folder: Path, dsn: str, *arguments: str) -> Ended:
    return prefstream(folder, "release", *arguments, PREFSTREAM_POSTGRES__DSN=dsn, PREFSTREAM_LOG="postgres")


def left(folder: Path) -> list[str]:
    """Return what there is in the folder of releases, hidden or not."""
    return (
        sorted(path.name for path in (folder / "releases").iterdir())
        if (folder / "releases").exists()
        else []
    )


@pytest.fixture(scope="module")
def life(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Give the folder in which a release was cut and told of, and what the cut said."""
    folder = tmp_path_factory.mktemp("life")
    cut = release(folder, dsn, "cut", a_plan(folder, version="life", formats=["preference", "sft"]), "--json")
    assert cut.code == 0, cut.err
    asyncio.run(told(dsn))
    return folder, json.loads(cut.out)


def test_a_release_is_listed_shown_and_verified(dsn: str, life: tuple[Path, dict[str, Any]]) -> None:
    folder, said = life
    named = said["release_id"]

    assert left(folder) == [named]
    assert said["pairs"] + said["tasks"] + sum(said["exclusions"].values()) == said["candidates"]
    assert named in release(folder, dsn, "list").out
    assert json.loads(release(folder, dsn, "show", named, "--json").out)["pairs"] == said["pairs"]
    verified = release(folder, dsn, "verify", f"releases/{named}")
    assert (verified.code, "and in the record" in verified.out) == (0, True)


def test_a_release_that_is_cut_again_is_there_already(dsn: str, life: tuple[Path, dict[str, Any]]) -> None:
    folder, said = life

    again = json.loads(release(folder, dsn, "cut", "plan.yaml", "--json").out)

    assert (again["release_id"], again["fresh"], again["published"]) == (said["release_id"], False, False)


def test_a_row_is_traced_to_its_pair_and_back(dsn: str, life: tuple[Path, dict[str, Any]]) -> None:
    folder, said = life
    file = min((folder / said["folder"] / "data/preference").iterdir())
    row = json.loads(file.read_text().splitlines()[0])

    traced = json.loads(release(folder, dsn, "trace", row["row_id"], "--json").out)
    back = json.loads(release(folder, dsn, "trace", row["pair_id"], "--json").out)
    inside = release(folder, dsn, "trace", row["row_id"], "--release", said["folder"], "--json")
    unknown = release(folder, dsn, "trace", "nonsense")

    assert {one["pair_id"] for one in traced["rows"]} == {row["pair_id"]}
    steps = {step["type"] for step in traced["histories"][row["pair_id"]]}
    assert steps >= {"PairProposed", "PairJudged", "PairRouted", "LabelSubmitted", "PairValidated"}
    assert row["row_id"] in {one["row_id"] for one in back["rows"]}
    assert json.loads(inside.out)["pair_id"] == row["pair_id"]
    assert (unknown.code, "no release has a row or a pair nonsense" in unknown.err) == (2, True)


def test_a_withdrawn_release_says_so_wherever_it_is_named(dsn: str, tmp_path: Path) -> None:
    plan = a_plan(tmp_path, version="withdrawn")
    named = json.loads(release(tmp_path, dsn, "cut", plan, "--json").out)["release_id"]
    asyncio.run(told(dsn))

    refused = release(tmp_path, dsn, "withdraw", named, "--reason", "a source withdrew", "--by", "ann")
    withdrawn = release(tmp_path, dsn, "withdraw", named, "--reason", "a source withdrew", "--by", "lea")
    asyncio.run(told(dsn))

    assert (refused.code, "annotator" in refused.err) == (2, True)
    assert withdrawn.code == 0, withdrawn.err
    assert "withdrawn: a source withdrew" in release(tmp_path, dsn, "list").out
    after = release(tmp_path, dsn, "verify", f"releases/{named}")
    assert (after.code, "withdrawn" in after.err) == (0, True)


def test_two_releases_are_compared(dsn: str, tmp_path: Path) -> None:
    first, second = (
        json.loads(release(tmp_path, dsn, "cut", a_plan(tmp_path, **changes), "--json").out)["release_id"]
        for changes in ({"version": "a"}, {"version": "b", "slices": ["law"]})
    )

    found = release(tmp_path, dsn, "diff", first, second, "--json")

    assert found.code == 0, found.err
    said = json.loads(found.out)
    assert (said["added"]["count"], said["relabelled"]["count"], said["moved"]["count"]) == (0, 0, 0)
    assert said["removed"]["slices"].keys() == {"arithmetic"}
    assert said["kept"] > 0


def test_a_failing_gate_blocks_and_leaves_nothing_unless_a_lead_answers_for_it(
    dsn: str, tmp_path: Path
) -> None:
    plan = a_plan(tmp_path, version="gated", limits=OPEN | {"annotators": 3})

    blocked = release(tmp_path, dsn, "cut", plan)
    assert (blocked.code, left(tmp_path)) == (1, [])
    assert "annotators of law" in blocked.err
    gate = release(tmp_path, dsn, "gate", plan)
    assert (gate.code, "FAIL" in gate.out, left(tmp_path)) == (1, True, [])

    nobody = release(tmp_path, dsn, "cut", plan, "--override", "annotators")
    assert (nobody.code, "--by PERSON" in nobody.err) == (2, True)
    wrong = release(
        tmp_path, dsn, "cut", plan, "--override", "annotators", "--by", "ann", "--reason", "a pilot"
    )
    assert (wrong.code, "only a QA lead" in wrong.err) == (2, True)
    unknown = release(
        tmp_path, dsn, "cut", plan, "--override", "beauty", "--by", "lea", "--reason", "a pilot"
    )
    assert (unknown.code, "there is no gate 'beauty'" in unknown.err) == (2, True)
    assert left(tmp_path) == []

    passed = release(
        tmp_path, dsn, "cut", plan, "--override", "annotators", "--by", "lea", "--reason", "a pilot", "--json"
    )
    assert passed.code == 0, passed.err
    folder = Path(json.loads(passed.out)["folder"])
    assert {one["by"] for one in json.loads((tmp_path / folder / "gates.json").read_text())["overrides"]} == {
        "lea"
    }
    assert "a pilot" in (tmp_path / folder / "README.md").read_text()


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"slices": ["law"], "provenance": ["offline"]}, "the release would have no row"),
        ({"slices": ["laww"]}, "there is no pair of slice laww"),
        ({"formats": ["dpo"]}, "formats"),
        ({"limitz": {}}, "no field is named limitz"),
        ({"limits": {"alhpa": 0.7}}, "limits.alhpa"),
        ({"splits": {"train": 0.5}}, "add up to 0.6"),
        ({"previous": "helpful-0-0123456789abcdef"}, "helpful-0-0123456789abcdef is no release"),
    ],
)
def test_a_plan_that_cannot_be_kept_is_refused(
    dsn: str, tmp_path: Path, plan: dict[str, Any], said: str
) -> None:
    ended = release(tmp_path, dsn, "cut", a_plan(tmp_path, **plan))

    assert (ended.code, left(tmp_path)) == (2, [])
    assert said in ended.err


def test_an_empty_release_says_why_each_pair_stays_out(dsn: str, tmp_path: Path) -> None:
    ended = release(tmp_path, dsn, "gate", a_plan(tmp_path, provenance=["offline"]))

    for why in ("people were asked it with a known answer", "a check rejected it (empty)", "(simulated)"):
        assert why in ended.err


def test_what_is_no_plan_and_no_position_is_refused(dsn: str, tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "beyond.json").write_text('{"pairs.proposed.v1/0": 1000000}')
    (tmp_path / "nonsense.json").write_text("[]")
    plan = a_plan(tmp_path)

    for arguments, said in (
        (("bytes.yaml",), "cannot be read"),
        (("missing.yaml",), "cannot be read"),
        ((plan, "--at", "beyond.json"), "beyond the archive"),
        ((plan, "--at", "nonsense.json"), "a position is a JSON object"),
        ((plan, "--at", "missing.json"), "cannot be read"),
    ):
        ended = release(tmp_path, dsn, "cut", *arguments)
        assert (ended.code, left(tmp_path)) == (2, [])
        assert said in ended.err


def test_a_position_of_an_earlier_release_is_cut_again(dsn: str, tmp_path: Path) -> None:
    plan = a_plan(tmp_path, version="pinned")
    first = json.loads(release(tmp_path, dsn, "cut", plan, "--json").out)
    position = f"{first['folder']}/position.json"

    again = json.loads(release(tmp_path, dsn, "cut", plan, "--at", position, "--out", "other", "--json").out)

    assert (again["release_id"], again["fresh"]) == (first["release_id"], True)


@pytest.mark.parametrize("most_bytes", [4_000, 40_000])
def test_a_full_disk_is_told_and_leaves_nothing(dsn: str, tmp_path: Path, most_bytes: int) -> None:
    settings = environment({"PREFSTREAM_POSTGRES__DSN": dsn, "PREFSTREAM_LOG": "postgres"})

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    ended = subprocess.run(
        [*PREFSTREAM, "release", "cut", a_plan(tmp_path)],
        cwd=tmp_path,
        env=settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=little_room,
    )

    assert (ended.returncode, left(tmp_path)) == (3, [])
    assert "there is no room left" in ended.stderr


def test_a_cut_that_was_killed_leaves_a_hidden_folder_that_the_next_one_takes_away(
    dsn: str, tmp_path: Path
) -> None:
    plan = a_plan(tmp_path, version="killed")
    settings = environment({"PREFSTREAM_POSTGRES__DSN": dsn, "PREFSTREAM_LOG": "postgres"})
    process = subprocess.Popen([*PREFSTREAM, "release", "cut", plan], cwd=tmp_path, env=settings)
    deadline = time.monotonic() + 30
    while not list((tmp_path / "releases").glob(".prefstream-release-*/.spool")):
        assert time.monotonic() < deadline
        os.sched_yield()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert all(name.startswith(".prefstream-release-") for name in left(tmp_path))

    ended = release(tmp_path, dsn, "cut", plan, "--json")

    assert ended.code == 0, ended.err
    assert left(tmp_path) == [json.loads(ended.out)["release_id"]]


def test_what_stands_in_the_place_of_a_release_and_is_none_stays(dsn: str, tmp_path: Path) -> None:
    plan = a_plan(tmp_path, version="taken")
    folder = tmp_path / json.loads(release(tmp_path, dsn, "cut", plan, "--json").out)["folder"]
    (folder / "README.md").write_text("mine")

    ended = release(tmp_path, dsn, "cut", plan)

    assert (ended.code, (folder / "README.md").read_text()) == (2, "mine")
    assert "is there already and is not what it says" in ended.err


def test_verification_finds_a_changed_byte_in_any_file_and_files_that_came_or_went(
    dsn: str, tmp_path: Path
) -> None:
    from prefstream.adapters.files.release_checking import findings

    plan = a_plan(tmp_path, version="bytes", formats=["preference", "prompts"], shard_rows=7)
    folder = tmp_path / json.loads(release(tmp_path, dsn, "cut", plan, "--json").out)["folder"]
    assert findings(folder) == []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for place in {0, len(content) // 2, len(content) - 1}:
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            assert findings(folder), f"{path.name} at {place}"
        path.write_bytes(content[:-1])
        assert findings(folder), f"{path.name} cut short"
        path.unlink()
        if path.name == "SHA256SUMS":
            assert release(tmp_path, dsn, "verify", str(folder)).code == 2
        else:
            assert findings(folder), f"{path.name} gone"
        path.write_bytes(content)
    (folder / "data" / "more.jsonl").write_text("{}")
    assert findings(folder)[0] == "data/more.jsonl is not in SHA256SUMS"
    ended = release(tmp_path, dsn, "verify", str(folder))
    assert (ended.code, "data/more.jsonl" in ended.err) == (1, True)


def test_a_release_whose_hashes_were_rewritten_differs_from_the_record(dsn: str, tmp_path: Path) -> None:
    from prefstream.adapters.files.release_checking import facts_in, findings
    from prefstream.domain.releases.manifest import SUMS, sums

    plan = a_plan(tmp_path, version="forged")
    folder = tmp_path / json.loads(release(tmp_path, dsn, "cut", plan, "--json").out)["folder"]
    asyncio.run(told(dsn))
    forged = shutil.copytree(folder, tmp_path / "forged")
    manifest = json.loads((forged / "manifest.json").read_text())
    manifest["pairs"] += 1
    (forged / "manifest.json").write_text(json.dumps(manifest))
    (forged / SUMS).write_bytes(sums(facts_in(forged)))

    assert findings(forged) == []
    ended = release(tmp_path, dsn, "verify", "forged")
    assert (ended.code, "what was recorded when it was cut" in ended.err) == (1, True)
