"""The constitutions that come with the package: one in force until another is published, and examples."""

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from prefstream.adapters.constitutions.reading import parse_constitution
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.errors import BadInput

#: Files of the examples by the name they are asked for.
EXAMPLES: Mapping[str, str] = {
    "starter": "constitution_starter.yaml",
    "general": "constitution.yaml",
    "medical": "constitution_medical.yaml",
}


@lru_cache(maxsize=1)
def shipped_constitution() -> Constitution:
    """Return the general constitution, in force until another one is published."""
    return parse_constitution(example_text("general"), where=EXAMPLES["general"])


def example_text(name: str) -> str:
    """Return the YAML of an example.

    Raises:
        BadInput: There is none of that name.
    """
    if name not in EXAMPLES:
        raise BadInput(f"there is no example {name!r}; there are {', '.join(EXAMPLES)}")
    return resources.files("prefstream.adapters.samples").joinpath(EXAMPLES[name]).read_text(encoding="utf-8")
