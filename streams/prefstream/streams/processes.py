"""One process of the chain: what it runs, on the log there is."""

import asyncio
from collections.abc import Sequence

from prefstream.adapters.constitutions import shipped_constitution
from prefstream.adapters.settings import Settings
from prefstream.agents.stage import Stage
from prefstream.schemas.cloudevents import headers_of, trace_headers
from prefstream.streams.alerting import alert_rules
from prefstream.streams.batch_process import batches_until
from prefstream.streams.configuration import ConfigurationView
from prefstream.streams.effects import JournalledEffects
from prefstream.streams.engine import Engine
from prefstream.streams.keys import watched
from prefstream.streams.memory import settle
from prefstream.streams.panel import classifier_of, judges_of, providers_of
from prefstream.streams.surroundings import PostgresStates, Surroundings, surroundings, together
from prefstream.streams.topology import ProcessName, light_stages, slow_stages
from prefstream.streams.writers import generation_of


async def run_process(name: ProcessName, settings: Settings, stop: asyncio.Event) -> None:
    """Run one process until `stop` is set.

    Raises:
        Unavailable: Something it needs is away; whoever supervises starts it again.
        Fenced: Another process has taken its place.
    """
    async with surroundings(name, settings, stop) as around:
        if name == "sink":
            await _runs_of(around).run_sink(around)
        elif name == "calibrator":
            from prefstream.streams.calibrator import run_calibrator

            await run_calibrator(around)
        else:
            await _run_stages(around)


async def _run_stages(around: Surroundings) -> None:
    effects, states = _effects(around), PostgresStates(around.pool)
    view = ConfigurationView(around.log, default=shipped_constitution())
    await view.open()
    try:
        headers = headers_of if around.places.log == "kafka" else trace_headers
        engines = [
            Engine(stage, effects, states, view, headers=headers, tracing=around.tracing)
            for stage in _stages(around)
        ]
        settle()
        around.tallies.update({engine.stage.name: engine.tally for engine in engines})
        running = asyncio.create_task(_runs_of(around).run_stages(around, engines))
        sending = asyncio.create_task(batches_until(around))
        held_back = asyncio.create_task(effects.stop_with(around.stop))
        await together(around, running, sending, held_back, asyncio.create_task(view.followed(around.stop)))
    finally:
        await view.close()
        await effects.aclose()


def _stages(around: Surroundings) -> Sequence[Stage]:
    classifier = classifier_of(around.settings.curation)
    if around.name == "worker":
        rules = alert_rules(around.settings.alerts)
        return light_stages(overlap=around.settings.overlap, classifier=classifier, rules=rules)
    judge = around.settings.judge
    generation = generation_of(judge, around.settings.generation)
    return slow_stages(panel=judges_of(judge), generation=generation, classifier=classifier)


def _effects(around: Surroundings) -> JournalledEffects:
    """Return the way to models; the light stages call none, so their process needs no keys."""
    judge = around.settings.judge
    curation = around.settings.curation
    scorer = around.settings.generation.scorer
    also = (*((curation.classifier,) if curation.asks_models else ()), *((scorer,) if scorer else ()))
    limits = around.settings.limits
    named = providers_of(judge, around.pool, also=also, limits=limits) if around.name == "llm-worker" else {}
    providers = watched(named, around.keys)
    return JournalledEffects(
        pool=around.pool,
        providers=providers,
        in_flight=judge.in_flight,
        deadline_s=judge.deadline_s,
        purse=around.purse,
        settings=limits,
        tracing=around.tracing,
    )


def _runs_of(around: Surroundings):  # type: ignore[no-untyped-def]
    """Return the module that runs things on this log; the other one's libraries stay unloaded."""
    if around.places.log == "kafka":
        from prefstream.streams import kafka_process

        return kafka_process
    from prefstream.streams import postgres_process

    return postgres_process
