"""Checks on a pair, each small, pure and with an id of its own."""
