"""Duplicates, as the stage meets them: which states they need, and what they make of them.

All keys are shared by the pairs that must find each other, whatever partition they are of: `group:` by
those of the same content, `prompt:` by those of the same first turn, `near:` by those whose sketches share
a band. A pair's text stands under `text:` and its id and nowhere else, so that it can be erased.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from prefstream.agents.validation_state import GroupState, packed_group, unpacked_group
from prefstream.domain.checks.duplicates_buckets import (
    Entry,
    Use,
    is_repeat,
    packed_bucket,
    packed_uses,
    unpacked_bucket,
    unpacked_uses,
    with_entry,
    with_use,
)
from prefstream.domain.checks.duplicates_sketches import evened, may_be_similar, similarity, sketch_of
from prefstream.domain.checks.policies import severity
from prefstream.domain.curation.normalisation import normalised
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.envelope import Instant
from prefstream.schemas.pairs import PairProposed

EXACT: Final = "exact_duplicate"
NEAR: Final = "near_duplicate"
PROMPT: Final = "duplicate_prompt"
#: Another way to make sketches is another index: the two never meet.
_INDEX: Final = "1"
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND: Final = timedelta(microseconds=1)
States = Mapping[str, bytes | None]


@dataclass(slots=True, kw_only=True)
class Found:
    """What a pair's arrival shows."""

    #: Checks that the pair itself fails.
    marks: set[str] = field(default_factory=set)
    #: By later pair that came before it, the checks that that one fails now.
    later: dict[str, set[str]] = field(default_factory=dict)
    #: The earliest pair that it nearly repeats.
    like: str | None = None

    def repeated(self, pair_id: str, check_id: str) -> None:
        """Note that a later pair repeats this one."""
        self.later.setdefault(pair_id, set()).add(check_id)


class _Near(NamedTuple):
    """What is compared of a pair, and how it is looked up."""

    text: str
    bits: int
    keys: tuple[str, ...]


class _Content:
    """A pair, known by what it says alone: what is worked out of its texts is worked out once."""

    __slots__ = ("pair",)

    def __init__(self, pair: PairProposed) -> None:
        self.pair = pair

    def __hash__(self) -> int:
        return hash(self.pair.fingerprint)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and self.pair.fingerprint == other.pair.fingerprint


def text_key(pair_id: str) -> str:
    """Return the key of a pair's text."""
    return f"text:{pair_id}"


def first_keys(event: PairProposed, policy: CheckPolicy) -> list[str]:
    """Return the keys by which a pair finds its duplicates; none for a check that is off."""
    keys: list[str] = []
    if _on(EXACT, policy):
        keys.append(_group_key(event))
    if _on(PROMPT, policy) and (key := _prompt_key(_Content(event))):
        keys.append(key)
    if _on(NEAR, policy):
        keys += _near(_Content(event)).keys
        keys.append(text_key(event.pair_id))
    return keys


def text_keys(event: PairProposed, policy: CheckPolicy, states: States) -> list[str]:
    """Return the keys of the texts that the pair is to be compared with."""
    return [text_key(one.pair_id) for one in _candidates(event, policy, states)]


def found(event: PairProposed, policy: CheckPolicy, states: States) -> Found:
    """Return what the pair's arrival shows.

    Of later pairs whose texts are not among the states, all are named that may repeat this one.
    """
    result = Found()
    if _on(EXACT, policy) and (first := _first(event, states)) is not None:
        if (event.occurred_at, event.pair_id) >= (first.occurred_at, first.pair_id):
            result.marks.add(EXACT)
        else:
            result.repeated(first.pair_id, EXACT)
    if _on(PROMPT, policy) and (key := _prompt_key(_Content(event))):
        uses, use = unpacked_uses(states.get(key)), _use(event)
        if is_repeat(uses, use):
            result.marks.add(PROMPT)
        for pair_id in with_use(uses, use)[1]:
            result.repeated(pair_id, PROMPT)
    if _on(NEAR, policy):
        _find_near(event, policy, states, result)
    return result


def remembered(event: PairProposed, policy: CheckPolicy, states: States) -> dict[str, bytes]:
    """Return the states by which later pairs will find this one."""
    said: dict[str, bytes] = {}
    if _on(EXACT, policy):
        first = _first(event, states)
        if first is None or (event.occurred_at, event.pair_id) < (first.occurred_at, first.pair_id):
            said[_group_key(event)] = packed_group(GroupState(event.pair_id, event.occurred_at))
    if _on(PROMPT, policy) and (key := _prompt_key(_Content(event))):
        uses = with_use(unpacked_uses(states.get(key)), _use(event))[0]
        if uses is not None:
            said[key] = packed_uses(uses)
    if _on(NEAR, policy):
        said |= _near_remembered(event, policy, states)
    return said


def _near_remembered(event: PairProposed, policy: CheckPolicy, states: States) -> dict[str, bytes]:
    own, near = _entry(event), _near(_Content(event))
    said = {text_key(event.pair_id): near.text.encode(errors="surrogatepass")}
    # A copy is told to be one, and nothing more: that it also nearly repeats others says nothing new.
    copies = not _on(EXACT, policy)
    alone = packed_bucket([own])
    for key in near.keys:
        stored = states.get(key)
        after = with_entry(unpacked_bucket(stored), own, copies=copies) if stored else None
        if after is not None:
            said[key] = packed_bucket(after)
        elif not stored:
            said[key] = alone
    return said


def _find_near(event: PairProposed, policy: CheckPolicy, states: States, result: Found) -> None:
    candidates = _candidates(event, policy, states)
    if not candidates:
        return
    own, text = _entry(event), _near(_Content(event)).text
    for other in candidates:
        key = text_key(other.pair_id)
        said = (states.get(key) or b"").decode(errors="surrogatepass")
        if key in states and similarity(text, said) < policy.near_duplicate:
            continue
        if other > own:
            result.repeated(other.pair_id, NEAR)
        elif key in states:
            result.marks.add(NEAR)
            result.like = result.like or other.pair_id


def _first(event: PairProposed, states: States) -> GroupState | None:
    stored = states.get(_group_key(event))
    return unpacked_group(stored) if stored else None


def _use(event: PairProposed) -> Use:
    return Use(_microseconds(event.occurred_at), event.pair_id, event.prompt_id)


def _candidates(event: PairProposed, policy: CheckPolicy, states: States) -> Sequence[Entry]:
    """Return the pairs that a comparison of texts may show to be near-duplicates, in their order."""
    if not _on(NEAR, policy):
        return ()
    stored = [bucket for key in _near(_Content(event)).keys if (bucket := states.get(key))]
    if not stored:
        return ()
    own = _entry(event)
    every = {entry for bucket in stored for entry in unpacked_bucket(bucket)}
    least = policy.near_duplicate
    return sorted(
        [one for one in every if own.may_duplicate(one) and may_be_similar(own.bits, one.bits, least=least)]
    )


def _on(check_id: str, policy: CheckPolicy) -> bool:
    return severity(check_id, policy) != "off"


def _entry(event: PairProposed) -> Entry:
    return Entry(
        _microseconds(event.occurred_at),
        event.pair_id,
        int(event.fingerprint[:16], 16),
        _number(event.prompt_id),
        _number(event.group_id),
        _near(_Content(event)).bits,
    )


def _microseconds(moment: Instant) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _group_key(event: PairProposed) -> str:
    return f"group:{event.fingerprint}"


@lru_cache(maxsize=2048)
def _prompt_key(content: _Content) -> str:
    """Return the key of a pair's first turn; empty where nobody asks anything."""
    said = next((one.content for one in content.pair.messages if one.role == "user"), "")
    even = normalised(said)
    digest = blake2b(even.encode(errors="surrogatepass"), digest_size=16)
    return f"prompt:{digest.hexdigest()}" if even else ""


@lru_cache(maxsize=2048)
def _near(content: _Content) -> _Near:
    pair = content.pair
    said = [message.content for message in pair.messages]
    text = evened("\n".join([*said, *sorted((pair.response_a.text, pair.response_b.text))]))
    sketch = sketch_of(text)
    keys = [f"near:{_INDEX}:{band}:{shared:016x}" for band, shared in enumerate(sketch.bands)]
    return _Near(text, sketch.bits, tuple(keys))


@lru_cache(maxsize=4096)
def _number(name: str) -> int:
    digest = blake2b(name.encode(errors="surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big")
