"""LLaMA-Factory's `dataset_info.json`: where its files are and which column is what."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from prefstream.schemas.releases import FormatName

_TAGS: Final = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
    "observation_tag": "tool",
}
_SHAPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "preference": {
        "formatting": "alpaca",
        "ranking": True,
        "columns": {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    },
    "preference_conversational": {
        "formatting": "sharegpt",
        "ranking": True,
        "columns": {"messages": "prompt", "chosen": "chosen_message", "rejected": "rejected_message"},
        "tags": _TAGS,
    },
    "unpaired": {
        "formatting": "alpaca",
        "columns": {"prompt": "prompt", "response": "completion", "kto_tag": "label"},
    },
    "sft": {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": _TAGS},
}


def dataset_info(files: Mapping[tuple[FormatName, str], Sequence[str]]) -> dict[str, Any]:
    """Return the entries of a release for the formats that LLaMA-Factory reads.

    An entry names one file, so that a split of several files has an entry for each, numbered.

    Args:
        files: Paths inside the release, by format and split, in order.

    >>> sorted(dataset_info({("sft", "train"): ["a.parquet"], ("ranking", "train"): ["b.parquet"]}))
    ['sft_train']
    >>> sorted(dataset_info({("sft", "train"): ["a.parquet", "b.parquet"]}))
    ['sft_train_00000', 'sft_train_00001']
    """
    entries: dict[str, Any] = {}
    for (name, split), paths in sorted(files.items()):
        if name not in _SHAPES:
            continue
        for number, path in enumerate(paths):
            entry = f"{name}_{split}" if len(paths) == 1 else f"{name}_{split}_{number:05}"
            entries[entry] = {"file_name": path} | dict(_SHAPES[name])
    return entries
