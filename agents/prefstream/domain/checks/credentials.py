"""Credentials in texts, by the shapes that detect-secrets (Yelp, Apache-2.0) knows, and a few of ours.

Its plugins are asked for their patterns only: nothing is verified with anybody, and the detectors that go
by entropy or by a keyword are left out, for in prose they are wrong more often than right.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from string import ascii_letters, digits
from typing import Any, Final, NamedTuple

from prefstream.domain.checks.texts import PairTexts, classes, hits, told


class _Kind(NamedTuple):
    #: What it is called in findings.
    name: str
    #: Literals of which one stands in every credential of the kind.
    needed: tuple[str, ...]
    #: Module and class of detect-secrets.
    plugin: tuple[str, str] | None = None
    #: What is looked for in the place of the plugin's own patterns.
    pattern: str = ""


_KINDS: Final = (
    _Kind("an AWS key", ("AKIA", "ASIA", "ABIA", "ACCA", "A3T"), ("aws", "AWSKeyDetector")),
    _Kind("an AWS key", ("aws_", "AWS_"), ("aws", "AWSKeyDetector")),
    _Kind(
        "a GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), ("github_token", "GitHubTokenDetector")
    ),
    _Kind("a GitHub token", ("github_pat_",), pattern=r"github_pat_\w{22}_\w{59}"),
    _Kind("a GitLab token", ("glpat-", "gldt-", "glrt-", "glptt-"), ("gitlab_token", "GitLabTokenDetector")),
    _Kind("a Slack token", ("xox", "hooks.slack.com"), ("slack", "SlackDetector")),
    _Kind("a Stripe key", ("k_live_",), ("stripe", "StripeDetector")),
    _Kind("an OpenAI key", ("T3BlbkFJ",), ("openai", "OpenAIDetector")),
    _Kind("an Anthropic key", ("sk-ant-",), pattern=r"sk-ant-(?:api|admin)\d\d-[\w-]{80,}"),
    _Kind("a Google key", ("AIza",), pattern=r"\bAIza[\w-]{35}(?![\w-])"),
    _Kind("a Hugging Face token", ("hf_",), pattern=r"\bhf_[A-Za-z]{34}\b"),
    _Kind("a SendGrid key", ("SG.",), ("sendgrid", "SendGridDetector")),
    _Kind("a Square secret", ("sq0csp-",), ("square_oauth", "SquareOAuthDetector")),
    _Kind("an Azure storage key", ("AccountKey=",), ("azure_storage_key", "AzureStorageKeyDetector")),
    _Kind("a PyPI token", ("pypi-AgE",), ("pypi_token", "PypiTokenDetector")),
    # Not the pattern of detect-secrets, which takes quadratic time on a long line of slashes.
    _Kind("an npm token", ("_authToken",), pattern=r"_authToken=\s*(?:npm_\w{36}|[A-Fa-f0-9-]{36})"),
    # With its signature: without one it lets nobody in.
    _Kind(
        "a JSON web token",
        ("eyJ",),
        ("jwt", "JwtTokenDetector"),
        r"(?<![\w.-])eyJ[\w=-]{8,}\.[\w=-]{8,}\.[\w=-]{16,}",
    ),
    _Kind(
        "a private key",
        ("PRIVATE KEY",),
        pattern=r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n)+(?:[\w-]+: [^\n]*\n\s*)*"
        r"[A-Za-z0-9+/=]{40}",
    ),
)
_NEEDED: Final = tuple(sorted({literal for kind in _KINDS for literal in kind.needed}))
#: Every credential has this many of these characters in a row; hardly a word has.
_RUNS: Final = classes(ascii_letters.encode(), digits.encode(), b"_+/=-")
_LONG_RUN: Final = b"x" * 20
#: What people write where a credential would stand, and the token that jwt.io shows everybody.
_PLACEHOLDER: Final = re.compile(
    r"example|your[_-]|x{6}|X{6}|0{8}|1234567890abcdef|<|eyJzdWIiOiIxMjM0NTY3ODkwI", re.IGNORECASE
)
#: A credential of fewer different characters than this is made up.
_FEW_CHARACTERS: Final = 6


def secret(texts: PairTexts) -> str:
    """Return where credentials stand, of which kind; never what they are."""
    if _LONG_RUN not in texts.encoded.translate(_RUNS):
        return ""
    present = [literal for literal in _NEEDED if literal in texts.whole]
    if not present:
        return ""
    kinds = [kind for kind in _KINDS if any(literal in present for literal in kind.needed)]
    return told(hits(texts.all, lambda text: _credentials(text, kinds)))


def _credentials(text: str, kinds: Sequence[_Kind]) -> Iterator[tuple[int, str]]:
    seen: set[int] = set()
    for kind in kinds:
        for pattern in _patterns(kind):
            for found in pattern.finditer(text):
                if found.start() not in seen and _real(kind, found[0]):
                    seen.add(found.start())
                    yield found.start(), f"{kind.name} ({len(found[0])} characters)"


def _real(kind: _Kind, said: str) -> bool:
    if _PLACEHOLDER.search(said) or len(set(said)) < _FEW_CHARACTERS:
        return False
    if kind.plugin is None or kind.plugin[0] != "jwt":
        return True
    return bool(_plugin(*kind.plugin).is_formally_valid(said))


@lru_cache(maxsize=len(_KINDS))
def _patterns(kind: _Kind) -> tuple[re.Pattern[str], ...]:
    if kind.pattern or kind.plugin is None:
        return (re.compile(kind.pattern),)
    return tuple(_plugin(*kind.plugin).denylist)


def _plugin(module: str, name: str) -> Any:
    """Return a plugin: loading one takes a tenth of a second, so only who meets a hint pays for it."""
    return getattr(import_module(f"detect_secrets.plugins.{module}"), name)
