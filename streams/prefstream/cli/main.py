"""The root command: what there is, and how errors end it.

Modules of commands import only what `--help` needs; everything heavy is imported inside the
command that uses it, so that help answers at once.
"""

import logging
import sys

import typer

from prefstream.cli import (
    alerts,
    annotators,
    argilla,
    audit,
    checks,
    console_command,
    constitution,
    cost,
    db,
    deadletters,
    demo,
    demonstrations,
    dev,
    doctor,
    erase,
    gold,
    ingest,
    judge,
    label_studio,
    people,
    policy,
    protect,
    quarantine,
    release,
    route,
    route_explain,
    route_queue,
    run,
    sampling,
    schemas,
    scorecard,
    simulate,
    stats,
    status,
    topics,
    up,
    watch,
    webhooks,
)
from prefstream.cli.console import note
from prefstream.schemas.errors import PrefstreamError, Unavailable

root = typer.Typer(
    name="prefstream",
    help="Preference labels as a stream: AI judges label what they can be trusted with, people the rest.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
root.command()(demo.demo)
root.command()(up.up)
root.command()(status.status)
root.command()(watch.watch)
root.command()(run.run)
root.command()(console_command.console)
root.add_typer(people.app, name="people")
root.command()(doctor.doctor)
root.command()(cost.cost)
root.command()(scorecard.scorecard)
root.add_typer(ingest.app, name="ingest")
root.add_typer(deadletters.app, name="deadletters")
root.add_typer(policy.app, name="policy")
for _command in (route_explain.explain, route_queue.queue, route_queue.learn, route_queue.choose):
    route.app.command()(_command)
root.add_typer(route.app, name="route")
root.add_typer(sampling.app, name="sampling")
root.add_typer(protect.app, name="protect")
root.add_typer(audit.app, name="audit")
root.add_typer(release.app, name="release")
root.add_typer(checks.app, name="checks")
root.add_typer(quarantine.app, name="quarantine")
root.add_typer(gold.app, name="gold")
root.add_typer(annotators.app, name="annotators")
root.add_typer(alerts.app, name="alerts")
root.add_typer(constitution.app, name="constitution")
root.add_typer(judge.app, name="judge")
root.add_typer(simulate.app, name="simulate")
root.add_typer(stats.app, name="stats")
root.add_typer(demonstrations.app, name="demonstrations")
root.add_typer(webhooks.app, name="webhooks")
root.add_typer(label_studio.app, name="label-studio")
root.add_typer(argilla.app, name="argilla")
root.add_typer(erase.app, name="erase")
root.add_typer(db.app, name="db")
root.add_typer(topics.app, name="topics")
root.add_typer(schemas.app, name="schemas")
root.add_typer(dev.app, name="dev")


def main() -> None:
    """Run the command line; errors we know become one sentence and an exit code."""
    # What the client says of a broker that is still electing leaders, it says of nothing wrong.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        root()
    except PrefstreamError as error:
        note(f"prefstream: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        note("prefstream: interrupted")
        sys.exit(130)
    except Exception as error:
        if not _lacks_tables(error):
            raise
        note(f"prefstream: the database is not prepared ({error}); run `prefstream db upgrade`")
        sys.exit(Unavailable.exit_code)


def _lacks_tables(error: Exception) -> bool:
    # Asked of what is loaded already: to import it here would make every command wait for it.
    asyncpg = sys.modules.get("asyncpg")
    return asyncpg is not None and isinstance(error, asyncpg.UndefinedTableError)
