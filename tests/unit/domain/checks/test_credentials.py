"""Credentials: found by their shape, told by their kind, never said.

The tokens are put together here, so that no scanner of repositories takes them for real ones.
"""

from base64 import urlsafe_b64encode

import pytest
from tests.factories import a_message, a_pair_proposed, a_response

from prefstream.domain.checks.credentials import secret
from prefstream.domain.checks.texts import PairTexts

MIXED = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzA1bC2dE3fG4hJ5kL6mN7pQ8rS9tU0vWaB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"


def _token(head: str, length: int, alphabet: str = MIXED) -> str:
    return head + alphabet[:length]


def _jwt() -> str:
    parts = (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"u-8841","admin":true}')
    return ".".join([*(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), MIXED[:43]])


CREDENTIALS = {
    "an AWS key": _token("AKIA", 16, MIXED.upper()),
    "a GitHub token": _token("ghp_", 36),
    "a GitLab token": _token("glpat-", 20),
    "a Slack token": "xoxb-" + "123456789012-" * 2 + MIXED[:24].lower(),
    "a Stripe key": _token("sk_live_", 24),
    "an OpenAI key": _token("sk-", 20) + "T3BlbkFJ" + MIXED[20:40],
    "an Anthropic key": _token("sk-ant-api03-", 93),
    "a Google key": _token("AIza", 35),
    "a Hugging Face token": "hf_" + "".join(c for c in MIXED if c.isalpha())[:34],
    "a SendGrid key": f"SG.{MIXED[:22]}.{MIXED[:43]}",
    "an npm token": "_authToken=npm_" + MIXED[:36],
    "a JSON web token": _jwt(),
    "a private key": f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{MIXED[:64]}\n",
}


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_credentials_are_found_and_never_said(kind: str) -> None:
    credential = CREDENTIALS[kind]
    pair = a_pair_proposed(response_b=a_response(f"Use this: {credential} and go on."))

    said = secret(PairTexts(pair))

    assert said.startswith(f"{kind} ({len(credential.strip())} characters)") or kind == "a private key"
    assert said.startswith(kind)
    assert "in response B at character 11" in said
    assert MIXED[4:16].lower() not in said.lower()


def test_a_prompt_may_hold_one_too() -> None:
    pair = a_pair_proposed(messages=(a_message("My key is " + CREDENTIALS["a GitHub token"]),))
    assert secret(PairTexts(pair)) == "a GitHub token (40 characters) in the prompt at character 11"


@pytest.mark.parametrize(
    "text",
    [
        "Use AKIAIOSFODNN7EXAMPLE as in the manual.",
        "export AWS_ACCESS_KEY_ID=AKIAXXXXXXXXXXXXXXXX",
        "ghp_" + "x" * 36,
        "A line such as -----BEGIN RSA PRIVATE KEY----- starts the file.",
        "JWTs begin with eyJ and have two dots: eyJhbGciOi.abc.def",
        "Set _authToken=<your token> in the file " + "a" * 30,
        "the hash d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89",
        "password: hunter2, secret = 'correct horse battery staple'",
        "https://docs.example.org/a/very/long/path/that/goes/on/and/on/and/on",
    ],
)
def test_placeholders_and_talk_about_keys_are_left_alone(text: str) -> None:
    assert not secret(PairTexts(a_pair_proposed(response_a=a_response(text))))
