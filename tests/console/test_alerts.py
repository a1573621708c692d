"""Alerts over HTTP: who sees them, who may do something about them, and what is written down."""

from collections.abc import Awaitable, Callable

from prefstream.adapters.postgres.projections import project
from tests import factories as make
from tests.console.running import RunningConsole, Somebody

People = Callable[..., Awaitable[Somebody]]


async def raised(console: RunningConsole, alert_id: str = "a1", **changes: object) -> None:
    event = make.an_alert_raised(alert_id=alert_id, rule="people_alpha", window="7d", **changes)
    async with console.pool.acquire() as connection, connection.transaction():
        await project(connection, [make.a_record(event)])


async def test_whoever_reads_sees_alerts_and_whoever_labels_does_not(
    console: RunningConsole, people: People
) -> None:
    await raised(console, annotators=("ann",))
    viewer, annotator = console.client(await people("viewer")), console.client(await people("annotator"))

    (one,) = (await viewer.get("/api/v1/alerts")).json()["alerts"]

    assert (one["rule"], one["open"], one["annotators"]) == ("people_alpha", True, ["ann"])
    assert (await viewer.get("/api/v1/alerts/a1")).json()["pairs"] == []
    assert (await viewer.get("/api/v1/alerts/zz")).status_code == 404
    assert (await annotator.get("/api/v1/alerts")).status_code == 403


async def test_a_lead_takes_an_alert_in_hand_and_a_viewer_may_not(
    console: RunningConsole, people: People
) -> None:
    await raised(console)
    lead, viewer = console.client(await people("qa_lead", person_id="lead")), await people("viewer")
    body = {"why": "calibration session on Monday"}

    refused = await console.client(viewer).post("/api/v1/alerts/a1/acknowledge", json=body)
    done = await lead.post("/api/v1/alerts/a1/acknowledge", json=body)

    assert refused.status_code == 403
    assert (done.status_code, done.json()["acknowledged_by"]) == (200, "lead")
    assert (await lead.post("/api/v1/alerts/zz/acknowledge", json=body)).status_code == 404
    trail = await console.pool.fetch("select act, person_id, subject from audit_trail")
    assert ("alert.acknowledged", "lead", "a1") in [tuple(row) for row in trail]


async def test_a_lead_silences_a_rule_and_ends_the_silence(console: RunningConsole, people: People) -> None:
    await raised(console)
    lead = console.client(await people("qa_lead"))
    wanted = {"rule": "people_alpha", "hours": 2, "why": "known"}

    made = await lead.post("/api/v1/alerts/silences", json=wanted)
    silenced = (await lead.get("/api/v1/alerts")).json()

    assert made.status_code == 201, made.text
    assert silenced["alerts"][0]["silenced_until"] is not None
    assert [one["n"] for one in silenced["silences"]] == [made.json()["n"]]
    where = f"/api/v1/alerts/silences/{made.json()['n']}"
    assert [(await lead.delete(where)).status_code for _ in range(2)] == [204, 404]
    assert (await lead.get("/api/v1/alerts")).json()["silences"] == []


async def test_a_silence_of_nothing_or_of_an_unknown_rule_is_refused(
    console: RunningConsole, people: People
) -> None:
    lead = console.client(await people("qa_lead"))
    nothing = await lead.post("/api/v1/alerts/silences", json={"hours": 1, "why": "x"})
    unknown = await lead.post("/api/v1/alerts/silences", json={"rule": "kappa", "hours": 1, "why": "x"})
    for_ever = await lead.post("/api/v1/alerts/silences", json={"slice": "law", "hours": 1e9, "why": "x"})

    assert [one.status_code for one in (nothing, unknown, for_ever)] == [422, 422, 422]
    assert unknown.json()["type"] == "urn:prefstream:problem:unknown_rule"
