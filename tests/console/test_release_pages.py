"""The pages of releases: gates, what changed, files for whoever may read, none of what was withdrawn."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from prefstream.console.pages.gate_words import SAID
from prefstream.domain.gates import GATES
from prefstream.domain.people import Role
from prefstream.schemas.releases import GateOverride, GateResult, ReleasePlan
from tests import factories as make
from tests.console.running import RunningConsole, Somebody, running_console
from tests.console.telling import HOSTILE, tell

People = Callable[..., Awaitable[Somebody]]
HTML = {"Accept": "text/html"}
FIRST, SECOND = "helpful-1-0123456789abcdef", "helpful-2-0123456789abcdef"
DATA = "data/preference/train-00000-of-00001.jsonl"


def alpha(value: float, *, passed: bool, **changes: Any) -> GateResult:
    found: dict[str, Any] = {"gate": "alpha", "slice": "law", "passed": passed, "value": value}
    words = {} if passed else {"shortfall": "alpha of slice law is low", "remedy": "label 140 more pairs"}
    return GateResult(
        **({**found, "low": value - 0.05, "high": value + 0.05, "limit": 0.75, "n": 90} | words | changes)
    )


async def two_releases(pool: asyncpg.Pool) -> None:
    first = make.a_release_cut(release_id=FIRST, gates=(alpha(0.9, passed=True),), pairs=40)
    second = make.a_release_cut(
        release_id=SECOND,
        plan=ReleasePlan(name="helpful", version="2", title="Helpful", description=HOSTILE),
        pairs=50,
        gates=(
            GateResult(gate="origin_share:judge", passed=True, value=0.61, limit=0.95),
            alpha(0.7, passed=False),
        ),
        overrides=(GateOverride(gate="alpha", by="lea", reason=HOSTILE),),
        occurred_at=make.NOON + timedelta(days=1),
    )
    await tell(pool, first, second)
    rows = [(FIRST, f"row-{n}", f"pair-{n}") for n in range(3)] + [
        (SECOND, f"row-{n}", f"pair-{n}") for n in range(1, 6)
    ]
    await pool.executemany("insert into release_rows values ($1, $2, $3, 'preference', 'train')", rows)


def test_gates_are_called_what_the_domain_calls_them() -> None:
    assert tuple(gate.title for gate in GATES.values()) == SAID


@pytest.mark.postgres
@pytest.mark.parametrize("role", list(Role))
async def test_whoever_may_read_sees_releases(console: RunningConsole, people: People, role: Role) -> None:
    await two_releases(console.pool)
    client = await console.logged_in(await people(role))
    wanted = 403 if role is Role.ANNOTATOR else 200

    for path in ("/releases", f"/releases/{SECOND}"):
        assert (await client.get(path, headers=HTML)).status_code == wanted


@pytest.mark.postgres
async def test_without_releases_the_page_says_how_to_cut_one(console: RunningConsole, people: People) -> None:
    client = await console.logged_in(await people("viewer"))

    assert "prefstream release cut" in (await client.get("/releases", headers=HTML)).text
    assert (await client.get("/releases/no-such", headers=HTML)).status_code == 404


@pytest.mark.postgres
async def test_a_release_tells_its_gates_its_override_and_what_changed(
    console: RunningConsole, people: People
) -> None:
    await two_releases(console.pool)
    client = await console.logged_in(await people("viewer"))

    told = (await client.get("/releases", headers=HTML)).text
    text = (await client.get(f"/releases/{SECOND}", headers=HTML)).text
    first = (await client.get(f"/releases/{FIRST}", headers=HTML)).text

    assert told.index(SECOND) < told.index(FIRST)
    assert "one gate overridden" in told
    for said in (
        "alpha of slice law is low",
        "label 140 more pairs",
        "Let pass by",
        "0.65 to 0.75",
        "3 pairs came, one went",
        "(<bdi>judge</bdi>)",
        'class="interval critical"',
    ):
        assert said in text, said
    assert "<script>alert" not in text
    assert "It is the first release of its name." in first


@pytest.mark.postgres
async def test_files_are_handed_out_only_of_the_folder_that_the_console_is_told(
    console: RunningConsole, people: People
) -> None:
    await two_releases(console.pool)
    client = await console.logged_in(await people("viewer"))

    assert (
        "PREFSTREAM_CONSOLE__RELEASES_FOLDER" in (await client.get(f"/releases/{FIRST}", headers=HTML)).text
    )
    assert (await client.get(f"/releases/{FIRST}/files/{DATA}")).status_code == 404


def laid_out(folder: Path) -> None:
    """Lay out both releases, with a file that neither names and a link that leads away."""
    for name in (FIRST, SECOND):
        (folder / name / "data/preference").mkdir(parents=True)
        (folder / name / DATA).write_text('{"chosen":"391"}\n')
        (folder / name / "secret.txt").write_text("not of the release")
    (folder / "away.json").write_text("elsewhere")
    (folder / FIRST / "manifest.json").symlink_to(folder / "away.json")


@pytest.mark.postgres
async def test_a_file_of_a_release_is_handed_out_and_no_other(postgres_dsn: str, tmp_path: Path) -> None:
    laid_out(tmp_path)
    async with running_console(postgres_dsn, releases_folder=tmp_path) as console:
        await two_releases(console.pool)
        client = await console.logged_in(await console.person("viewer"))
        stranger = console.client()

        text = (await client.get(f"/releases/{FIRST}", headers=HTML)).text
        answer = await client.get(f"/releases/{FIRST}/files/{DATA}")
        others = [
            (await client.get(f"/releases/{FIRST}/files/{path}")).status_code
            for path in (
                "secret.txt",
                "../away.json",
                "%2e%2e/away.json",
                "manifest.json",
                "SHA256SUMS",
                "/etc/hosts",
            )
        ]
        unknown = await stranger.get(f"/releases/{FIRST}/files/{DATA}")

    assert f"/releases/{FIRST}/files/{DATA}" in text
    assert answer.content == b'{"chosen":"391"}\n'
    assert answer.headers["content-disposition"].startswith("attachment")
    assert others == [404] * 6
    assert unknown.status_code == 401


@pytest.mark.postgres
async def test_a_withdrawn_release_is_marked_and_hands_out_nothing(postgres_dsn: str, tmp_path: Path) -> None:
    laid_out(tmp_path)
    async with running_console(postgres_dsn, releases_folder=tmp_path) as console:
        await two_releases(console.pool)
        await tell(
            console.pool, make.a_release_withdrawn(release_id=SECOND, reason="leaked prompts", by="lea")
        )
        client = await console.logged_in(await console.person("viewer"))

        told = (await client.get("/releases", headers=HTML)).text
        text = (await client.get(f"/releases/{SECOND}", headers=HTML)).text
        answer = await client.get(f"/releases/{SECOND}/files/{DATA}")

    assert "withdrawn" in told
    assert "leaked prompts" in text
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:prefstream:problem:withdrawn")


@pytest.mark.postgres
async def test_a_release_that_holds_erased_content_is_marked(console: RunningConsole, people: People) -> None:
    await two_releases(console.pool)
    await console.pool.execute(
        "insert into erasures values "
        "('prompt', 'prompt-1', gen_random_uuid(), 'asked', 'eve', now(), '{}', '{}', $1, '{}')",
        [FIRST],
    )
    client = await console.logged_in(await people("viewer"))

    assert "holds erased content" in (await client.get("/releases", headers=HTML)).text
    assert "cut a new one" in (await client.get(f"/releases/{FIRST}", headers=HTML)).text
