"""How a stand-in behaves: how slow, how often it fails and in which way."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, get_args

from prefstream.schemas.errors import BadInput

Fault = Literal["server_error", "rate_limited", "slow", "cut_off", "nonsense", "malformed"]
#: Every fault that `error_rate` deals out, in equal shares.
FAULTS: tuple[Fault, ...] = get_args(Fault)
#: Every model it is asked for answers under a name that begins so.
MODEL_PREFIX = "stand-in:"
#: Slow answers take this many times the latency, and at least this many seconds.
SLOWER, SLOW_S = 10.0, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What can be set; the same seed and the same requests give the same answers and faults."""

    seed: int = 7
    #: Seconds between a request and its answer.
    latency_s: float = 0.0
    #: Share of the requests that meet one of `faults`.
    error_rate: float = 0.0
    #: Share of the requests that are answered 529.
    overload_rate: float = 0.0
    faults: Sequence[Fault] = FAULTS
    #: Requests a minute beyond which it answers 429; 0: no limit.
    requests_per_minute: int = 0
    #: The only key it takes; empty: any.
    key: str = ""
    #: Requests after which the key counts as revoked; 0: never.
    revoke_after: int = 0
    #: Seconds a batch of messages takes.
    batch_s: float = 2.0
    #: Share of a batch's requests that end as errored, and share that end as expired.
    batch_error_rate: float = 0.0
    batch_expiry_rate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("error_rate", "overload_rate", "batch_error_rate", "batch_expiry_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadInput(f"{name} is {getattr(self, name)}; it is a share, from 0 to 1")
        for name in ("latency_s", "batch_s", "requests_per_minute", "revoke_after"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise BadInput(f"{name} is {getattr(self, name)}; it cannot be negative or endless")
        if unknown := [fault for fault in self.faults if fault not in FAULTS]:
            raise BadInput(f"there is no fault {unknown[0]!r}; there are {', '.join(FAULTS)}")
        if not self.faults:
            raise BadInput(f"no fault is named; name some of {', '.join(FAULTS)}")


def share_of(seed: int, *parts: bytes) -> float:
    """Return a number from 0 to 1 that depends on these parts alone.

    >>> share_of(7, b"one") == share_of(7, b"one") != share_of(8, b"one")
    True
    """
    digest = blake2b(b"\0".join((str(seed).encode(), *parts)), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def fault_of(options: Options, digest: bytes, nth: int) -> Fault | Literal["overloaded"] | None:
    """Return what befalls a request the `nth` time it comes, so that trying again may help.

    >>> fault_of(Options(overload_rate=1.0), b"body", 1)
    'overloaded'
    >>> fault_of(Options(), b"body", 1) is None
    True
    """
    if not (options.overload_rate or options.error_rate):
        return None
    share = share_of(options.seed, digest, b"fault", str(nth).encode())
    if share < options.overload_rate:
        return "overloaded"
    if share >= options.overload_rate + options.error_rate:
        return None
    which = share_of(options.seed, digest, b"which", str(nth).encode())
    return options.faults[int(which * len(options.faults))]
