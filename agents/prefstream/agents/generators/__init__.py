"""Generators: sources of candidate responses."""
