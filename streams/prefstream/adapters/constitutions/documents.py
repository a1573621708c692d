"""YAML read strictly, with the place of everything in it."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from prefstream.domain.constitution.findings import Path

#: Line and column, both counted from 1.
Place = tuple[int, int]
#: Deeper than this is no constitution; it also keeps the walk within Python's stack.
MAX_DEPTH = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a YAML text says, and where it says it."""

    content: Any
    #: The place of each key and of each item of a list.
    places: Mapping[Path, Place]

    def place(self, path: Path) -> Place:
        """Return the place of a path, or of the nearest thing around it that was written."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))


class NotYaml(Exception):
    """The text is not YAML, or uses what a constitution may not."""

    def __init__(self, problem: str, place: Place | None) -> None:
        super().__init__(problem)
        self.place = place


def read_document(text: str) -> Document:
    """Return the content and the places of a YAML text.

    Raises:
        NotYaml: It cannot be read; the place says where, if that is known.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        places = dict(_places((), node, 0)) if node is not None else {}
        content = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark else None
        raise NotYaml(str(error.problem or error.context), place) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise NotYaml(f"the character U+{_code(error.character):04X} is not allowed", place) from error
    except RecursionError as error:
        raise NotYaml(f"nested more than {MAX_DEPTH} levels deep", None) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise NotYaml(str(error), None) from error
    return Document(content=content, places=places)


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses duplicate keys (it would keep the last) and aliases (they can explode)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed; repeat it", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                problem = f"the key {name!r} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def _places(path: Path, node: yaml.Node, depth: int) -> Iterator[tuple[Path, Place]]:
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            yield inner, _place(key)
            yield from _places(inner, value, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            yield (*path, i), _place(item)
            yield from _places((*path, i), item, depth + 1)


def _place(node: yaml.Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _code(character: Any) -> int:
    return ord(character) if isinstance(character, str) else int(character)
