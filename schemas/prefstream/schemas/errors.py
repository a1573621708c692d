"""The error tree: every error prefstream raises on purpose.

PrefstreamError
├── BadInput            the caller gave something we cannot use (exit code 2, HTTP 4xx)
│   ├── Undecodable     bytes that are not an event we know
│   │   └── Erased      content whose key was destroyed
│   └── Incompatible    a schema change that would break readers
├── Unavailable         a server or program we need is not there (exit code 3, retry)
└── Fenced              another owner took over; this one must stop without a trace
"""

from typing import ClassVar


class PrefstreamError(Exception):
    """Something in prefstream went wrong."""

    #: What a command exits with when this error ends it.
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class BadInput(PrefstreamError):
    """The input cannot be used as it is."""

    exit_code = 2


class Undecodable(BadInput):
    """These bytes are not an event that this version knows."""


class Erased(Undecodable):
    """This content was erased."""


class Incompatible(BadInput):
    """This schema change would break readers of the topic."""


class Unavailable(PrefstreamError):
    """Something prefstream needs does not answer."""

    exit_code = 3


class Fenced(PrefstreamError):
    """Another owner has taken over this partition; nothing of this batch was written."""
