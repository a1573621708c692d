"""The exchange with a Label Studio: open tasks go there, annotations come back as labels.

One works at a time, by a lock in the database. What it is in the middle of is in the database too, so that
one that was killed goes on where it was: nothing is pushed or counted twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import structlog

from prefstream.adapters.label_studio import LabelStudio, RefusedByLabelStudio
from prefstream.adapters.postgres.console import label_studio as sendings
from prefstream.adapters.postgres.console import label_studio_readings as readings
from prefstream.adapters.postgres.console.texts import judgement_of, proposed_pair
from prefstream.adapters.settings import LabelStudioSettings
from prefstream.agents.tasks import record_of
from prefstream.console.constitution_versions import in_force, versions
from prefstream.console.parts import Parts
from prefstream.domain.constitution.annotators import rubric_of
from prefstream.domain.exchange.label_studio_annotations import Person, Pushed, steps_of
from prefstream.domain.exchange.label_studio_config import PUSH, labelling_config
from prefstream.domain.exchange.label_studio_tasks import task_of
from prefstream.schemas.constitutions import Constitution

log = structlog.get_logger(__name__)

#: Header by which a webhook of Label Studio proves itself; it cannot sign.
SECRET_HEADER = "x-prefstream-secret"  # noqa: S105  the name of a header
WEBHOOK_PATH = "/api/v1/label-studio/webhook"
#: Changes are read again this far back: a change is dated before it is committed.
_OVERLAP = timedelta(seconds=60)
#: All tasks are read again this often: what no change tells of is found then.
_SWEEP_EVERY = timedelta(hours=1)
_HINT_EVERY_S = 1.0
#: Seconds before a Label Studio that refuses us is asked again.
_MEND_S = 60.0
#: Tasks pushed by one request.
_BATCH = 50
#: Longest title that Label Studio takes.
_MOST_TITLE = 50
_LOCK = "select pg_try_advisory_lock(hashtextextended('prefstream.label-studio', 7))"
_UNLOCK = "select pg_advisory_unlock(hashtextextended('prefstream.label-studio', 7))"


@dataclass(slots=True, kw_only=True)
class Tally:
    """What an exchange did."""

    pushed: int = 0
    labels: int = 0
    withdrawn: int = 0
    #: Annotations that gave no label though they should.
    unusable: int = 0
    taken_back: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            pushed=self.pushed + other.pushed,
            labels=self.labels + other.labels,
            withdrawn=self.withdrawn + other.withdrawn,
            unusable=self.unusable + other.unusable,
            taken_back=self.taken_back + other.taken_back,
        )


@dataclass(slots=True, kw_only=True)
class LabelStudioExchange:
    """Pushes and pulls."""

    pool: asyncpg.Pool
    there: LabelStudio
    settings: LabelStudioSettings
    constitution: Callable[[], Any]
    #: Clauses of every constitution that people may have worked by.
    clauses: Callable[[], Any]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    tally: Tally = field(default_factory=Tally)
    _swept_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @property
    def _address(self) -> str:
        return self.there.address

    async def run(self, stop: asyncio.Event) -> None:
        """Exchange until `stop` is set.

        Raises:
            Unavailable: Label Studio or the database is away.
        """
        due = self.clock()
        while not stop.is_set():
            if self.clock() >= due:
                await self.exchange()
                due = self.clock() + timedelta(seconds=self.settings.every_s)
            else:
                await self.exchange(hints_only=True)
            try:
                async with asyncio.timeout(min(_HINT_EVERY_S, self.settings.every_s)):
                    await stop.wait()
            except TimeoutError:
                continue

    async def exchange(self, *, hints_only: bool = False) -> Tally:
        """Push and pull once and return what was done; nothing where somebody else is at it."""
        before = self.tally
        self.tally = Tally()
        async with self._alone() as alone:
            if alone and not hints_only:
                await sendings.ensure_service(self.pool)
                await self._finish_pushes()
                await self._pull_changes()
                await self._take_back()
                await sendings.renew(self.pool, self._address, lease_s=self._lease_s)
                await self._push()
            if alone:
                await self._follow_hints()
        done, self.tally = self.tally, before + self.tally
        return done

    @property
    def _lease_s(self) -> float:
        return self.settings.lease_hours * 3600

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        async with self.pool.acquire() as connection:
            alone = bool(await connection.fetchval(_LOCK))
            try:
                yield alone
            finally:
                if alone:
                    await connection.execute(_UNLOCK)

    async def _push(self) -> None:
        """Push open tasks, those that go first at the front, until enough are there."""
        constitution = await self.constitution()
        room = self.settings.most_open - await sendings.open_count(self.pool, self._address)
        while room > 0:
            wanted = self._wanted(self.settings.slices)
            slice_name = await sendings.next_slice(self.pool, wanted)
            if slice_name is None:
                return
            if self.settings.project_per_slice:
                wanted = self._wanted((slice_name,))
            project_id = await self._project(slice_name, constitution)
            async with self.pool.acquire() as connection, connection.transaction():
                looked_at = await sendings.begin(
                    connection,
                    wanted,
                    project_id=project_id,
                    constitution_id=constitution.id,
                    limit=min(room, _BATCH),
                )
            pushed = await self._send_waiting()
            room -= pushed
            if not pushed or not looked_at:
                return

    def _wanted(self, slices: tuple[str, ...]) -> sendings.Wanted:
        return sendings.Wanted(
            address=self._address, rounds=self.settings.rounds, slices=slices, lease_s=self._lease_s
        )

    async def _project(self, slice_name: str, constitution: Constitution) -> int:
        """Return the project for a slice under a constitution; another constitution begins another."""
        named = slice_name if self.settings.project_per_slice else ""
        found = await sendings.project_of(self.pool, self._address, named, constitution.id)
        if found is None:
            title = f"{self.settings.title} {named}".strip()[:_MOST_TITLE]
            found = await self.there.create_project(
                title.ljust(3, "."),
                labelling_config(rubric_of(constitution)),
                overlap=await self._overlap(),
                predictions=self.settings.show_prediction,
            )
            await sendings.add_project(self.pool, self._address, named, constitution.id, found)
        if self.settings.webhook_to and self.settings.webhook_secret.get_secret_value():
            secret = {SECRET_HEADER: self.settings.webhook_secret.get_secret_value()}
            await self.there.ensure_webhook(found, self.settings.webhook_to + WEBHOOK_PATH, secret)
        return found

    async def _overlap(self) -> int:
        needed = await self.pool.fetchval("select max(needed) from tasks where open")
        return max(1, int(needed or 1))

    async def _finish_pushes(self) -> None:
        """See whether what a crash left on its way has arrived, and push it if it has not."""
        for push in await sendings.waiting(self.pool, self._address, limit=1000):
            task_id = await self.there.find_task(push.project_id, PUSH, push.push_id)
            if task_id is not None:
                await sendings.arrived(self.pool, {push.push_id: task_id})
                self.tally.pushed += 1
        while await self._send_waiting():
            continue

    async def _send_waiting(self) -> int:
        """Push a batch of what is waiting, and return how many were dealt with."""
        pushes = await sendings.waiting(self.pool, self._address, limit=_BATCH)
        pushes = [one for one in pushes if one.project_id == pushes[0].project_id]
        tasks = {push.push_id: await self._task(push) for push in pushes}
        missing = [push_id for push_id, task in tasks.items() if task is None]
        if missing:
            await sendings.take_back(self.pool, missing)
        ready = {push_id: task for push_id, task in tasks.items() if task is not None}
        if ready:
            ids = await self.there.import_tasks(pushes[0].project_id, list(ready.values()))
            await sendings.arrived(self.pool, dict(zip(ready, ids, strict=True)))
            self.tally.pushed += len(ready)
        return len(ready)

    async def _task(self, push: sendings.Push) -> dict[str, Any] | None:
        pair = await proposed_pair(self.pool, push.pair_id)
        if pair is None:
            return None
        judged = await judgement_of(self.pool, push.pair_id) if self.settings.show_prediction else None
        return task_of(pair, push_id=push.push_id, sides="ab" if push.sides == "ab" else "ba", judged=judged)

    async def _take_back(self) -> None:
        """Delete what needs no label any more and nobody annotated."""
        for push_id, task_id in await sendings.over(self.pool, self._address, limit=200):
            task = await self.there.task(task_id)
            if task is not None and _push_of(task) == push_id:
                await self.there.delete_task(task_id)
            await sendings.take_back(self.pool, [push_id])
            self.tally.taken_back += 1

    async def _pull_changes(self) -> None:
        sweeping = self.clock() - self._swept_at > _SWEEP_EVERY
        people: Mapping[int, Person] | None = None
        for project_id, until in (await sendings.projects(self.pool, self._address)).items():
            since = None if sweeping or until is None else until - _OVERLAP
            began, seen = self.clock(), set[str]()
            try:
                async for task in self.there.changed_tasks(project_id, since):
                    people = people or await self._people()
                    await self._read(task, people)
                    seen.add(_push_of(task))
                    changed_at = datetime.fromisoformat(task["updated_at"])
                    await sendings.read_up_to(self.pool, self._address, project_id, changed_at)
            except RefusedByLabelStudio as refused:
                if refused.status != 404:
                    raise
                log.warning("label_studio.project_gone", project_id=project_id)
                await sendings.forget_project(self.pool, self._address, project_id)
                since = None
            if since is None:
                await self._give_up_deleted(project_id, seen, began)
        if sweeping:
            self._swept_at = self.clock()

    async def _give_up_deleted(self, project_id: int, seen: set[str], began: datetime) -> None:
        """Give tasks that somebody deleted there back to the queue; labels they gave stay."""
        gone = await sendings.deleted(self.pool, self._address, project_id, seen, before=began)
        await sendings.take_back(self.pool, gone)
        self.tally.taken_back += len(gone)

    async def _follow_hints(self) -> None:
        """Read what webhooks named; what they say of it is not believed."""
        waiting = await sendings.hints(self.pool, self._address)
        if not waiting:
            return
        people = await self._people()
        for task_id in {one for one in waiting.values() if one is not None}:
            task = await self.there.task(task_id)
            if task is not None:
                await self._read(task, people)
        if None in waiting.values():
            self._swept_at = datetime(1970, 1, 1, tzinfo=UTC)
            await self._pull_changes()
        await sendings.heeded(self.pool, list(waiting))

    async def _people(self) -> Mapping[int, Person]:
        return await readings.people_by_email(self.pool, await self.there.emails())

    async def _read(self, task: Mapping[str, Any], people: Mapping[int, Person]) -> None:
        sent = await sendings.sent_task(self.pool, self._address, _push_of(task))
        if sent is None:
            return
        clauses = await self.clauses()
        async with self.pool.acquire() as connection, connection.transaction():
            known = await readings.known_of(connection, sent.push_id)
            pushed = _pushed(sent, self._address, clauses.get(sent.constitution_id, frozenset()))
            changed_at = datetime.fromisoformat(task["updated_at"])
            steps = list(steps_of(pushed, task.get("annotations") or (), known, people, now=changed_at))
            ours = frozenset(one.annotator for one in people.values() if ":" not in one.annotator)
            await readings.write(connection, sent, steps, ours, record_of)
        self.tally.labels += sum(step.label is not None for step in steps)
        self.tally.withdrawn += sum(step.withdrawal is not None for step in steps)
        self.tally.unusable += sum(bool(step.findings) for step in steps)
        for step in steps:
            if step.findings:
                log.warning("annotation.unusable", annotation_id=step.annotation_id, why=step.findings)


def exchange_of(parts: Parts, there: LabelStudio) -> LabelStudioExchange:
    """Return the exchange between these parts and a Label Studio."""

    async def constitution() -> Constitution:
        return (await in_force(parts)).constitution

    async def clauses() -> dict[str, frozenset[str]]:
        known = [one.constitution for one in await versions(parts)]
        return {one.id: frozenset(clause.id for clause in one.principles) for one in known}

    return LabelStudioExchange(
        pool=parts.pool,
        there=there,
        settings=parts.settings.label_studio,
        constitution=constitution,
        clauses=clauses,
        clock=parts.now,
    )


async def exchange_with_label_studio(parts: Parts, stop: asyncio.Event) -> None:
    """Exchange beside a console until `stop` is set; where no Label Studio is set there is nothing to do."""
    settings = parts.settings.label_studio
    if not settings.address:
        await stop.wait()
        return
    async with LabelStudio(settings.address, settings.token.get_secret_value()) as there:
        try:
            await exchange_of(parts, there).run(stop)
        except RefusedByLabelStudio as refused:
            log.error("label_studio.refuses", why=str(refused))  # noqa: TRY400  what it says is enough
            # Somebody has to mend it; to ask every second would only fill the log.
            await asyncio.wait([asyncio.create_task(stop.wait())], timeout=_MEND_S)


def _push_of(task: Mapping[str, Any]) -> str:
    """Return the push that a task there names: its own id may have been another task's before."""
    data = task.get("data")
    return str(data.get(PUSH, "")) if isinstance(data, dict) else ""


def _pushed(sent: sendings.Sent, address: str, clauses: frozenset[str]) -> Pushed:
    round_ = sent.round
    assert round_ in {"annotate", "review", "adjudicate"}
    return Pushed(
        push_id=sent.push_id,
        address=address,
        pair_id=sent.pair_id,
        round=round_,  # type: ignore[arg-type]  # checked above
        sides="ab" if sent.sides == "ab" else "ba",
        clauses=clauses,
    )
