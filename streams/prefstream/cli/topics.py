"""`prefstream topics`: the topics of the contract in the log."""

from typing import Annotated

import typer

from prefstream.cli.console import note, print_json, say

app = typer.Typer(help="Create the topics in the log, or see how they stand.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]


@app.command()
def create(json: Json = False) -> None:
    """Create the topics that are missing; those that are there are left as they are.

    How many partitions and replicas they get is PREFSTREAM_PARTITIONS and
    PREFSTREAM_KAFKA__REPLICATION. On Kafka no database is needed.

    Example: prefstream topics create
    """
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.streams.topic_counts import create_topics, differing, places_of_topics, topic_counts

    settings = Settings()
    places = places_of_topics(settings)

    async def work() -> tuple[list[str], dict[str, int]]:
        return await create_topics(places, settings), await topic_counts(places)

    created, found = asyncio.run(work())
    otherwise = differing(found, settings.partitions)
    if json:
        print_json({"log": places.log, "created": created, "differing": otherwise})
        return
    say(f"created {len(created)} topics" if created else f"nothing to do: all {len(found)} topics are there")
    for name, what in otherwise.items():
        note(f"{name} is left as it is: {what}; set PREFSTREAM_PARTITIONS to what is there")


@app.command("list")
def list_topics(json: Json = False) -> None:
    """List the topics of the contract with their partitions, their key and how long they are kept.

    Example: prefstream topics list --json
    """
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.schemas.topics import DAY_MS, TOPICS
    from prefstream.streams.topic_counts import places_of_topics, topic_counts

    places = places_of_topics(Settings())
    found = asyncio.run(topic_counts(places))
    rows = [
        {
            "name": spec.name,
            "key": spec.key,
            "partitions": found.get(spec.name, 0),
            "cleanup": spec.cleanup,
            "retention_days": None if spec.retention_ms < 0 else spec.retention_ms // DAY_MS,
            "about": spec.about,
        }
        for spec in TOPICS
    ]
    if json:
        print_json({"log": places.log, "topics": rows})
        return
    say(f"log: {places.log}")
    for row in rows:
        stands = f"{row['partitions']} partitions" if row["partitions"] else "missing"
        kept = f"{row['retention_days']} days" if row["retention_days"] else "for ever"
        say(f"  {row['name']:<26} {stands:>13}  key {row['key']:<10} kept {kept:<9} {row['about']}")
