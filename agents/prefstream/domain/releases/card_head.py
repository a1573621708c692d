"""The head of a dataset card: what the Hugging Face hub and `datasets` read, as YAML."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from prefstream.domain.gates.census import Census
from prefstream.domain.releases.formats.card import Files, configs, dataset_infos
from prefstream.schemas.releases import FormatName, ReleasePlan
from prefstream.schemas.values import Provenance

#: Licences that the hub knows by name; any other is `other` with its name beside.
LICENCES: Final = frozenset(
    [
        "apache-2.0",
        "mit",
        "openrail",
        "bigscience-openrail-m",
        "bsd",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc",
        "cc0-1.0",
        "cc-by-2.0",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc-by-nc-2.0",
        "cc-by-nc-3.0",
        "cc-by-nc-4.0",
        "cc-by-nd-4.0",
        "cc-by-nc-nd-4.0",
        "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0",
        "cc-by-nc-sa-4.0",
        "cdla-permissive-2.0",
        "cdla-sharing-1.0",
        "c-uda",
        "gfdl",
        "gpl-3.0",
        "lgpl-3.0",
        "mpl-2.0",
        "odbl",
        "odc-by",
        "pddl",
        "unlicense",
        "unknown",
        "other",
    ]
)
_TAGS: Final[Mapping[FormatName, tuple[str, ...]]] = {
    "preference": ("dpo",),
    "preference_implicit": ("dpo", "reward-model"),
    "preference_conversational": ("dpo",),
    "unpaired": ("kto",),
    "reward": ("reward-model",),
    "ranking": ("ranking",),
    "sft": ("sft",),
    "prompts": ("grpo",),
    "safety": ("safety",),
}
_SIZES: Final = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B")
#: What JSON leaves as it is and YAML does not allow, or reads as the end of a line.
_UNSAID: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def head(
    plan: ReleasePlan,
    census: Census,
    files: Files,
    rows: Mapping[tuple[str, str], int],
    sizes: Mapping[tuple[str, str], int],
) -> str:
    """Return the head, between its two lines of dashes.

    Args:
        plan: The plan.
        census: Counts of the release's pairs.
        files: Paths by format and split.
        rows: Rows by configuration and split.
        sizes: Bytes of files by configuration and split.
    """
    fields: dict[str, Any] = {}
    if plan.languages:
        fields["language"] = list(plan.languages)
    fields |= _licence(plan.licence)
    fields["tags"] = _tags(plan, census)
    fields["annotations_creators"] = _creators(census)
    fields["pretty_name"] = plan.title or plan.name
    fields["size_categories"] = [size_category(sum(rows.values()))]
    fields["source_datasets"] = ["original"]
    fields["task_categories"] = ["text-generation"]
    fields["configs"] = configs(files)
    fields["dataset_info"] = [_counted(one, rows, sizes) for one in dataset_infos(files)]
    return "\n".join(["---", *_lines(fields, ""), "---"])


def size_category(n: int) -> str:
    """Return the hub's category of a size.

    >>> [size_category(n) for n in (0, 999, 1000, 10**6, 10**9)]
    ['n<1K', 'n<1K', '1K<n<10K', '1M<n<10M', '100M<n<1B']
    """
    step = max(0, len(str(n)) - 3)
    return _SIZES[min(step, len(_SIZES) - 1)]


def _licence(licence: str) -> dict[str, str]:
    known = licence.strip().lower()
    return {"license": known} if known in LICENCES else {"license": "other", "license_name": licence}


def _tags(plan: ReleasePlan, census: Census) -> list[str]:
    tags = ["preference", "rlhf", *(tag for name in plan.formats for tag in _TAGS[name]), "prefstream"]
    unreal = {str(Provenance.SIMULATED), str(Provenance.OFFLINE)} & set(census.by("provenance"))
    return list(dict.fromkeys([*tags, *sorted(unreal)]))


def _creators(census: Census) -> list[str]:
    judged = census.over("method", 1).get("judge", 0)
    made = ["machine-generated"] if judged else []
    return made + (["expert-generated"] if judged < census.total("pairs") else []) or ["no-annotation"]


def _counted(
    info: Mapping[str, Any], rows: Mapping[tuple[str, str], int], sizes: Mapping[tuple[str, str], int]
) -> dict[str, Any]:
    # `datasets` passes over splits that do not say all three, and checks the rows of those that do.
    splits = [
        {"name": split, "num_bytes": sizes[config, split], "num_examples": n}
        for (config, split), n in rows.items()
        if config == info["config_name"]
    ]
    return {**info, "splits": splits}


def _lines(value: Mapping[str, Any] | Sequence[Any], indent: str) -> Iterator[str]:
    """Yield a document as YAML in blocks; texts are in quotes, so that none reads as something else."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _entry(f"{indent}{key}:", one, indent + "  ")
    else:
        for one in value:
            if isinstance(one, Mapping | list) and one:
                first, *rest = _lines(one, indent + "  ")
                yield f"{indent}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{indent}- {_scalar(one)}"


def _entry(start: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping | list) and value:
        yield start
        yield from _lines(value, indent)
    else:
        yield f"{start} {_scalar(value)}"


def _scalar(value: Any) -> str:
    said = json.dumps(value, ensure_ascii=False)
    return _UNSAID.sub(lambda found: f"\\u{ord(found[0]):04x}", said)
