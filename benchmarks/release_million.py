"""A million pairs into a release: pairs a second, memory, and the cost of a pair from 10^4 to 10^6.

    .venv/bin/python benchmarks/release_million.py --pairs 10000 100000            # some minutes
    .venv/bin/python benchmarks/release_million.py --pairs 10000 100000 1000000    # 20 GB of disk

An archive as the sink leaves it is made by COPY (seven events a pair, texts of a few hundred characters,
two pairs a prompt), then `prefstream release cut` runs on it twice in processes of their own, whose peak of
resident memory the system tells. Archives and results stay in --folder, so that what was interrupted
goes on where it was, and a size that was measured is not measured again unless --again says so.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[1]))

import asyncpg
from tests import factories as make

from prefstream.adapters.local.postgres import LocalPostgres
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.schemas.codec import encode
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.topics import TOPIC_OF
from prefstream.schemas.values import Preference, Verdict

_WORDS = (Path(__file__).read_text("utf-8") + Path(make.__file__).read_text("utf-8")).split()
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_PLAN = """
name: million
formats: [preference_conversational, unpaired, reward, prompts]
files: {files}
splits: {{near_duplicate: {near}}}
limits: {{alpha: null, kappa: null, judge_agreement: null, informativeness: null, trace_coverage: null,
  gold_accuracy: null, slice_coverage: null, prompt_drift: null, length_bias: null, position_bias: null,
  audit_sample: null, annotator_share: null, annotators: null, age_days: null, refusals_preferred: null,
  tie_share: null}}
"""
_COLUMNS = (
    *("event_id", "topic", "partition", "log_offset", "ts", "occurred_at"),
    *("type", "subject", "key", "value"),
)


def pair_events(number: int) -> list[Event]:
    """Return what is said of a pair on its way to validation."""
    chance = random.Random(number)
    prompt = f"prompt-{number // 2:08}"
    moment = _BEGAN + timedelta(seconds=number)
    pair_id = derived_id("benchmark", number)
    label = chance.choice([Preference.A_MUCH_BETTER, Preference.A_BETTER, Preference.B_BETTER])
    common = {"pair_id": pair_id, "slice": f"slice-{number // 2 % 20}", "occurred_at": moment}
    asked = " ".join(random.Random(prompt).choices(_WORDS, k=30))
    texts = [" ".join(chance.choices(_WORDS, k=60)) for _ in range(2)]
    proposed = make.a_pair_proposed(
        **common,
        prompt_id=prompt,
        group_id=prompt,
        messages=(make.a_message(f"{prompt}: {asked}"),),
        response_a=make.a_response(texts[0]),
        response_b=make.a_response(texts[1], model="model-2"),
    )
    labels = [
        make.a_label_submitted(
            pair_id=pair_id, annotator=f"ann-{who}", verdict=Verdict(label.value), occurred_at=moment
        )
        for who in chance.sample(range(20), 2)
    ]
    evidence = tuple(one.event_id for one in labels)
    resolved = make.a_label_resolved(**common, label=label, margin=label.margin, evidence=evidence)
    return [
        proposed,
        make.a_pair_judged(**common, prompt_id=prompt, label=label),
        make.a_pair_routed(**common, prompt_id=prompt, judge_label=label),
        *labels,
        resolved,
        make.a_pair_validated(**common, label=label, soft_label=1.0, resolution_id=resolved.event_id),
    ]


def archive_rows(first: int, last: int) -> Iterator[tuple[object, ...]]:
    """Yield the archive's rows of some pairs; the offset is the pair's number, for no two share a topic."""
    for number in range(first, last):
        for place, event in enumerate(pair_events(number)):
            topic, when = TOPIC_OF[type(event)].name, event.occurred_at
            head = (UUID(event.event_id), topic, 0, number * 8 + place, when, when, event.type, event.subject)
            yield (*head, event.subject.encode(), encode(event))


async def fill(dsn: str, pairs: int) -> None:
    """Bring the archive to so many pairs."""
    connection = await asyncpg.connect(dsn)
    await upgrade(connection)
    there = await connection.fetchval("select count(*) from archive where type = 'PairValidated'")
    for first in range(there, pairs, 10_000):
        last = min(pairs, first + 10_000)
        async with connection.transaction():
            await connection.copy_records_to_table(
                "archive", records=archive_rows(first, last), columns=_COLUMNS
            )
        print(f"\rarchive: {last:,} pairs", end="", file=sys.stderr, flush=True)
    await connection.execute("truncate sink_offsets")
    await connection.execute(
        "insert into sink_offsets select topic, 0, max(log_offset) + 1, 1 from archive group by topic"
    )
    await connection.execute("vacuum analyze archive")
    await connection.close()


def cut(dsn: str, folder: Path, plan: Path) -> dict[str, float | str]:
    """Cut a release in a process of its own and return what it took."""
    settings = os.environ | {"PREFSTREAM_POSTGRES__DSN": dsn, "PREFSTREAM_LOG": "postgres"}
    command = [sys.executable, "-m", "prefstream.cli", "release", "cut", str(plan)]
    command += ["--out", str(folder), "--json"]
    began = time.perf_counter()
    process = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, cwd=folder.parent)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    took_s = time.perf_counter() - began
    if status:
        raise SystemExit(f"the cut ended with {os.waitstatus_to_exitcode(status)}")
    document = json.loads(said)
    return {
        "release_id": document["release_id"],
        "pairs": document["pairs"],
        "seconds": took_s,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }


def measure(server: LocalPostgres, folder: Path, pairs: int, plan: Path) -> dict[str, object]:
    """Return what two cuts of so many pairs take."""
    name = f"pairs_{pairs}"
    dsn = asyncio.run(database(server.dsn, name))
    asyncio.run(fill(dsn, pairs))
    print(file=sys.stderr)
    runs = []
    for place in ("first", "second"):
        out = folder / f"{name}-{place}"
        shutil.rmtree(out, ignore_errors=True)
        runs.append(cut(dsn, out, plan))
    same = same_bytes(*(folder / f"{name}-{place}" for place in ("first", "second")))
    return {"pairs": pairs, "same_bytes": same, "runs": runs}


async def database(dsn: str, name: str) -> str:
    """Make a database if it is not there and return its address."""
    connection = await asyncpg.connect(dsn)
    if not await connection.fetchval("select true from pg_database where datname = $1", name):
        await connection.execute(f'create database "{name}"')
    await connection.close()
    return f"{dsn.rsplit('/', 1)[0]}/{name}"


def same_bytes(first: Path, second: Path) -> bool:
    """Return whether two folders of releases have the same content."""
    command = ["diff", "-rq", str(first), str(second)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return all(line.split(" ")[1].endswith(("openlineage.json", "SHA256SUMS")) for line in told)


def main() -> None:
    """Measure every size and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--folder", type=Path, default=Path("/tmp/prefstream-release-million"))
    parser.add_argument("--files", choices=("jsonl", "parquet"), default="parquet")
    parser.add_argument("--near", default="0.8", help="0.8, or null for equal prompts alone")
    parser.add_argument("--again", action="store_true")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    plan = wanted.folder / "plan.yaml"
    plan.write_text(_PLAN.format(files=wanted.files, near=wanted.near))
    server = LocalPostgres(wanted.folder / "postgres")
    server.start()
    try:
        for pairs in wanted.pairs:
            done = wanted.folder / f"result-{pairs}-{wanted.files}-{wanted.near}.json"
            if wanted.again or not done.exists():
                done.write_text(json.dumps(measure(server, wanted.folder, pairs, plan)))
            tell(json.loads(done.read_text()))
    finally:
        server.stop()


def tell(result: dict[str, object]) -> None:
    """Print what a size took."""
    for run in result["runs"]:  # type: ignore[attr-defined]
        pairs = run["pairs"]
        print(
            f"{pairs:>9,} pairs  {run['seconds']:>7.1f} s  {pairs / run['seconds']:>6,.0f} pairs/s"
            f"  {run['cpu_seconds'] / pairs * 1e6:>5.0f} us of CPU a pair  peak {run['peak_mb']:>5.0f} MB"
            f"  {run['release_id']}"
        )
    print(f"{'':>9}  the same bytes: {result['same_bytes']}")


if __name__ == "__main__":
    main()
