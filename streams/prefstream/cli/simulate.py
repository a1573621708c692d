"""`prefstream simulate`: people who are none, at work in the console."""

from pathlib import Path
from typing import Annotated, Any

import typer

from prefstream.cli.console import print_json, say
from prefstream.schemas.errors import BadInput, Unavailable

app = typer.Typer(
    help="Simulated people at work in the console; all they do is marked so.", no_args_is_help=True
)


@app.callback()
def simulate() -> None:
    """Keep the group a group while it has one command."""


Truth = Annotated[
    str, typer.Option(metavar="FILE", help="CSV or JSONL with task (a pair) and label (A>, =, ...).")
]
Demo = Annotated[bool, typer.Option("--demo", help="The truth of the shipped sample.")]
People = Annotated[
    Path | None, typer.Option(metavar="FILE", help="YAML with `people`, instead of the options below.")
]
Annotators = Annotated[int, typer.Option(min=1, max=1000, help="Annotators.")]
Reviewers = Annotated[int, typer.Option(min=0, max=100, help="Reviewers.")]
Leads = Annotated[int, typer.Option(min=0, max=100, help="QA leads, who adjudicate.")]
Bad = Annotated[int, typer.Option(min=0, help="Annotators who answer at random and at once.")]
Skill = Annotated[float, typer.Option(min=0, max=1, help="Share of pairs that they see rightly.")]
Pace = Annotated[float, typer.Option(min=0.01, help="Time taken, against a careful reader.")]
LeftBias = Annotated[
    float, typer.Option(min=-1, max=1, help="Share of pairs answered left (above 0) or right unseen.")
]
Fatigue = Annotated[float, typer.Option(min=0, help="Skill lost in an hour of work.")]
Careless = Annotated[float, typer.Option(min=0, max=1, help="Share answered without reading.")]
Streaks = Annotated[float, typer.Option(min=0, max=1, help="Share answered as the one before.")]
Follows = Annotated[float, typer.Option(min=0, max=1, help="Share that repeats a shown verdict.")]
Undo = Annotated[float, typer.Option(min=0, max=1, help="Share of labels taken back and given again.")]
Release = Annotated[float, typer.Option(min=0, max=1, help="Share of tasks given back.")]
Speed = Annotated[float, typer.Option(min=0, help="Times faster than people; 0: without waiting.")]
Minutes = Annotated[float | None, typer.Option(min=0.01, help="Stop after so many minutes.")]
Labels = Annotated[int | None, typer.Option(min=1, help="Stop after so many labels.")]
Seed = Annotated[str, typer.Option(help="What they say comes from it.")]
BaseUrl = Annotated[str, typer.Option(help="The console; empty: the one that runs here.")]
Token = Annotated[
    str, typer.Option(envvar="PREFSTREAM_TOKEN", help="An administrator's; empty: of the one here.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]


@app.command()
def annotators(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    truth: Truth = "",
    demo_truth: Demo = False,
    file: People = None,
    people: Annotators = 10,
    reviewers: Reviewers = 1,
    leads: Leads = 1,
    bad: Bad = 0,
    skill: Skill = 0.85,
    pace: Pace = 1.0,
    left_bias: LeftBias = 0.0,
    fatigue: Fatigue = 0.0,
    careless: Careless = 0.0,
    streaks: Streaks = 0.0,
    follows: Follows = 0.0,
    undo: Undo = 0.0,
    release: Release = 0.0,
    speed: Speed = 0.0,
    minutes: Minutes = None,
    labels: Labels = None,
    seed: Seed = "1",
    base_url: BaseUrl = "",
    token: Token = "",
    json: Json = False,
) -> None:
    """Let simulated people label over HTTP, with the skill and the faults that they are given.

    For demonstrations, load tests, and to see what quality control finds. Ctrl-C stops them. What they
    say carries the provenance `simulated` and enters no release.

    Example: prefstream simulate annotators --demo --people 8 --bad 1 --labels 200
    """
    from prefstream.domain.offline.people import SimulatedPerson, crowd

    truths = _truths(truth, demo=demo_truth)
    like = SimulatedPerson(
        id="", skill=skill, pace=pace, left_bias=left_bias, fatigue_per_h=fatigue, careless=careless,
        streaks=streaks, follows=follows, seed=seed,
    )  # fmt: skip
    everybody = _read(file, seed) or crowd(
        people, like=like, bad=bad, reviewers=reviewers, adjudicators=leads
    )
    work = {
        "speed": speed,
        "released": release,
        "undone": undo,
        "at_most_s": None if minutes is None else minutes * 60,
        "most_labels": labels,
    }
    summary = _simulated(everybody, base_url=base_url, token=token, truths=truths, **work)
    if json:
        print_json(summary)
    else:
        _say(summary)


def _read(file: Path | None, seed: str) -> Any:
    if file is None:
        return None
    from prefstream.streams.simulated_crowd import read_crowd

    return read_crowd(file, seed=seed)


def _truths(path: str, *, demo: bool) -> dict[str, Any]:
    if bool(path) == demo:
        raise BadInput("say what is right with --truth FILE, or --demo for the shipped sample")
    if demo:
        from prefstream.adapters.samples import demo_truths

        return {pair: one.preference for pair, one in demo_truths().items()}
    from prefstream.streams.simulated_crowd import read_truths

    return dict(read_truths(path))


def _say(summary: dict[str, Any]) -> None:
    say(f"{summary['labels']} labels by simulated people")
    say(f"{'person':<24}{'role':<12}{'labels':>8}{'right':>8}  faults")
    for name, one in summary["people"].items():
        right = one["agreement_with_truth"]
        shown = "-" if right is None else f"{right:.0%}"
        faults = ", ".join(f"{fault} {value}" for fault, value in one["faults"].items())
        say(f"{name:<24}{one['role']:<12}{one['labels']:>8}{shown:>8}  {faults}")
        if one["stopped"]:
            say(f"{'':<24}{one['stopped']}")


def _simulated(everybody: Any, *, base_url: str, token: str, **asked: Any) -> dict[str, Any]:
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.adapters.signals import stop_on_signals
    from prefstream.cli.local_people import local_admin
    from prefstream.cli.progress import ProgressLine
    from prefstream.streams.places import find_places
    from prefstream.streams.simulated_crowd import Work, simulate

    if base_url and not token:
        raise BadInput("a console elsewhere asks for a token of an administrator: set PREFSTREAM_TOKEN")
    settings = Settings()
    base_url = base_url or find_places(settings).console
    if not base_url:
        raise Unavailable("no console runs here; start `prefstream up`, or name one with --base-url")
    token = token or local_admin(settings, "simulation").token

    async def run(line: ProgressLine) -> dict[str, Any]:
        work = Work(base_url=base_url, admin_token=token, stop=stop_on_signals(), **asked)
        return await simulate(
            everybody, work, told=lambda labels: line.show(rows=labels, refused=0, share=None)
        )

    with ProgressLine("simulated labels") as line:
        return asyncio.run(run(line))
