"""The JSON Schema by which editors complete and check a constitution while it is written."""

from importlib import resources
from typing import Any

from prefstream.adapters.constitutions.reading import DRAFT
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.contract import text_of, value_schema

#: Name of the schema's file, in the package and beside a constitution begun with `new`.
SCHEMA_FILE = "constitution.schema.json"


def editor_schema() -> dict[str, Any]:
    """Return the schema: as strict as lint about names, so that a typo shows while it is typed."""
    schema: dict[str, Any] = _closed(value_schema(Constitution))
    draft = {"type": "boolean", "default": False, "description": "Nobody has worked it over; not published."}
    schema["properties"][DRAFT] = draft
    named = {"$id": "urn:prefstream:constitution", "title": "Constitution for prefstream"}
    return schema | named


def schema_text() -> str:
    """Return the schema as it stands in its file."""
    return text_of(editor_schema())


def shipped_schema() -> str:
    """Return the file that comes with the package."""
    file = resources.files("prefstream.adapters.constitutions").joinpath(SCHEMA_FILE)
    return file.read_text(encoding="utf-8")


def with_modeline(text: str, schema: str) -> str:
    """Return YAML that tells an editor where its schema is."""
    return f"# yaml-language-server: $schema={schema}\n{text}"


def _closed(schema: Any) -> Any:
    """Return the schema without room for fields that it does not name."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    return {"additionalProperties": False} | closed if isinstance(schema.get("properties"), dict) else closed
