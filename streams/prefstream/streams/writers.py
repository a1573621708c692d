"""The writers: generators, strategy and scorer as the settings name them, or why they cannot work."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from prefstream.adapters.settings import GenerationSettings, JudgeSettings, WriterParameters
from prefstream.agents.generation import Generation, Generator, Scorer
from prefstream.agents.generators.model import ModelGenerator
from prefstream.agents.generators.offline import OfflineGenerator
from prefstream.agents.generators.scoring import ModelScorer, OfflineScorer
from prefstream.domain.generation import Strategy, unworkable
from prefstream.domain.generation.capabilities import capability_of, taken, untaken
from prefstream.domain.generation.variants import VARIANTS
from prefstream.domain.offline.writers import STYLES
from prefstream.schemas.errors import BadInput

_MODELS = ("anthropic", "openai")
#: Parameters that say how a model samples; the others of `WriterParameters` are fields of the generator.
_SAMPLING = ("temperature", "top_p", "seed", "effort", "thinking_tokens")
_EVERY = "*"
#: Highest temperature of chat completions.
HOTTEST = 2


def generation_of(judge: JudgeSettings, generation: GenerationSettings) -> Generation:
    """Return the generation stage.

    Raises:
        BadInput: A name is not one we know, or the strategy cannot work with these generators.
    """
    generators = generators_of(judge, generation)
    strategy = _strategy(generation)
    scorer = scorer_of(generation)
    varies = [generator.varies for generator in generators]
    # Without generators there are only pairs that arrive ready-made, and nothing to be worked out.
    problem = unworkable(strategy, varies, scorer=scorer is not None) if generators else None
    if problem:
        raise BadInput(f"{problem}; correct {_remedy(problem)}")
    return Generation(generators=generators, strategy=strategy, scorer=scorer)


def generators_of(judge: JudgeSettings, generation: GenerationSettings) -> tuple[Generator, ...]:
    """Return the generators, each in every form that the strategy asks for.

    Raises:
        BadInput: A name is not one we know, one is named twice, or its provider cannot do what is asked.
    """
    stray = [name for name in generation.parameters if name not in (*judge.generators, _EVERY)]
    if stray:
        named = ", ".join(judge.generators) or "none"
        raise BadInput(
            f"PREFSTREAM_GENERATION__PARAMETERS is about {stray[0]}, which is no generator; named are {named}"
        )
    found = [form for name in judge.generators for form in _forms(name, generation)]
    twice = [one for one, count in Counter(form.id for form in found).items() if count > 1]
    if twice:
        raise BadInput(
            f"generator {twice[0]} is asked for twice in the same form; name it once in "
            "PREFSTREAM_JUDGE__GENERATORS, and set PREFSTREAM_GENERATION__N for more candidates of it"
        )
    return tuple(found)


def scorer_of(generation: GenerationSettings) -> Scorer | None:
    """Return the scorer; `None` where there is none.

    Raises:
        BadInput: The name is not one we know.
    """
    kind, _, which = generation.scorer.partition(":")
    if not generation.scorer:
        return None
    if generation.scorer == "offline":
        return OfflineScorer()
    if kind in _MODELS and which:
        return ModelScorer(provider=kind, model=which)
    raise BadInput(
        f"there is no scorer {generation.scorer!r}; name offline, anthropic:MODEL or openai:MODEL in "
        "PREFSTREAM_GENERATION__SCORER"
    )


def _strategy(generation: GenerationSettings) -> Strategy:
    return Strategy(
        name=generation.strategy,
        n=generation.n,
        budget=generation.budget,
        pairings=generation.pairing,
        max_pairs=generation.max_pairs,
        threshold=generation.threshold,
        allow_truncated=generation.allow_truncated,
    )


def _forms(name: str, generation: GenerationSettings) -> Sequence[Generator]:
    """Return a generator in every form that the settings ask for."""
    kind, _, which = name.partition(":")
    style = next((known for known in STYLES if known == which), None)
    if kind == "offline" and style is not None:
        _asked(name, generation)
        _refuse_forms(name, generation)
        return [OfflineGenerator(style=style)]
    if kind in _MODELS and which:
        _refuse_forms(name, generation)
        return list(_models(kind, which, generation))
    known = ", ".join(f"offline:{one}" for one in STYLES)
    raise BadInput(f"there is no generator {name!r}; name {known}, anthropic:MODEL or openai:MODEL")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """One form of a model: what it is asked for beside its own parameters."""

    parameters: Mapping[str, str | int | float] = field(default_factory=dict)
    variant: str = ""


def _models(kind: str, which: str, generation: GenerationSettings) -> Iterator[ModelGenerator]:
    name = f"{kind}:{which}"
    asked, max_tokens, system = _asked(name, generation)
    plain = ModelGenerator(provider=kind, model=which, max_tokens=max_tokens, system=system)
    for form in _asked_forms(generation):
        parameters = {**asked, **form.parameters}
        problem = untaken(kind, parameters)
        if problem:
            raise BadInput(f"generator {name}: {problem}; correct PREFSTREAM_GENERATION__EFFORTS")
        parts = (_variant(form.variant, generation) if form.variant else "", system)
        yield replace(
            plain,
            parameters=parameters,
            variant=form.variant,
            system="\n\n".join(part for part in parts if part),
        )


def _asked_forms(generation: GenerationSettings) -> Sequence[_Form]:
    efforts = [{"effort": effort} for effort in generation.efforts] or [{}]
    temperatures: Sequence[Mapping[str, float]] = [{}]
    variants: Sequence[str] = [""]
    if generation.strategy == "temperature_diversity":
        beyond = [one for one in generation.temperatures if not 0 <= one <= HOTTEST]
        if beyond or not generation.temperatures:
            told = f"{beyond[0]:g} is none" if beyond else "there is none"
            raise BadInput(
                f"a temperature is a number from 0 to {HOTTEST}, and {told}; correct "
                "PREFSTREAM_GENERATION__TEMPERATURES"
            )
        temperatures = [{"temperature": one} for one in generation.temperatures]
    if generation.strategy == "prompt_variants":
        if not generation.variants:
            raise BadInput("prompt_variants has no variant; name some in PREFSTREAM_GENERATION__VARIANTS")
        variants = generation.variants
    return [
        _Form(parameters={**effort, **temperature}, variant=variant)
        for effort, temperature, variant in product(efforts, temperatures, variants)
    ]


def _refuse_forms(name: str, generation: GenerationSettings) -> None:
    """Refuse a strategy whose contrast the provider cannot give, with what it can do instead."""
    kind = name.partition(":")[0]
    capability = capability_of(kind)
    lacks = {
        "temperature": generation.strategy == "temperature_diversity"
        and "temperature" not in capability.places,
        "instructions of ours": generation.strategy == "prompt_variants" and not capability.system,
        "effort": bool(generation.efforts) and not capability.efforts,
    }
    lacking = next((one for one, holds in lacks.items() if holds), None)
    if lacking is None:
        return
    ways = {
        "several generators (diverse_models)": True,
        "efforts (diverse_models with PREFSTREAM_GENERATION__EFFORTS)": bool(capability.efforts),
        "system prompts (prompt_variants)": capability.system,
        "several draws (best_of_n, rejection_sampling)": capability.varies,
    }
    open_ways = "; ".join(way for way, holds in ways.items() if holds)
    raise BadInput(
        f"{generation.strategy} cannot be had of {name}: {kind} takes no {lacking}; what makes its "
        f"candidates differ is: {open_ways}"
    )


def _asked(name: str, generation: GenerationSettings) -> tuple[dict[str, str | int | float], int, str]:
    """Return a generator's sampling parameters, token limit and instructions.

    What is set for all generators is asked of those that take it; what is set for one must be taken.
    """
    kind = name.partition(":")[0]
    every, own = generation.parameters.get(_EVERY), generation.parameters.get(name)
    parameters = taken(kind, _sampling(every)) | _sampling(own)
    problem = untaken(kind, parameters)
    if problem:
        raise BadInput(f"generator {name}: {problem}; correct PREFSTREAM_GENERATION__PARAMETERS")
    told = own if own and "max_tokens" in own.model_fields_set else every or own
    max_tokens = told.max_tokens if told else WriterParameters().max_tokens
    thinking = parameters.get("thinking_tokens")
    if isinstance(thinking, int) and thinking >= max_tokens:
        raise BadInput(
            f"generator {name}: {thinking} thinking_tokens leave nothing of max_tokens = {max_tokens} to "
            "write with; set more max_tokens in PREFSTREAM_GENERATION__PARAMETERS"
        )
    system = (own.system if own else "") or (every.system if every else "")
    return parameters, max_tokens, system


def _sampling(parameters: WriterParameters | None) -> dict[str, str | int | float]:
    if parameters is None:
        return {}
    values = {name: getattr(parameters, name) for name in _SAMPLING}
    return {name: value for name, value in values.items() if value is not None}


def _variant(name: str, generation: GenerationSettings) -> str:
    text = generation.own_variants.get(name, VARIANTS.get(name))
    if text is None:
        known = ", ".join((*VARIANTS, *generation.own_variants))
        raise BadInput(
            f"there is no prompt variant {name!r}; name one of {known}, or say what it is in "
            "PREFSTREAM_GENERATION__OWN_VARIANTS"
        )
    return text


def _remedy(problem: str) -> str:
    """Return the settings that a problem is about."""
    if "scorer" in problem:
        return "PREFSTREAM_GENERATION__SCORER or PREFSTREAM_GENERATION__STRATEGY"
    if "budget" in problem:
        return "PREFSTREAM_GENERATION__BUDGET or PREFSTREAM_GENERATION__N"
    if "pair" in problem and "n =" not in problem:
        return "PREFSTREAM_GENERATION__PAIRING"
    return "PREFSTREAM_GENERATION__N or PREFSTREAM_JUDGE__GENERATORS"
