"""The calls of both APIs that ask for one answer."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from prefstream.adapters.stand_in.billing import prompt_tokens
from prefstream.adapters.stand_in.completions import completion_of
from prefstream.adapters.stand_in.completions import models as listed_models
from prefstream.adapters.stand_in.completions import refusal as completion_refusal
from prefstream.adapters.stand_in.messages import message_of, refusal
from prefstream.adapters.stand_in.state import StandIn, digest_of, parsed


async def message(stand_in: StandIn, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """Answer a call of the Messages API."""
    asked = parsed(body)
    if why := refusal(asked):
        return stand_in.error(request.path, 400, why)
    digest = digest_of(asked)
    fault = stand_in.came(digest)
    await asyncio.sleep(stand_in.options.latency_s)
    if fault and (told := await stand_in.struck(request, fault)) is not None:
        return told
    return stand_in.json(_message(stand_in, asked, digest, malformed=fault == "malformed"))


async def completion(stand_in: StandIn, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """Answer a call for a chat completion."""
    asked = parsed(body)
    if why := completion_refusal(asked):
        return stand_in.error(request.path, 400, why)
    digest = digest_of(asked)
    fault = stand_in.came(digest)
    await asyncio.sleep(stand_in.options.latency_s)
    if fault and (told := await stand_in.struck(request, fault)) is not None:
        return told
    return stand_in.json(_completion(stand_in, asked, digest, malformed=fault == "malformed"))


def messaged(stand_in: StandIn, asked: Any, digest: bytes) -> Mapping[str, Any] | None:
    """Return the message that answers a request, faults apart; `None`: it is to be refused."""
    if refusal(asked):
        return None
    stand_in.counts.came(digest)
    return _message(stand_in, asked, digest, malformed=False)


def completed(stand_in: StandIn, asked: Any, digest: bytes) -> Mapping[str, Any] | None:
    """Return the completion that answers a request, faults apart; `None`: it is to be refused."""
    if completion_refusal(asked):
        return None
    stand_in.counts.came(digest)
    return _completion(stand_in, asked, digest, malformed=False)


async def tokens(stand_in: StandIn, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """Count the tokens of a prompt."""
    asked = parsed(body)
    if not isinstance(asked, dict) or not isinstance(asked.get("messages"), list):
        return stand_in.error(request.path, 400, "messages: field required")
    return stand_in.json({"input_tokens": prompt_tokens(asked)})


async def models(stand_in: StandIn, _request: web.BaseRequest, _body: bytes) -> web.StreamResponse:
    """List the models."""
    return stand_in.json(listed_models())


def _message(
    stand_in: StandIn, asked: Mapping[str, Any], digest: bytes, *, malformed: bool
) -> Mapping[str, Any]:
    billed = stand_in.cache.billed(asked, time.monotonic())
    if not malformed:
        stand_in.counts.paid(digest)
    return message_of(asked, stand_in.drawn(digest), billed, malformed=malformed, tier="standard")


def _completion(
    stand_in: StandIn, asked: Mapping[str, Any], digest: bytes, *, malformed: bool
) -> Mapping[str, Any]:
    if not malformed:
        stand_in.counts.paid(digest)
    return completion_of(asked, stand_in.drawn(digest), malformed=malformed)
