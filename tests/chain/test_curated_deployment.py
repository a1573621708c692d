"""Curation in a whole deployment, with a model that classifies and does not always answer."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chain.running import PREFSTREAM, Running, running
from tests.cli.command import environment

QUESTIONS = [f"Explain to me in a few words why question number {n} about whales is hard." for n in range(30)]
EXAM = (
    "A train leaves the station at noon and travels north at eighty kilometres an hour; when does it arrive?"
)


@contextmanager
def a_model(*options: str) -> Iterator[str]:
    """Run the stand-in server for models and yield its address."""
    command = [*PREFSTREAM, "dev", "llm-server", "--port", "0", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment({}), text=True) as server:
        try:
            assert server.stdout is not None
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.terminate()


def ingest(deployment: Running, folder: Path, name: str, prompts: list[str]) -> None:
    path = folder / f"{name}.jsonl"
    rows = [{"prompt_id": f"{name}-{n}", "prompt": prompt} for n, prompt in enumerate(prompts)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    deployment.command("ingest", "prompts", str(path))
    deployment.drain()


def fates(deployment: Running, name: str) -> Counter[str]:
    query = "select coalesce(reason, decision) as fate from prompts where prompt_id like $1"
    return Counter(row["fate"] for row in deployment.fetch(query, f"{name}-%"))


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_prompts_are_classified_told_apart_protected_and_drawn(tmp_path: Path, log_kind: str) -> None:
    exam = tmp_path / "exam.txt"
    exam.write_text(EXAM + "\n")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"name": "none", "keep_others": 0.0}))
    with a_model("--latency-ms", "5", "--overload-rate", "0.2", "--seed", "7") as url:
        settings = {
            "PREFSTREAM_CURATION__CLASSIFIER": "openai:sorter",
            "PREFSTREAM_CURATION__SLICES": json.dumps({"law": "courts", "sea": "animals of the sea"}),
            "PREFSTREAM_JUDGE__OPENAI_BASE_URL": f"{url}/v1",
        }
        with running(tmp_path / "data", log=log_kind, environment=settings) as deployment:
            said = json.loads(deployment.command("protect", "add", "exam", str(exam), "--json").stdout)
            assert said["published"]
            again = [QUESTIONS[n].upper() for n in range(9)]
            ingest(deployment, tmp_path, "first", [*QUESTIONS, *again, f"Please: {EXAM}"])
            assert fates(deployment, "first") == {"curated": 30, "duplicate": 9, "protected": 1}
            placed = deployment.fetch("select distinct slice, clause from prompts where decision = 'curated'")
            assert {row["slice"] for row in placed} & {"law", "sea"}
            journal = deployment.fetch("select purpose, subject, asked_by from journal")
            assert {row["purpose"] for row in journal} == {"classification"}
            # A repetition may be asked about while the first still waits for its turn.
            assert 30 <= len({row["subject"] for row in journal}) <= 39

            deployment.command("sampling", "publish", str(plan))
            deployment.command("protect", "remove", "exam")
            show = json.loads(deployment.command("sampling", "show", "--json").stdout)
            assert show["in_force"]["name"] == "none"
            ingest(deployment, tmp_path, "second", [EXAM, "Something quite different about seals"])
            assert fates(deployment, "second") == {"not_sampled": 2}
            deployment.command("sampling", "revoke", "--reason", "done")
            ingest(deployment, tmp_path, "third", [EXAM, "And something else about otters"])
            assert fates(deployment, "third") == {"duplicate": 1, "curated": 1}
            assert json.loads(deployment.command("protect", "list", "--json").stdout) == {"sets": []}
            targets = f"{placed[0]['slice']}=.5"
            live = deployment.command("sampling", "plan", "--targets", targets, "--live", "--json")
            arrivals = json.loads(live.stdout)["plan"]["arrivals"]
            # Those that a plan left out have arrived, duplicates and protected prompts have not.
            assert sum(arrivals.values()) == 30 + 2 + 1
            dead = deployment.fetch("select reason, detail from dead_letters")
            assert dead == []
