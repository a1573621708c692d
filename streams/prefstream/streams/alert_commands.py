"""What the commands of alerts do to a running deployment, each in one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from prefstream.adapters.postgres import alerts
from prefstream.adapters.postgres.connection import Connection, connect
from prefstream.adapters.settings import Settings
from prefstream.domain.alerts import UNDEFINED, Rule
from prefstream.streams.alerting import alert_rules
from prefstream.streams.places import find_places


async def listed(*, slice_name: str | None, cleared: bool) -> dict[str, Any]:
    """Return alerts and the silences in force."""
    async with _transaction() as connection:
        found = await alerts.alerts(connection, slice_name=slice_name, cleared=cleared)
        return {"alerts": found, "silences": await alerts.silences(connection)}


async def shown(alert_id: str, *, pairs: int) -> dict[str, Any]:
    """Return an alert with what is behind it.

    Raises:
        BadInput: There is no such alert.
    """
    async with _transaction() as connection:
        found = await alerts.alert(connection, alert_id, pairs=pairs)
    address = Settings().console.address
    linked = [one | {"console": f"{address}/pairs/{one['pair_id']}"} for one in found["pairs"]]
    return found | {"pairs": linked, "console": f"{address}{found['path']}"}


async def acknowledged(alert_id: str, *, by: str | None, why: str) -> dict[str, Any]:
    """Note that somebody has an alert in hand.

    Raises:
        BadInput: There is no such alert.
    """
    async with _transaction() as connection:
        return await alerts.acknowledge(connection, alert_id, by=by, why=why)


async def silenced(
    *, rule: str | None, slice_name: str | None, hours: float, by: str | None, why: str
) -> dict[str, Any]:
    """Silence a rule, a slice or both for a while.

    Raises:
        BadInput: There is no such rule, or nothing is named.
    """
    if rule is not None:
        alert_rules(Settings().alerts).named(rule.removesuffix(UNDEFINED))
    async with _transaction() as connection:
        return await alerts.silence(connection, rule=rule, slice_name=slice_name, hours=hours, by=by, why=why)


async def ended(n: int, *, by: str | None) -> None:
    """End a silence before its time.

    Raises:
        BadInput: No such silence is in force.
    """
    async with _transaction() as connection:
        await alerts.end_silence(connection, n, by=by)


def rules() -> dict[str, Any]:
    """Return the rules that the settings state.

    Raises:
        BadInput: The settings name a rule that there is not, or bounds that it cannot have.
    """
    stated = alert_rules(Settings().alerts)
    return {"id": stated.id, "arl": stated.arl, "rules": [_rule(one) for one in stated.every]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "title": rule.title,
        "statistic": rule.statistic,
        "reads": rule.reads,
        "look": rule.look,
        "window": rule.window,
        "side": rule.side,
        "min_n": rule.min_n,
        "clear_margin": rule.clear_margin,
        "undefined_days": rule.undefined_days,
        "levels": [
            {"bound": one.bound, "severity": one.severity, "action": one.action} for one in rule.levels
        ],
        "runbook": rule.runbook,
    }


@asynccontextmanager
async def _transaction() -> AsyncIterator[Connection]:
    places = find_places(Settings())
    connection = await connect(places.dsn.get_secret_value())
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()
