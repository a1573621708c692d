"""Gives every test the real servers of `tests.running_parts`."""

pytest_plugins = ["tests.running_parts"]
