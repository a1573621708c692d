"""The columns of an audit table: one row a pair, or a pair and a judge, or a pair and a person."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from prefstream.schemas.errors import BadInput

#: Fields with the columns they are looked for in, best first, and what they hold.
FIELDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "pair_id": (("pair_id", "id", "idx", "item_id"), "the pair"),
    "slice": (("slice", "category", "capability", "subset"), "the slice; all pairs are one if absent"),
    "judge": (("judge", "judge_id", "judge_model"), "who judged, where each row holds one judge"),
    "confidence": (("confidence", "judge_confidence", "conf"), "how sure the judge is, 0 to 1"),
    "p_a": (("p_a",), "the judge's probability that the first response is better"),
    "votes": (("votes", "judge_votes", "raw_votes", "verdicts"), "raw votes: a list, or text with commas"),
    "vote": (("vote", "verdict", "winner"), "one raw vote, where each row holds one"),
    "vote_swapped": (("vote_swapped", "verdict_swapped", "winner_swapped"), "the vote in the other order"),
    "strategy": (("strategy", "variant", "prompt_strategy"), "how the judge was asked for that vote"),
    "order": (("order",), "in which order it saw the responses for that vote"),
    "repeat": (("repeat", "sample"), "which time it is that it was asked so"),
    "judge_label": (("judge_label", "judge_verdict", "judge_preference"), "what the judge says"),
    "human_label": (
        ("human_label", "human_labels", "human", "human_verdict", "gold", "label", "preference"),
        "what a person says; a list where several do; empty where nobody labelled the pair",
    ),
    "annotator": (("annotator", "annotator_id", "worker", "rater"), "which person says so"),
    "propensity": (("propensity",), "the probability with which the pair came into the audit sample"),
    "audited": (("audited", "audit"), "whether the pair is in the audit sample"),
}
_OF_A_JUDGE = re.compile(r"(confidence|p_a|votes|judge_label)[_.:/ -]+(.+)", re.IGNORECASE)
_OF_A_PERSON = re.compile(r"(?:human_label|human|annotator|rater)[_.:/ -]*(\d+|(?<=[.:/ ]).+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditColumns:
    """Which column holds what."""

    #: Column by field.
    fields: Mapping[str, str]
    #: For judges with columns of their own: column by field, by judge.
    judges: Mapping[str, Mapping[str, str]]
    #: Columns that hold one person's labels each, by that person.
    people: Mapping[str, str]


def audit_columns(header: Collection[str], mapped: Mapping[str, str], *, whole: bool = True) -> AuditColumns:
    """Return which column holds what.

    Args:
        header: The columns there are.
        mapped: Column by field, where a column has a name of its own.
        whole: Whether these are all columns of the table; a single row of JSONL may lack some.

    Raises:
        BadInput: A column that must be there is not, or a field is unknown.

    >>> found = audit_columns(["id", "confidence:gpt", "judge_label:gpt", "gold"], {})
    >>> found.fields["human_label"], found.judges
    ('gold', {'gpt': {'confidence': 'confidence:gpt', 'judge_label': 'judge_label:gpt'}})
    """
    for name, column in mapped.items():
        if name not in FIELDS:
            raise BadInput(f"audit tables have no field {name!r}; their fields are {', '.join(FIELDS)}")
        if whole and column not in header:
            raise BadInput(f"there is no column {column!r} to read {name} from; there are {_named(header)}")
    plain = {column.strip().casefold(): column for column in reversed(list(header))}
    fields = {name: column for name, column in mapped.items() if column in header}
    for name, (synonyms, _) in FIELDS.items():
        named = next((plain[one] for one in synonyms if one in plain), None)
        if name not in mapped and named is not None and named not in mapped.values():
            fields[name] = named
    rest = [column for column in header if column not in fields.values()]
    judges: dict[str, dict[str, str]] = {}
    for column in rest:
        if found := _OF_A_JUDGE.fullmatch(column.strip()):
            judges.setdefault(found[2], {})[found[1].casefold()] = column
    people = {found[1]: column for column in rest if (found := _OF_A_PERSON.fullmatch(column.strip()))}
    columns = AuditColumns(fields=fields, judges=judges, people=people)
    if whole:
        _check(columns, header)
    return columns


def _check(columns: AuditColumns, header: Collection[str]) -> None:
    fields = columns.fields
    lost = []
    if "pair_id" not in fields:
        lost.append("pair_id")
    if "human_label" not in fields and not columns.people:
        lost.append("human_label")
    if not any(_says(of_judge) for of_judge in (fields, *columns.judges.values())):
        lost.append("judge_label with confidence, or votes")
    if lost:
        raise BadInput(
            f"there is no column for {', nor for '.join(lost)}; there are {_named(header)}."
            " Name a column with --map FIELD=COLUMN"
        )
    if "judge" in fields and columns.judges:
        raise BadInput(
            f"the judge stands in the column {fields['judge']!r} and in the names of columns"
            f" ({', '.join(columns.judges)}); keep one of the two"
        )
    for judge, own in columns.judges.items():
        if not _says(own):
            raise BadInput(
                f"judge {judge!r} has {' and '.join(own)} only; it needs judge_label with"
                " confidence, or votes"
            )


def _says(fields: Mapping[str, str]) -> bool:
    told = fields.keys()
    return bool({"votes", "vote", "vote_swapped", "p_a"} & told) or {"confidence", "judge_label"} <= told


def _named(header: Collection[str]) -> str:
    return ", ".join(map(repr, header)) or "none"
