"""The command `prefstream`."""

from prefstream.cli.main import main

__all__ = ["main"]
