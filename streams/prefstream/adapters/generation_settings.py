"""Settings of generation: how candidates are drawn, and what each writer is asked for."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WriterParameters(_Part):
    """What one generator is asked for beside the prompt."""

    #: Between 0 (always the likeliest word) and 2; Anthropic takes none.
    temperature: float | None = Field(default=None, ge=0, le=2)
    #: Share of the likeliest words that are drawn from; Anthropic takes none.
    top_p: float | None = Field(default=None, gt=0, le=1)
    #: Seed of the first draw; each further draw adds one. Anthropic takes none.
    seed: int | None = None
    #: How hard the model tries, where it can be told.
    effort: Literal["minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    #: Tokens that a model of Anthropic may think before it writes.
    thinking_tokens: int | None = Field(default=None, ge=1024)
    #: Tokens that it may write for one candidate.
    max_tokens: int = Field(default=2000, ge=1, le=128_000)
    #: Instructions that are put before those of the prompt.
    system: str = ""


class GenerationSettings(_Part):
    """How candidates are drawn and which of them are paired."""

    #: Where the contrast between two candidates comes from.
    strategy: Literal[
        "diverse_models", "temperature_diversity", "best_of_n", "rejection_sampling", "prompt_variants"
    ] = "diverse_models"
    #: Candidates drawn at first; `None`: one of every generator in each of its forms, and at least two.
    n: int | None = Field(default=None, ge=2, le=16)
    #: Most candidates drawn for one prompt, repetitions included; `None`: twice as many as at first,
    #: four times for rejection sampling.
    budget: int | None = Field(default=None, ge=2, le=40)
    #: Which candidates make a pair; empty: best against worst of best_of_n, accepted against rejected of
    #: rejection_sampling, else all.
    pairing: tuple[Literal["all", "adjacent", "best_vs_rest", "best_vs_worst", "best_vs_median"], ...] = ()
    #: Most pairs of one prompt.
    max_pairs: int = Field(default=10, ge=1, le=120)
    #: Who scores candidates: "offline", "anthropic:MODEL" or "openai:MODEL"; empty: nobody.
    scorer: str = ""
    #: Rejection sampling accepts a candidate from this score on.
    threshold: float = Field(default=0.7, gt=0, le=1)
    #: Temperatures of temperature_diversity, each between 0 and 2.
    temperatures: tuple[float, ...] = (0.3, 1.0)
    #: Ask every model once with each of these efforts.
    efforts: tuple[Literal["minimal", "low", "medium", "high", "xhigh", "max"], ...] = ()
    #: Instructions under which prompt_variants asks every model, by name.
    variants: tuple[str, ...] = ("concise", "thorough")
    #: Instructions of your own by name, as '{"pirate": "Answer like a pirate."}'.
    own_variants: dict[str, str] = {}
    #: Pair candidates too that were cut off by the token limit.
    allow_truncated: bool = False
    #: What generators are asked for, by their name; "*" is all, each as far as its provider takes it.
    parameters: dict[str, WriterParameters] = {}
