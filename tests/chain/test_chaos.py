"""Processes and servers are killed while real data goes through; the end must not show it."""

import os
import random
import time
from pathlib import Path

import pytest

from prefstream.streams.topology import PROCESSES
from tests.chain import pandalm
from tests.chain.rows import differences, final_rows
from tests.chain.running import Running, running

pytestmark = [pytest.mark.chaos, pytest.mark.postgres, pytest.mark.shared, pytest.mark.timeout(900)]

KILLS = 20


@pytest.mark.usefixtures("pandalm_data")
def test_twenty_kills_and_two_restarts_leave_the_same_rows(tmp_path: Path, log_kind: str) -> None:
    seed = int(os.environ.get("PREFSTREAM_CHAOS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"PREFSTREAM_CHAOS_SEED={seed}")

    undisturbed = _run(tmp_path / "undisturbed", log_kind, seed=None)
    disturbed = _run(tmp_path / "disturbed", log_kind, seed=seed)

    assert len(undisturbed["pairs"]) == 999
    assert differences(undisturbed, disturbed) == []


def _run(folder: Path, log_kind: str, *, seed: int | None) -> dict[str, list[tuple[object, ...]]]:
    folder.mkdir()
    with running(folder, log=log_kind, environment=pandalm.ENVIRONMENT) as deployment:
        pandalm.ingest_verdicts(deployment)
        steps = [pandalm.pairs_command(), *(pandalm.labels_command(one) for one in pandalm.ANNOTATORS)]
        chance = random.Random(seed)
        for number, step in enumerate(steps):
            _ingest(deployment, step, chance if seed is not None else None)
            if seed is not None:
                _disturb(deployment, chance, kills=KILLS // len(steps), servers=number == 1)
        deployment.drain(240)
        return final_rows(deployment.dsn)


def _ingest(deployment: Running, step: tuple[str, ...], chance: random.Random | None) -> None:
    """Bring a file in; one that was interrupted is resumed by saying the same again."""
    if chance is not None:
        first = deployment.begin(*step)
        time.sleep(chance.uniform(0.2, 1.2))  # an instant by chance is what is tested, not waited for
        first.kill()
        first.communicate()
    done = deployment.command(*step, check=False)
    assert done.returncode in (0, 2), done.stderr


def _disturb(deployment: Running, chance: random.Random, *, kills: int, servers: bool) -> None:
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 0.8))  # an instant by chance is what is tested, not waited for
        deployment.kill(chance.choice(PROCESSES))
        deployment.tend()
    if servers:
        deployment.postgres.kill()
        deployment.tend()
        if deployment.places.log == "kafka":
            deployment.kafka.kill()
            deployment.tend()
