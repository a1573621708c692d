"""The papers of a release: card, plots, gates, census, and what LLaMA-Factory reads."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, cast

from prefstream.domain.gates.overriding import Applied
from prefstream.domain.releases.card import CardFacts, CardFile, card
from prefstream.domain.releases.formats import dataset_info
from prefstream.domain.releases.manifest import FileFacts, document_bytes
from prefstream.domain.releases.plots import plots
from prefstream.schemas.releases import FormatName
from prefstream.streams.release_drafting import CENSUS, Draft

GATES = "gates.json"
CARD = "README.md"


def papers(draft: Draft, files: Mapping[str, FileFacts], code_version: str) -> Iterator[tuple[str, bytes]]:
    """Yield the papers of a release by path.

    Args:
        draft: The release.
        files: Its data files.
        code_version: The version of prefstream that writes it.
    """
    yield GATES, document_bytes(gates_document(draft.gates))
    yield CENSUS, document_bytes(draft.census.document())
    if entries := dataset_info(_by_format(files)):
        yield "dataset_info.json", document_bytes(entries)
    drawn = {path: text.encode() for path, text in sorted(plots(draft.census, draft.gates.results).items())}
    yield from drawn.items()
    facts = CardFacts(
        plan=draft.plan,
        census=draft.census,
        results=draft.gates.results,
        overrides=tuple([override for _, override in draft.gates.overridden]),
        files=tuple(_card_files(files)),
        exclusions=draft.counts.exclusions,
        code_version=code_version,
        plots=tuple(drawn),
        policies=draft.policies,
    )
    yield CARD, card(facts).encode()


def gates_document(gates: Applied) -> dict[str, Any]:
    """Return the results of gates with who answers for those that fail."""
    return {
        "gates": [one.model_dump(mode="json") for one in gates.results],
        "overrides": [
            override.model_dump(mode="json") | {"of_slice": result.slice}
            for result, override in gates.overridden
        ],
    }


def _by_format(files: Mapping[str, FileFacts]) -> dict[tuple[FormatName, str], list[str]]:
    found: dict[tuple[FormatName, str], list[str]] = defaultdict(list)
    for one in _card_files(files):
        found[cast("FormatName", one.config), one.split].append(one.path)
    return found


def _card_files(files: Mapping[str, FileFacts]) -> Iterator[CardFile]:
    for path, facts in sorted(files.items()):
        if path.startswith("data/"):
            _, config, name = path.split("/")
            split = name.partition("-")[0]
            yield CardFile(
                config=config, split=split, path=path, rows=facts.rows or 0, size_bytes=facts.size_bytes
            )
