"""Values that people write by hand, from JSON or YAML, with errors that name the field."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from prefstream.schemas.envelope import Value
from prefstream.schemas.errors import BadInput

V = TypeVar("V", bound=Value)


def read_value(path: Path, model: type[V], *, kind: str) -> tuple[V, Mapping[str, Any]]:
    """Return the value that a file states, and the document as it was written.

    Args:
        path: JSON or YAML.
        model: What it must be.
        kind: What to call that in messages, e.g. "policy".

    Raises:
        BadInput: The file cannot be read, or states no such value.
    """
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
        value = model.model_validate(document, strict=False)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is neither JSON nor YAML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BadInput(f"{path} is no {kind}: {where}: {first['msg']}") from error
    return value, document
