"""`prefstream schemas`: the contract as JSON Schema and AsyncAPI."""

import typer

app = typer.Typer(help="Export and check the contract of events and topics.", no_args_is_help=True)
