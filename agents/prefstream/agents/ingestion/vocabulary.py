"""The fields that rows of each kind may have, and the names people give them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from prefstream.agents.ingestion.defaults import Defaults
from prefstream.schemas.errors import BadInput

Kind = Literal["prompts", "pairs", "labels", "verdicts", "evaluations", "tasks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field and the columns it is looked for in, best first."""

    name: str
    about: str
    synonyms: tuple[str, ...] = ()


def _field(name: str, about: str, *synonyms: str) -> Field:
    return Field(name=name, about=about, synonyms=synonyms)


_TEXTS = (
    _field("messages", "the conversation, a list of {role, content}", "conversation", "conversations"),
    _field("prompt", "the prompt, as text or as a list of messages", "question", "query"),
    _field("instruction", "an instruction; `input` is put below it"),
    _field("input", "what the instruction is about, or the prompt if there is nothing else"),
    _field("system", "a system message to put first", "system_prompt"),
)
_RESPONSES = (
    _field("response_a", "the first response", "response1", "response_1", "output_1", "conversation_a"),
    _field("response_b", "the second response", "response2", "response_2", "output_2", "conversation_b"),
    _field("chosen", "the better response, where rows are stored that way"),
    _field("rejected", "the worse response, where rows are stored that way"),
)
_PAIR_ID = _field("pair_id", "the pair; derived from prompt and responses if absent", "id", "idx", "item_id")
_SLICE = _field("slice", "the capability slice", "category", "capability", "subset")
_TAGS = _field("tags", "a list, or text separated by commas, semicolons or bars")
_WHEN = _field("occurred_at", "when it happened", "created_at", "timestamp", "tstamp")
_VERDICT = _field("verdict", "which response is better", "label", "preference", "winner", "choice")
_RATIONALE = _field("rationale", "why", "reason", "explanation")

#: The fields of each kind, in the order they are shown.
FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    "prompts": (
        _field("prompt_id", "the prompt; derived from its text if absent", "id", "idx", "question_id"),
        *_TEXTS,
        _SLICE,
        _TAGS,
        _WHEN,
    ),
    "pairs": (
        _PAIR_ID,
        _field("prompt_id", "the prompt; derived from its text if absent", "question_id"),
        *_TEXTS,
        *_RESPONSES,
        _field("model_a", "who wrote the first response", "model1", "model_1"),
        _field("model_b", "who wrote the second response", "model2", "model_2"),
        _field("chosen_model", "who wrote the better response"),
        _field("rejected_model", "who wrote the worse response"),
        _field("strategy", "how the two came to differ; ready_made if absent"),
        _field("group_id", "what splits must not part; the prompt if absent"),
        _SLICE,
        _field("stakes", "low, medium or high"),
        _TAGS,
        _WHEN,
    ),
    "labels": (
        _PAIR_ID,
        _field("annotator", "who labelled", "annotator_id", "worker", "worker_id", "rater", "rater_id"),
        _VERDICT,
        _RATIONALE,
        _field("dimensions", "ratings, an object of whole numbers"),
        _field("clauses", "the clauses cited, a list"),
        _field("seconds", "seconds spent", "duration_s", "lead_time"),
        _field("sides", "ab or ba: which response stood on the left"),
        _field("task_id", "the task"),
        _field("round", "annotate, review or adjudicate"),
        _WHEN,
        *_TEXTS,
        *_RESPONSES,
    ),
    "tasks": (
        _field("task_id", "the task; derived from its content if absent", "id", "idx"),
        _field("kind", "ranking, rating, demonstration or safety", "task_kind"),
        *_TEXTS,
        _field("candidates", "the responses, a list of texts or of {text, model}", "responses", "answers"),
        _field("response", "the one response, where there is one", "output", "completion"),
        _field("models", "who wrote the candidates, a list in their order"),
        _field("model", "who wrote the response"),
        _field("overlap", "how many people are asked"),
        _field("priority", "a whole number; higher goes first"),
        _field("prompt_id", "the prompt; its text says it if absent", "question_id"),
        _field("rates", "the id of the demonstration that is rated here"),
        _SLICE,
        _field("stakes", "low, medium or high"),
        _TAGS,
        _WHEN,
    ),
    "verdicts": (
        _PAIR_ID,
        _field("judge", "who judged", "judge_id", "judge_model"),
        _VERDICT,
        _RATIONALE,
        _field("order", "ab or ba: the order in which the judge saw the responses"),
        _field("variant", "which prompt the judge was given", "strategy"),
        _field("p_a", "the judge's own probability that the first is better"),
        *_TEXTS,
        *_RESPONSES,
    ),
    "evaluations": (
        _PAIR_ID,
        _SLICE,
        _field("judge", "who judged", "judge_id", "judge_model"),
        _field("strategy", "how the judge was asked", "variant", "prompt_strategy"),
        _field("order", "ab or ba: the order in which the judge saw the responses"),
        _field("repeat", "which time it is that the judge reads the pair in this order", "sample"),
        _field("verdict", "what the judge says, of the responses as stored", "judge_verdict", "winner"),
        _field("verdict_swapped", "what it says in the order ba, mapped back", "winner_swapped"),
        _field("p_a", "the judge's own probability that the first is better"),
        _field("p_a_swapped", "the same in the order ba, mapped back"),
        _field("confidence", "how sure of its verdict the judge is, 0 to 1"),
        _field("confidence_swapped", "the same in the order ba"),
        _field("judge_rationale", "why the judge says so", "reason", "explanation"),
        _field("clause_verdicts", "the judge's verdict per clause: a list of {clause, verdict, quote}"),
        _field("label", "what a person says", "human_label", "human", "gold", "preference", "choice"),
        _field("annotator", "which person; `people` if absent", "annotator_id", "worker", "rater"),
        _field("labels", "what several people say, an object of label by annotator", "human_labels"),
        _field("round", "annotate, review or adjudicate"),
        _field("rationale", "why the person says so", "human_rationale"),
        _field("clauses", "the clauses that the person cites, a list"),
        *_TEXTS,
        *_RESPONSES[:2],
        _field("length_a", "characters of the first response, where its text is not there"),
        _field("length_b", "characters of the second response, where its text is not there"),
    ),
}


def check_names(kind: Kind, defaults: Defaults) -> None:
    """Make sure that the fields named for mapping and for constants exist.

    Raises:
        BadInput: A field is unknown, or is both mapped and set.
    """
    known = [field.name for field in FIELDS[kind]]
    for name in (*defaults.columns, *defaults.constants):
        if name not in known:
            raise BadInput(f"{kind} have no field {name!r}; their fields are {', '.join(known)}")
    if both := sorted(defaults.columns.keys() & defaults.constants.keys()):
        raise BadInput(f"{both[0]} is both mapped to a column and set to a value; choose one")


def missing_fields(kind: Kind, header: Collection[str], defaults: Defaults) -> tuple[str, ...]:
    """Return what a header lacks for its rows to make sense, as sentences.

    Only formats that name their columns once have a header; elsewhere every row speaks for itself.
    """
    lost = [
        f"there is no column {column!r} to read {name} from"
        for name, column in defaults.columns.items()
        if column not in header
    ]
    found = _columns(kind, tuple(header), _pairs(defaults.columns)).keys() | defaults.constants.keys()
    wanted = [
        f"there is no column for {' or '.join(one)}"
        for one in _NEEDED[kind]
        if not any(name in found for name in one)
    ]
    return tuple(lost + wanted)


_PROMPT_NAMES = ("messages", "prompt", "instruction", "input", "chosen", "response_a")
_NEEDED: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    "prompts": (("messages", "prompt", "instruction", "input"),),
    "pairs": (_PROMPT_NAMES, ("response_a", "chosen"), ("response_b", "rejected")),
    "labels": (("pair_id", "response_a", "chosen"), ("annotator",), ("verdict", "chosen")),
    "verdicts": (("pair_id", "response_a", "chosen"), ("judge",), ("verdict",)),
    "evaluations": (("pair_id",),),
    "tasks": (("kind",), ("messages", "prompt", "instruction", "input")),
}


def columns_of(kind: Kind, row: Mapping[str, object], defaults: Defaults) -> Mapping[str, str]:
    """Return, by field, the column of this row that holds it."""
    return _columns(kind, tuple(row), _pairs(defaults.columns))


def _pairs(columns: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(columns.items())


@lru_cache(maxsize=256)
def _columns(kind: Kind, keys: tuple[str, ...], mapped: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Return column by field; rows of one file share a few sets of keys, so this is looked up."""
    plain = {key.strip().casefold(): key for key in reversed(keys)}
    own = dict(mapped)
    found: dict[str, str] = {}
    for field in FIELDS[kind]:
        if field.name in own:
            if own[field.name] in keys:
                found[field.name] = own[field.name]
            continue
        named = next((plain[name] for name in (field.name, *field.synonyms) if name in plain), None)
        if named is not None and named not in own.values():
            found[field.name] = named
    return found
