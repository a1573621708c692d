"""A judge by any language model: what is asked of it and how its answers become votes.

It reads every pair in both orders and under one or more prompt variants, and may be given critiques
of each response first. It must answer by calling a tool; prose is never parsed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any, Literal

from prefstream.agents.judges.answers import Order, SaidVerdict, read_verdict, vote_of
from prefstream.agents.judges.attempts import Attempts, attempted
from prefstream.agents.judges.critique import (
    CRITIQUE_VERSION,
    SaidCritique,
    comparison_data,
    comparison_note,
    critique_of,
    critique_request,
    read_critique,
)
from prefstream.agents.judges.rubric import RUBRIC_VERSION, pair_as_data, system_prompt
from prefstream.agents.judges.variants import (
    TOOL,
    VARIANTS,
    VARIANTS_VERSION,
    instructions,
    verdict_tool,
)
from prefstream.agents.judging import Answers
from prefstream.agents.stage import Call, Configuration
from prefstream.domain.quotes import spaced
from prefstream.schemas.calls import About
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.ids import derived_id
from prefstream.schemas.judgements import Critique
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Vote

ORDERS: tuple[Order, ...] = ("ab", "ba")
_UNREAD: Attempts[SaidVerdict] = Attempts(calls=(), replies=(), state="unreadable")
_Critiques = tuple[Attempts[SaidCritique], Attempts[SaidCritique]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelJudge:
    """A language model as judge, asked in both orders."""

    #: Who performs the calls: "anthropic" or "openai".
    provider: str
    model: str
    orders: tuple[Order, ...] = ORDERS
    #: Names of the prompt variants it is asked under.
    variants: tuple[str, ...] = ("plain",)
    #: Whether each response is criticised by itself before the two are compared.
    critique: bool = False
    max_tokens: int = 1500

    #: Identity of model, prompt and settings: a policy is certified for one of these.
    id: str = field(init=False)

    def __post_init__(self) -> None:
        critique = CRITIQUE_VERSION if self.critique else "none"
        prompt = (RUBRIC_VERSION, VARIANTS_VERSION, critique, self.max_tokens)
        settings = derived_id(*prompt, "orders", *self.orders, "variants", *self.variants)
        object.__setattr__(self, "id", f"{self.provider}:{self.model}#{settings[:8]}")

    def calls(self, pair: PairProposed, configuration: Configuration, answers: Answers) -> Sequence[Call]:
        """Return one call per order and variant, after one per response where these are criticised first.

        An answer that cannot be read is asked for once more.
        """
        critics = self._critics(pair, configuration, answers)
        asked = [call for critic in critics or () for call in critic.calls]
        for _, _, attempts in self._comparisons(pair, configuration, answers, critics):
            asked += attempts.calls
        return asked

    def votes(self, pair: PairProposed, configuration: Configuration, answers: Answers) -> Sequence[Vote]:
        """Return one vote per order and variant that was answered; an unreadable one has no verdict.

        Without both critiques there is nothing to compare by, so no verdict either. The first vote
        bears the tokens and the cost of the critiques, so that the votes add up to what was spent.
        """
        texts = (spaced(pair.response_a.text), spaced(pair.response_b.text))
        critics = self._critics(pair, configuration, answers)
        before = [content for critic in critics or () for content in critic.contents]
        votes: list[Vote] = []
        for order, variant, attempts in self._comparisons(pair, configuration, answers, critics):
            if attempts.state in ("open", "failed") and not attempts.replies:
                continue
            votes.append(
                vote_of(
                    attempts,
                    judge=self.id,
                    order=order,
                    variant=variant,
                    constitution=configuration.constitution,
                    texts=texts,
                    before=() if votes else before,
                )
            )
        return votes

    def critiques(
        self, pair: PairProposed, configuration: Configuration, answers: Answers
    ) -> Sequence[Critique]:
        """Return the critiques that could be read."""
        critics = self._critics(pair, configuration, answers)
        return self._read(pair, configuration, critics) if critics else ()

    def _comparisons(
        self, pair: PairProposed, configuration: Configuration, answers: Answers, critics: _Critiques | None
    ) -> Iterator[tuple[Order, str, Attempts[SaidVerdict]]]:
        """Return the questions that compare, once what they rest on has been answered."""
        if critics and any(critic.state in ("open", "failed") for critic in critics):
            return
        critiques = self._read(pair, configuration, critics) if critics else ()
        for order, variant in product(self.orders, self.variants):
            if critics and len(critiques) < len(critics):
                yield order, variant, _UNREAD
            else:
                call = self._comparison(pair, configuration, order, variant, critiques)
                yield order, variant, attempted(call, answers, read_verdict)

    def _critics(
        self, pair: PairProposed, configuration: Configuration, answers: Answers
    ) -> _Critiques | None:
        if not self.critique:
            return None
        first, second = (
            attempted(self._criticism(pair, configuration, text), answers, read_critique)
            for text in (pair.response_a.text, pair.response_b.text)
        )
        return first, second

    def _read(
        self, pair: PairProposed, configuration: Configuration, critics: _Critiques
    ) -> Sequence[Critique]:
        sides: tuple[tuple[Literal["a", "b"], str], ...] = (
            ("a", pair.response_a.text),
            ("b", pair.response_b.text),
        )
        return [
            critique_of(
                critic.said,
                judge=self.id,
                response=side,
                constitution=configuration.constitution,
                text=spaced(text),
            )
            for critic, (side, text) in zip(critics, sides, strict=True)
            if critic.said is not None
        ]

    def _criticism(self, pair: PairProposed, configuration: Configuration, text: str) -> Call:
        asked = critique_request(configuration.constitution, pair.messages, text)
        return self._call(pair, asked, purpose="critique")

    def _comparison(
        self,
        pair: PairProposed,
        configuration: Configuration,
        order: Order,
        variant: str,
        critiques: Sequence[Critique],
    ) -> Call:
        turn = 1 if order == "ab" else -1
        shown = (pair.response_a.text, pair.response_b.text)[::turn]
        data = (
            comparison_data(pair.messages, shown, critiques[::turn])
            if critiques
            else pair_as_data(pair.messages, *shown)
        )
        prefix = _prefix(
            _Prompt(
                constitution_id=configuration.constitution_id,
                variant=variant,
                critique=bool(critiques),
                constitution=configuration.constitution,
            )
        )
        asked = {**prefix, "messages": [{"role": "user", "content": data}], "tool": TOOL}
        return self._call(pair, asked, purpose="judging")

    def _call(self, pair: PairProposed, asked: Mapping[str, Any], *, purpose: str) -> Call:
        request = {**asked, "model": self.model, "max_tokens": self.max_tokens, "cache": True}
        about = About(purpose=purpose, subject=pair.pair_id, slice=pair.slice, asked_by=self.id)
        return Call(provider=self.provider, request=request, about=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prompt:
    """What the instructions depend on: nothing of the pair, so that they can be cached."""

    constitution_id: str
    variant: str
    critique: bool
    constitution: Constitution = field(compare=False)


@lru_cache(maxsize=64)
def _prefix(prompt: _Prompt) -> Mapping[str, Any]:
    """Return instructions and tool; asked for several times a call, made once."""
    variant = VARIANTS[prompt.variant]
    parts = [
        system_prompt(prompt.constitution),
        instructions(variant, prompt.constitution),
        comparison_note() if prompt.critique else "",
    ]
    return {
        "system": "\n\n".join(part for part in parts if part),
        "tools": [verdict_tool(variant, prompt.constitution)],
    }
