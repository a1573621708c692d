"""A constitution as YAML for people to read and edit."""

from collections.abc import Mapping
from typing import Any

import yaml

from prefstream.schemas.constitutions import Constitution

_WIDTH = 100


def yaml_of(constitution: Constitution, *, draft: bool = False) -> str:
    """Return a constitution as YAML that reads back as the same value.

    Args:
        constitution: What to write; fields that say nothing are left out.
        draft: Whether the file says that it is a draft.
    """
    said = constitution.model_dump(mode="json", exclude_defaults=True)
    document = ({"draft": True} if draft else {}) | said
    return yaml_text(document)


def yaml_text(document: Mapping[str, Any]) -> str:
    """Return a document, or a part of one, as YAML in the way constitutions are written."""
    return yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


class _Dumper(yaml.SafeDumper):
    """SafeDumper without anchors, which our reader refuses, and with long texts as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    """Return how to write a text so that it reads back character by character; `None` leaves it open."""
    lines = text.split("\n")
    if not all(line.isprintable() for line in lines):
        return '"'
    # A block keeps neither blanks at the ends of its lines nor blank lines around it.
    return (
        "|"
        if len(lines) > 1 and text == text.strip() and all(line == line.rstrip() for line in lines)
        else None
    )


_Dumper.add_representer(str, _text)
