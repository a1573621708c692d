"""Constitutions as files: YAML in, a checked value out, findings that name line and field."""

from prefstream.adapters.constitutions.reading import (
    MAX_BYTES,
    Located,
    Reading,
    load_constitution,
    parse_constitution,
    read_file,
    read_text,
    sound,
)
from prefstream.adapters.constitutions.shipped import EXAMPLES, example_text, shipped_constitution
from prefstream.adapters.constitutions.writing import yaml_of

__all__ = [
    "EXAMPLES",
    "MAX_BYTES",
    "Located",
    "Reading",
    "example_text",
    "load_constitution",
    "parse_constitution",
    "read_file",
    "read_text",
    "shipped_constitution",
    "sound",
    "yaml_of",
]
