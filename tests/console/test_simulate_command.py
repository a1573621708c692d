"""`prefstream simulate annotators`, the example and the client's page work as printed."""

import asyncio
import os
import re
import sys
from pathlib import Path

import orjson
import pytest

from prefstream.domain.people import Role
from tests.console.running import RunningConsole
from tests.console.working import People, Work, until

ROOT = Path(__file__).parents[2]
FILE = """
people:
  - {id: sim-ann, skill: 1.0, unsure: 0.0}
  - {id: sim-cat, careless: 1.0}
"""


async def ran(*command: str, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(90):
        said, noted = await process.communicate()
    return process.returncode or 0, said.decode(), noted.decode()


async def prefstream(*words: str, token: str = "") -> tuple[int, str, str]:
    return await ran(sys.executable, "-m", "prefstream.cli", *words, PREFSTREAM_TOKEN=token)


@pytest.fixture
def truth(tmp_path: Path) -> str:
    path = tmp_path / "truth.csv"
    path.write_text("task,label\n" + "".join(f"pair-{n:05},A>\n" for n in range(10)))
    return str(path)


async def test_people_of_a_file_work_until_enough_is_labelled(
    console: RunningConsole, people: People, with_tasks: Work, truth: str, tmp_path: Path
) -> None:
    await with_tasks.pairs(10, needed=2)
    admin = await people(Role.ADMIN)
    (tmp_path / "people.yaml").write_text(FILE)
    crowd = ("--file", str(tmp_path / "people.yaml"), "--truth", truth, "--labels", "20")
    code, said, noted = await prefstream(
        "simulate", "annotators", *crowd, "--base-url", console.base_url, "--json", token=admin.token
    )
    assert code == 0, noted
    summary = orjson.loads(said)
    assert (summary["labels"], summary["simulated"]) == (20, True)
    assert summary["people"]["sim-ann"]["agreement_with_truth"] == 1.0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "--truth FILE, or --demo"),
        (("--demo", "--base-url", "http://127.0.0.1:9"), "PREFSTREAM_TOKEN"),
        (("--demo", "--people", "2", "--bad", "3"), "3 of 2 people"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_the_reason(words: tuple[str, ...], reason: str) -> None:
    code, _, noted = await prefstream("simulate", "annotators", *words)
    assert code == 2
    assert reason in noted


async def test_a_label_that_is_no_preference_is_refused(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("task,label\np1,perhaps\n")
    code, _, noted = await prefstream("simulate", "annotators", "--truth", str(tmp_path / "truth.csv"))
    assert code == 2
    assert "'perhaps' of p1" in noted


async def test_a_misspelt_fault_in_a_file_of_people_is_named(truth: str, tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text("people:\n  - {id: x, skil: 1.0}\n")
    code, _, noted = await prefstream("simulate", "annotators", "--truth", truth, "--file", str(path))
    assert code == 2
    assert "skil" in noted


async def test_the_example_brings_pairs_in_and_sees_them(
    console: RunningConsole, people: People, with_tasks: Work
) -> None:
    service = await people(Role.SERVICE)
    example = asyncio.create_task(
        ran(sys.executable, str(ROOT / "examples" / "console_client.py"), console.base_url, service.token)
    )

    async def arrived() -> bool:
        await with_tasks.project()
        return bool(await console.pool.fetchval("select count(*) = 3 from pairs"))

    await until(arrived)
    code, said, noted = await example
    assert (code, said.splitlines()[0]) == (0, "accepted 3"), noted


async def test_the_snippet_of_the_client_s_page_runs(
    console: RunningConsole, people: People, with_tasks: Work
) -> None:
    await with_tasks.pairs(1)
    page = (ROOT / "docs" / "howto" / "python-client.md").read_text()
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    admin = await people(Role.ADMIN)
    here = snippet.replace("http://127.0.0.1:8484", console.base_url).replace("pfs_...", admin.token)
    code, said, noted = await ran(sys.executable, "-c", here)
    assert code == 0, noted
    assert said.splitlines()[0] == "1"
    assert "of pair-00000" in said
