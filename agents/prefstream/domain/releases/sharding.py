"""Sharding: which file a row goes to, and what files are called."""


def shard_path(config: str, split: str, number: int, *, of: int, files: str) -> str:
    """Return where a shard lies in the folder of a release.

    >>> shard_path("preference", "train", 0, of=2, files="jsonl")
    'data/preference/train-00000-of-00002.jsonl'
    """
    return f"data/{config}/{split}-{number:05}-of-{of:05}.{files}"


def unfinished_path(config: str, split: str, number: int) -> str:
    """Return where a shard lies until it is known how many there are.

    >>> unfinished_path("preference", "train", 0)
    'data/preference/train-00000.part'
    """
    return f"data/{config}/{split}-{number:05}.part"
