"""A draft of a constitution, asked of a model."""

from pathlib import Path
from typing import Protocol

from prefstream.adapters.constitutions import yaml_of
from prefstream.adapters.settings import JudgeSettings
from prefstream.domain.constitution.drafting import MAX_DOCUMENT, draft_call, read_draft
from prefstream.schemas.calls import Answer, Call, Failure
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.errors import BadInput, Unavailable

#: A whole constitution is a long answer.
DEADLINE_S = 590.0
_ATTEMPTS = (1, 2)
_HEADER = """\
# A draft made by {model} from {document}. Nobody has worked it over yet.
# Read every clause against the document, write cases from your own data, then take the line `draft: true`
# out. `prefstream constitution lint` says what is wrong; publish refuses a file that still says draft.
"""


class _Model(Protocol):
    async def answer(self, call: Call) -> Answer: ...

    async def aclose(self) -> None: ...


async def draft_file(document: Path, *, name: str, model: str, settings: JudgeSettings) -> str:
    """Return the YAML of a draft made from a policy document.

    Args:
        document: The policy, as text.
        name: What the constitution is to be called.
        model: "anthropic:MODEL" or "openai:MODEL".
        settings: Keys and addresses.

    Raises:
        BadInput: The document or the model's name cannot be used, or no key is set.
        Unavailable: The model does not answer, or not with anything that can be read.
    """
    text = read_policy(document)
    kind, _, which = model.partition(":")
    asked = _model(kind, which, settings)
    try:
        constitution = await draft(text, asked, name=name, provider=kind, model=which)
    finally:
        await asked.aclose()
    return _HEADER.format(model=model, document=document.name) + yaml_of(constitution, draft=True)


async def draft(text: str, asked: _Model, *, name: str, provider: str, model: str) -> Constitution:
    """Ask a model for a draft, a second time where its answer cannot be read.

    Raises:
        Unavailable: It does not answer, or twice with nothing that can be read.
    """
    for attempt in _ATTEMPTS:
        answer = await asked.answer(draft_call(text, provider=provider, model=model, attempt=attempt))
        if isinstance(answer, Failure):
            raise Unavailable(f"{provider}:{model} gave no draft ({answer.reason}): {answer.detail}")
        constitution = read_draft(answer.content, name=name)
        if constitution is not None:
            return constitution
    raise Unavailable(
        f"{provider}:{model} answered {len(_ATTEMPTS)} times with what is no constitution; "
        "try another model, or a shorter document"
    )


def read_policy(path: Path) -> str:
    """Return the text of a policy document.

    Raises:
        BadInput: It cannot be read, is no text, is empty or too long.
    """
    try:
        with path.open("rb") as file:
            text = file.read(4 * MAX_DOCUMENT + 1).decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path}: the document cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not text in UTF-8; save the document as plain text or Markdown") from error
    if "\x00" in text or not text.strip():
        raise BadInput(f"{path}: the document holds no text")
    if len(text) > MAX_DOCUMENT:
        raise BadInput(f"{path}: longer than {MAX_DOCUMENT:,} characters; draft from one chapter at a time")
    return text


def _model(kind: str, which: str, settings: JudgeSettings) -> _Model:
    if kind == "anthropic" and which:
        from prefstream.adapters.models.anthropic import AnthropicModel

        key = settings.anthropic_api_key.get_secret_value()
        return AnthropicModel(api_key=key, base_url=settings.anthropic_base_url, timeout_s=DEADLINE_S)
    if kind == "openai" and which:
        from prefstream.adapters.models.openai_compatible import OpenAICompatibleModel

        if not settings.openai_base_url:
            raise BadInput("no OpenAI-compatible server is set; set PREFSTREAM_JUDGE__OPENAI_BASE_URL")
        key = settings.openai_api_key.get_secret_value()
        return OpenAICompatibleModel(base_url=settings.openai_base_url, api_key=key, timeout_s=DEADLINE_S)
    raise BadInput(f"{kind}:{which} is no model that can draft; name anthropic:MODEL or openai:MODEL")
