"""What a dataset card says of formats: configurations, features, and the columns in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from prefstream.domain.releases.formats.registry import FORMATS, Format
from prefstream.domain.releases.tables import features
from prefstream.schemas.releases import FormatName

Files = Mapping[tuple[FormatName, str], Sequence[str]]


def configs(files: Files) -> list[dict[str, Any]]:
    """Return `configs` of a Hugging Face card: which files are which split of which configuration.

    Args:
        files: Paths inside the release, by format and split; the formats come in the order of `FORMATS`,
            the first one is loaded where none is named.
    """
    found: list[dict[str, Any]] = []
    for form in _of(files):
        data = [
            {"split": split, "path": list(paths)}
            for (name, split), paths in files.items()
            if name == form.name and paths
        ]
        found.append({"config_name": form.config_name, "data_files": data})
    if found:
        found[0]["default"] = True
    return found


def dataset_infos(files: Files) -> list[dict[str, Any]]:
    """Return `dataset_info` of a Hugging Face card: the type of every column, by configuration."""
    return [{"config_name": form.config_name, "features": features(form.columns)} for form in _of(files)]


def columns_table(form: Format) -> str:
    """Return the columns of a format as a table in Markdown."""
    lines = [f"| `{column.name}` | {column.about} |" for column in form.columns]
    return "\n".join(["| column | meaning |", "|---|---|", *lines])


def _of(files: Files) -> list[Format]:
    held = {name for (name, _), paths in files.items() if paths}
    return [form for name, form in FORMATS.items() if name in held]
