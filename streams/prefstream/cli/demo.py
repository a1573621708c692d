"""`prefstream demo`: the shipped sample through the whole chain, on real parts."""

from typing import Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say


def demo(
    log: Annotated[str, typer.Option(help="kafka or postgres; empty takes the best there is.")] = "",
    leave: Annotated[bool, typer.Option("--exit", help="End when every label is out.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document for machines.")] = False,
    rate: Annotated[float, typer.Option(help="Pairs and prompts a second.", min=1, max=10_000)] = 40.0,
) -> None:
    """Stream a sample of a few hundred pairs through everything and show the labels.

    The judge is the offline one and the annotators are simulated, at work in the console; both say so
    wherever they show.
    Everything runs in a folder of its own that is gone afterwards.

    Example: prefstream demo --exit --json
    """
    import asyncio
    import tempfile
    from pathlib import Path

    from prefstream.cli.console_command import need_server
    from prefstream.cli.deployment import deployment, settings_with
    from prefstream.cli.local_people import local_admin
    from prefstream.streams.demonstration import ENVIRONMENT, POLICY, Demonstration, refuse_other_pairs

    need_server()
    with tempfile.TemporaryDirectory(prefix="prefstream-demo-") as folder:
        settings = settings_with(log=log, folder=Path(folder))
        refuse_other_pairs(settings)
        with deployment(settings, plain=True, policy=POLICY, environment=ENVIRONMENT) as running:
            admin = local_admin(settings, "demo")
            note("offline judge and simulated annotators: a demonstration, not data")
            tell = note if json else say
            demonstration = Demonstration(
                settings=settings,
                tell=tell,
                rate=rate,
                base_url=running.places.console,
                admin_token=admin.token,
            )
            summary = asyncio.run(demonstration.run())
            if json:
                print_json(summary)
            else:
                _say_summary(summary)
            if not leave:
                say(f"look around at {running.places.console}: log in as demo with {admin.password}")
                say("all labels are out; still running, Ctrl-C ends")
                running.watch()


def _say_summary(summary: dict[str, Any]) -> None:
    say(f"\n{summary['pairs']} pairs in {summary['seconds']} s on the {summary['log']} log")
    say(f"{'slice':<14}{'pairs':>7}{'accepted':>10}{'escalated':>11}{'validated':>11}{'rejected':>10}")
    for name, one in summary["slices"].items():
        cells = [one["pairs"], one["accepted"], one["escalated"], one["validated"], one["rejected"]]
        say(f"{name:<14}{cells[0]:>7}{cells[1]:>10}{cells[2]:>11}{cells[3]:>11}{cells[4]:>10}")
    say(
        f"{summary['accepted']} accepted from the offline judge, {summary['human_labels']} labels by "
        f"simulated annotators, {summary['dead_letters']} dead letters"
    )
