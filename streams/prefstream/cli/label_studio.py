"""`prefstream label-studio`: people label in a Label Studio."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say

if TYPE_CHECKING:
    from prefstream.console.parts import Parts

app = typer.Typer(
    help="Let people label in a Label Studio; the console does it by itself.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]


@app.command()
def sync(json: Json = False) -> None:
    """Push open tasks and pull annotations once, where no console runs that does it.

    Example: prefstream label-studio sync
    """
    from dataclasses import asdict

    from prefstream.adapters.label_studio import LabelStudio
    from prefstream.console.label_studio_exchange import Tally, exchange_of

    async def work(parts: "Parts") -> Tally:
        settings = parts.settings.label_studio
        note(f"exchanging with {settings.address}")
        async with LabelStudio(settings.address, settings.token.get_secret_value()) as there:
            return await exchange_of(parts, there).exchange()

    done = _run(work)
    if json:
        print_json(asdict(done))
    else:
        say(
            f"pushed {done.pushed}, taken back {done.taken_back}; labels {done.labels},"
            f" withdrawn {done.withdrawn}, unusable {done.unusable}"
        )


@app.command()
def status(json: Json = False) -> None:
    """Show which projects there are, how many tasks wait there, and which annotations gave no label.

    Example: prefstream label-studio status
    """
    from prefstream.adapters.label_studio import LabelStudio
    from prefstream.adapters.postgres.console import label_studio as sendings
    from prefstream.adapters.postgres.console import label_studio_readings as readings

    async def work(parts: "Parts") -> dict[str, Any]:
        settings = parts.settings.label_studio
        async with LabelStudio(settings.address, settings.token.get_secret_value()) as there:
            version = await there.version()
        projects = await sendings.projects(parts.pool, settings.address)
        return {
            "address": settings.address,
            "version": version,
            "projects": [{"project_id": one, "read_until": until} for one, until in projects.items()],
            "open_tasks": await sendings.open_count(parts.pool, settings.address),
            "unusable": list(await readings.findings(parts.pool, settings.address)),
        }

    found = _run(work)
    if json:
        print_json(found)
        return
    say(f"Label Studio {found['version']} at {found['address']}: {found['open_tasks']} open tasks there")
    for project in found["projects"]:
        say(f"project {project['project_id']}, read until {project['read_until'] or 'nothing yet'}")
    for one in found["unusable"]:
        say(f"annotation {one['annotation_id']} of {one['pair_id']} gave no label: {one['findings']}")


@app.command()
def config(json: Json = False) -> None:
    """Print the labelling configuration that projects get from the constitution in force.

    Example: prefstream label-studio config
    """
    from prefstream.console.constitution_versions import in_force
    from prefstream.domain.constitution.annotators import rubric_of
    from prefstream.domain.exchange.label_studio_config import labelling_config

    async def work(parts: "Parts") -> dict[str, Any]:
        constitution = (await in_force(parts)).constitution
        return {"constitution_id": constitution.id, "config": labelling_config(rubric_of(constitution))}

    found = _run(work, needs_address=False)
    if json:
        print_json(found)
    else:
        say(found["config"])


def _run(work: Any, *, needs_address: bool = True) -> Any:
    import asyncio
    import secrets
    from datetime import UTC, datetime

    from prefstream.adapters.postgres.connection import pool_of
    from prefstream.adapters.settings import Settings
    from prefstream.console.parts import Parts
    from prefstream.schemas.errors import BadInput
    from prefstream.streams.places import find_places, open_log

    settings = Settings()
    if needs_address and not settings.label_studio.address:
        raise BadInput(
            "no Label Studio is set; set PREFSTREAM_LABEL_STUDIO__ADDRESS and PREFSTREAM_LABEL_STUDIO__TOKEN"
        )

    async def main() -> Any:
        places = find_places(settings)
        async with (
            pool_of(places.dsn.get_secret_value(), size=4) as pool,
            open_log(places, partitions=settings.partitions) as log,
        ):
            writer = await log.writer()
            try:
                return await work(
                    Parts(
                        pool=pool,
                        writer=writer,
                        settings=settings,
                        now=lambda: datetime.now(UTC),
                        secret=lambda: secrets.token_urlsafe(32),
                    )
                )
            finally:
                await writer.close()

    return asyncio.run(main())
