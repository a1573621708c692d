"""Webhooks against a receiver on this machine: each message arrives, signed, and none is lost or doubled."""

import asyncio
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from standardwebhooks import Webhook, WebhookVerificationError

from prefstream.adapters.postgres.console import webhook_deliveries as deliveries
from prefstream.adapters.postgres.console.webhook_filling import fill
from prefstream.adapters.settings import WebhookSettings
from prefstream.adapters.webhooks.addresses import RefusedAddress
from prefstream.adapters.webhooks.calls import Caller
from prefstream.console.webhook_administration import (
    add_endpoint,
    change_endpoint,
    known,
    ping,
    remove_endpoint,
    replay_stretch,
    retry_failed,
    rotate_secret,
)
from prefstream.console.webhook_sender import WebhookSender
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelWithdrawn
from tests import factories as make
from tests.exchange.archiving import Archiving
from tests.exchange.receiver import Received, Receiver, receiving

pytestmark = pytest.mark.postgres

INSIDE = WebhookSettings(allow_private=True, every_s=0.02, at_once=4)


class Clock:
    """A clock that is set by hand; it begins a little ahead of the database's, for what that says is due."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) + timedelta(seconds=20)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def a_sender(archiving: Archiving, clock: Clock | None = None, *, timeout_s: float = 5.0) -> WebhookSender:
    return WebhookSender(
        pool=archiving.pool,
        calls=Caller(allow_private=True, timeout_s=timeout_s),
        settings=INSIDE.model_copy(update={"timeout_s": timeout_s}),
        clock=clock or Clock(),
        chance=lambda: 0.5,
    )


async def sent(sender: WebhookSender) -> None:
    """Make and send all that is due now."""
    await sender.step()
    await sender.settled()


def verified(received: Received, secret: str) -> dict[str, Any]:
    """Return what a message says, as the library of the standard verifies it."""
    told: dict[str, Any] = Webhook(secret).verify(received.body, dict(received.headers))
    return told


async def states(archiving: Archiving) -> list[str]:
    return [one["state"] for one in await deliveries.listed(archiving.pool)]


def labels(count: int, *, first: int = 0) -> list[Any]:
    return [
        make.a_label_submitted(pair_id=f"pair-{number}", event_id=derived_id("test", "label", number))
        for number in range(first, first + count)
    ]


async def test_every_kind_of_message_is_verified_by_the_library_of_the_standard(
    archiving: Archiving, receiver: Receiver
) -> None:
    _, secret = await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    label = make.a_label_submitted()
    await archiving.archive(
        make.a_pair_proposed(),
        label,
        LabelWithdrawn(
            event_id=derived_id("test", "withdrawn"),
            occurred_at=make.NOON,
            source="test",
            subject=make.PAIR,
            correlation_id=make.PAIR,
            pair_id=make.PAIR,
            label_id=label.event_id,
            annotator="ann",
            reason="gold test failed",
            by="rule",
        ),
        make.a_label_resolved(),
        make.a_label_disputed(),
        make.a_pair_validated(),
        make.a_pair_rejected(),
        make.a_policy_published(),
        make.a_policy_revoked(),
    )
    sender = a_sender(archiving)
    for _ in range(5):
        await sent(sender)

    told = [verified(one, secret) for one in receiver.got]
    assert sorted(one["type"] for one in told) == [
        "label.disputed",
        "label.resolved",
        "label.submitted",
        "label.withdrawn",
        "pair.rejected",
        "pair.validated",
        "policy.published",
        "policy.revoked",
        "task.completed",
        "task.completed",
    ]
    submitted = next(one for one in told if one["type"] == "label.submitted")
    assert submitted["data"]["pair_id"] == make.PAIR
    assert submitted["data"]["slice"] == "arithmetic"
    assert submitted["data"]["verdict"] == "A>"
    assert submitted["timestamp"].startswith("2026-03-01T12:00:00")
    assert set(await states(archiving)) == {"delivered"}


async def test_an_endpoint_is_told_of_what_comes_after_it_was_made_and_once(
    archiving: Archiving, receiver: Receiver
) -> None:
    await archiving.archive(*labels(3))
    await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    await archiving.archive(*labels(4, first=3))

    made = [(await fill(archiving.pool))[0] for _ in range(3)]

    assert made == [4, 0, 0]


async def test_two_who_fill_at_once_make_each_delivery_once(archiving: Archiving, receiver: Receiver) -> None:
    await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    await archiving.archive(*labels(50))

    async def all_of_it() -> int:
        count, more = await fill(archiving.pool, limit=7)
        while more:
            made, more = await fill(archiving.pool, limit=7)
            count += made
        return count

    counts = await asyncio.gather(*[all_of_it() for _ in range(4)])

    assert sum(counts) == 50
    assert await archiving.pool.fetchval("select count(*) from webhook_deliveries") == 50


async def test_an_endpoint_chooses_types_and_slices(archiving: Archiving, receiver: Receiver) -> None:
    await add_endpoint(
        archiving.pool, INSIDE, url=receiver.url, types=["label.submitted"], slices=["law"], by=None
    )
    await archiving.archive(
        make.a_pair_proposed(pair_id="p-law", slice="law"),
        make.a_pair_proposed(pair_id="p-maths", slice="maths"),
        make.a_label_submitted(pair_id="p-law"),
        make.a_label_submitted(pair_id="p-maths"),
        make.a_label_submitted(pair_id="p-unknown"),
        make.a_label_resolved(pair_id="p-law", slice="law"),
    )
    await fill(archiving.pool)

    rows = await deliveries.listed(archiving.pool)

    assert sorted((one["type"], one["slice"]) for one in rows if one["slice"]) == [("label.submitted", "law")]
    assert sum(one["slice"] is None for one in rows) == 1  # its pair is not known yet: better told than lost


async def test_a_refusal_is_tried_again_under_the_same_id_with_a_new_timestamp(
    archiving: Archiving, receiver: Receiver
) -> None:
    _, secret = await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    await archiving.archive(*labels(1))
    receiver.statuses = [500, 302, 204]
    clock = Clock()
    sender = a_sender(archiving, clock)

    await sent(sender)
    clock.forward(4.9)
    await sent(sender)
    before = len(receiver.got)
    clock.forward(0.7)  # 5 s and half of the jitter
    await sent(sender)
    clock.forward(331)
    await sent(sender)

    assert before == 1
    assert len(receiver.got) == 3
    assert len({one.headers["webhook-id"] for one in receiver.got}) == 1
    assert len({one.headers["webhook-timestamp"] for one in receiver.got}) == 3
    assert len({one.body for one in receiver.got}) == 1
    for one in receiver.got[:2]:
        verified(one, secret)
    assert await states(archiving) == ["delivered"]


async def test_ten_tries_are_spread_over_three_days_and_then_it_has_failed(
    archiving: Archiving, receiver: Receiver
) -> None:
    endpoint, _ = await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    await archiving.archive(*labels(1))
    receiver.statuses = [503] * 10
    clock = Clock()
    began = clock.now
    sender = a_sender(archiving, clock)
    while "pending" in (await states(archiving) or ["pending"]):
        await sent(sender)
        due = await archiving.pool.fetchval("select due_at from webhook_deliveries where state = 'pending'")
        clock.now = due or clock.now

    assert len(receiver.got) == 10
    assert timedelta(hours=75) < clock.now - began < timedelta(hours=92)
    (row,) = await deliveries.listed(archiving.pool)
    assert (row["state"], row["attempts"], row["last_status"]) == ("failed", 10, 503)
    assert "this is a test" in row["last_error"]

    assert await retry_failed(archiving.pool, endpoint.endpoint_id, by=None) == 1
    await sent(a_sender(archiving))
    assert await states(archiving) == ["delivered"]


async def test_retry_after_is_honoured(archiving: Archiving, receiver: Receiver) -> None:
    await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    await archiving.archive(*labels(1))
    receiver.statuses, receiver.headers = [429], {"Retry-After": "600"}
    clock = Clock()
    sender = a_sender(archiving, clock)

    await sent(sender)
    clock.forward(599)
    await sent(sender)

    assert len(receiver.got) == 1
    clock.forward(2)
    await sent(sender)
    assert len(receiver.got) == 2


async def test_gone_disables_the_endpoint_and_keeps_what_waits(
    archiving: Archiving, receiver: Receiver
) -> None:
    endpoint, _ = await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by="boss")
    await archiving.archive(*labels(1))
    receiver.statuses = [410]
    sender = a_sender(archiving)
    await sent(sender)
    await archiving.archive(*labels(2, first=1))
    await sent(sender)

    stands = await known(archiving.pool, endpoint.endpoint_id)
    assert (stands.state, stands.pending, len(receiver.got)) == ("disabled", 2, 1)
    assert "410" in stands.state_why

    await change_endpoint(archiving.pool, INSIDE, endpoint.endpoint_id, {"state": "active"}, by="boss")
    await sent(a_sender(archiving))
    assert len(receiver.got) == 3


async def test_during_a_rotation_the_old_and_the_new_secret_both_verify(
    archiving: Archiving, receiver: Receiver
) -> None:
    endpoint, old = await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    new = await rotate_secret(archiving.pool, endpoint.endpoint_id, by=None)
    await archiving.archive(*labels(1))
    await sent(a_sender(archiving))
    newest = await rotate_secret(archiving.pool, endpoint.endpoint_id, overlap_hours=0, by=None)
    await archiving.archive(*labels(1, first=1))
    await sent(a_sender(archiving))

    for secret in (old, new):
        verified(receiver.got[0], secret)
    verified(receiver.got[1], newest)
    for secret in (old, new):
        with pytest.raises(WebhookVerificationError):
            verified(receiver.got[1], secret)


async def test_a_sender_that_is_killed_in_the_middle_loses_nothing(
    archiving: Archiving, receiver: Receiver
) -> None:
    await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    await archiving.archive(*labels(3))
    receiver.open.clear()
    clock = Clock()
    killed = a_sender(archiving, clock)
    await killed.step()
    await until(lambda: len(receiver.got) == 3)
    for task in list(killed._under_way):
        task.cancel()
    await asyncio.gather(*killed._under_way, return_exceptions=True)
    receiver.open.set()

    heir = a_sender(archiving, clock)
    await sent(heir)
    assert len(receiver.got) == 3  # their time is not up yet
    clock.forward(61)
    await sent(heir)

    assert await states(archiving) == ["delivered"] * 3
    ids = [one.headers["webhook-id"] for one in receiver.got]
    assert len(ids) == 6
    assert len(set(ids)) == 3


async def test_one_that_was_given_up_for_lost_cannot_say_how_it_ended(
    archiving: Archiving, receiver: Receiver
) -> None:
    await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    await archiving.archive(*labels(1))
    receiver.statuses, clock = [500, 204], Clock()
    receiver.open.clear()
    slow, heir = a_sender(archiving, clock), a_sender(archiving, clock)
    await slow.step()
    await until(lambda: len(receiver.got) == 1)
    clock.forward(61)
    await heir.step()
    await until(lambda: len(receiver.got) == 2)
    receiver.open.set()
    await heir.settled()
    await slow.settled()

    (row,) = await deliveries.listed(archiving.pool)
    assert (row["state"], row["attempts"]) == ("delivered", 2)


async def test_a_slow_endpoint_holds_up_nobody_else(archiving: Archiving, receiver: Receiver) -> None:
    sender, stop = a_sender(archiving, timeout_s=1.0), asyncio.Event()
    async with receiving() as slow:
        slow.open.clear()
        await add_endpoint(archiving.pool, INSIDE, url=slow.url, by=None)
        await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
        await archiving.archive(*labels(12))
        running = asyncio.create_task(sender.run(stop))
        await until(lambda: len(receiver.got) == 12)
        stop.set()
        await running

    rows = await deliveries.listed(archiving.pool, state="pending")
    assert len(rows) == 12
    assert any("within 1 s" in one["last_error"] for one in rows)


async def test_a_message_stays_below_20_kilobytes_and_says_that_it_was_cut(
    archiving: Archiving, receiver: Receiver
) -> None:
    _, secret = await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    wide = tuple(f"{number}\u0001" + "é" * 250 for number in range(100))
    await archiving.archive(
        make.a_label_submitted(clauses=wide, rationale="x" * 200_000),
        make.a_pair_rejected(reasons=wide),
        make.a_policy_published(policy=make.a_policy(slices={})),
    )
    sender = a_sender(archiving)
    await sent(sender)

    told = {one["type"]: one for one in (verified(received, secret) for received in receiver.got)}
    assert all(len(received.body) < 20_000 for received in receiver.got)
    assert told["label.submitted"]["data"]["cut"] is True
    assert told["label.submitted"]["data"]["pair_id"] == make.PAIR
    assert "rationale" not in told["label.submitted"]["data"]


async def test_a_stretch_of_the_log_can_be_sent_again(archiving: Archiving, receiver: Receiver) -> None:
    await archiving.archive(*labels(3))
    endpoint, _ = await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by=None)
    await archiving.archive(*labels(2, first=3))
    await sent(a_sender(archiving))

    again = await replay_stretch(
        archiving.pool,
        endpoint.endpoint_id,
        since=make.NOON,
        until=make.NOON + timedelta(seconds=1),
        by="boss",
    )
    sender = a_sender(archiving)
    for _ in range(3):
        await sent(sender)

    assert again == 5
    assert len(receiver.got) == 7
    assert len({one.headers["webhook-id"] for one in receiver.got}) == 5
    with pytest.raises(BadInput, match="empty"):
        await replay_stretch(archiving.pool, endpoint.endpoint_id, since=make.NOON, until=make.NOON, by=None)


async def test_a_ping_says_whether_an_endpoint_can_be_reached(
    archiving: Archiving, receiver: Receiver
) -> None:
    endpoint, secret = await add_endpoint(
        archiving.pool, INSIDE, url=receiver.url, types=["policy.revoked"], by=None
    )
    message_id = await ping(archiving.pool, endpoint.endpoint_id, now=datetime.now(UTC))
    await sent(a_sender(archiving))

    assert receiver.got[0].headers["webhook-id"] == message_id
    assert verified(receiver.got[0], secret)["type"] == "endpoint.ping"


async def test_what_is_done_to_endpoints_is_noted_without_secrets(
    archiving: Archiving, receiver: Receiver
) -> None:
    endpoint, secret = await add_endpoint(archiving.pool, INSIDE, url=receiver.url, by="boss")
    await rotate_secret(archiving.pool, endpoint.endpoint_id, by="boss")
    await remove_endpoint(archiving.pool, endpoint.endpoint_id, by="boss")

    rows = await archiving.pool.fetch("select person_id, act, subject, detail from audit_trail order by n")
    assert [row["act"] for row in rows] == ["webhook.added", "webhook.rotated", "webhook.removed"]
    assert {row["person_id"] for row in rows} == {"boss"}
    assert secret not in json.dumps([row["detail"] for row in rows])


async def test_what_cannot_be_an_endpoint_is_refused(archiving: Archiving) -> None:
    outside = WebhookSettings()
    for url in (
        "http://example.org/",
        "https://10.0.0.1/",
        "https://127.0.0.1/",
        "ftp://x/",
        "https://",
        "a b",
    ):
        with pytest.raises(RefusedAddress):
            await add_endpoint(archiving.pool, outside, url=url, by=None)
    with pytest.raises(BadInput, match="there is no type"):
        await add_endpoint(archiving.pool, outside, url="https://example.org/", types=["all"], by=None)
    with pytest.raises(BadInput, match="no secret"):
        await add_endpoint(archiving.pool, outside, url="https://example.org/", secret="whsec_short", by=None)
    assert await archiving.pool.fetchval("select count(*) from webhook_endpoints") == 0


@pytest.mark.parametrize("named", ["localhost", "elsewhere.example"])
async def test_a_certificate_must_be_of_the_name_that_is_called(named: str) -> None:
    authority = trustme.CA()
    theirs, ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert(named).configure_cert(theirs)
    authority.configure_trust(ours)
    async with receiving(theirs) as secure:
        url = secure.url.replace("127.0.0.1", "localhost")
        answer = await Caller(allow_private=True, trust=ours).post(url, b"{}", {})

    assert (answer.status == 204) == (named == "localhost")
    assert (len(secure.got) == 1) == (named == "localhost")
    if named == "localhost":
        assert secure.got[0].headers["Host"] == url.split("/")[2]


async def until(holds: Callable[[], bool], *, deadline_s: float = 20.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(deadline_s):
        while not holds():
            await asyncio.sleep(0.01)
