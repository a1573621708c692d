"""`prefstream route queue|learn|choose`: what people see first, and what is worth generating for."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say

Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
#: Seconds after which a command that is still busy says so.
_PATIENCE_S = 2.0


def queue(
    minutes: Annotated[
        int | None, typer.Option(min=0, help="Minutes that people have; says which tasks they reach.")
    ] = None,
    seconds_per_label: Annotated[int, typer.Option(min=1, help="What a label takes.")] = 60,
    slice_name: Annotated[str | None, typer.Option("--slice", help="Only this slice.")] = None,
    most: Annotated[int, typer.Option(min=1, help="Tasks that are listed.")] = 20,
    json: Json = False,
) -> None:
    """Show the pairs that wait for people, those that go first at the top.

    Example: prefstream route queue --minutes 120 --slice code
    """
    from prefstream.streams.selection import queue_now

    work = queue_now(minutes=minutes, seconds_per_label=seconds_per_label, slice_name=slice_name, most=most)
    found = _patiently(work, "reading the queue ...")
    if json:
        print_json(found)
        return
    if not found["tasks"]:
        say("nobody waits for a label")
        return
    say(f"{'priority':>10}  {'labels':>6}  {'round':<10}  {'slice':<20}  pair")
    for task in found["queue"]:
        mark = "" if task["served"] or minutes is None else "  waits"
        say(
            f"{task['priority']:>10,}  {task['labels']:>6}  {task['round']:<10}  {task['slice']:<20}  "
            f"{task['pair_id']}{mark}"
        )
    if minutes is not None:
        say(f"{minutes} minutes reach {found['served']} of {found['tasks']} tasks; the rest waits")


def learn(
    min_labels: Annotated[int, typer.Option(min=1, help="With fewer decided pairs nothing is learned.")] = 50,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what was learned, publish nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Learn from the pairs that people decided, and let that order the queue from now on.

    It changes which pair people see first and nothing else: no route, no certificate.

    Example: prefstream route learn --dry-run
    """
    from prefstream.streams.selection import learn_now

    found = _patiently(
        learn_now(min_labels=min_labels, publish=not dry_run), "reading what people decided ..."
    )
    if json:
        print_json(found)
        return
    state = "published" if found["published"] else "not published" if dry_run else "in force already"
    say(f"{found['selection_id']}, learned from {found['labels']:,} pairs: {state}")
    for name, weight in found["weights"].items():
        say(f"  {name:<10} {weight:+.3f}")
    for name, share in found["mistaken"].items():
        say(f"  slice {name}: the judge was mistaken on {share:.1%} of the pairs that people decided")


def choose(
    file: Annotated[str, typer.Argument(help="Prompts: JSONL, JSON, CSV, Parquet, or text by lines.")],
    most: Annotated[int, typer.Option(min=1, help="How many to choose.")],
    out: Annotated[Path | None, typer.Option(help="Write the chosen prompts here, as JSONL.")] = None,
    constitution: Annotated[Path | None, typer.Option(help="Whose rules give slice and stakes.")] = None,
    json: Json = False,
) -> None:
    """Choose the prompts of a file that are worth generating for: where judges err, and little was seen.

    Example: prefstream route choose prompts.jsonl --most 500 --out chosen.jsonl
    """
    from prefstream.streams.selection import choose_now

    work = choose_now(file, most=most, out=out, constitution=constitution)
    found = _patiently(work, f"reading {file} ...")
    if json:
        print_json(found)
        return
    learned = found["selection_id"] or "no selection is published, so all slices count the same"
    say(f"{len(found['chosen'])} of {found['prompts']} prompts ({learned})")
    for one in found["chosen"][:20]:
        parts = f"{one['uncertainty']} x {one['diversity']} x {one['stakes']}"
        say(f"{one['value']:>10,} = {parts:<18} {one['prompt_id']}")
    if out is not None:
        say(f"written to {out}; bring them in: prefstream ingest prompts {out}")


def _patiently(work: Coroutine[Any, Any, dict[str, Any]], said: str) -> dict[str, Any]:
    """Run something, and say that it takes a while where it does."""
    import asyncio

    async def run() -> dict[str, Any]:
        task = asyncio.ensure_future(work)
        await asyncio.wait([task], timeout=_PATIENCE_S)
        if not task.done():
            note(said)
        return await task

    return asyncio.run(run())
