"""Lets `python -m prefstream.cli` be the command."""

from prefstream.cli.main import main

main()
