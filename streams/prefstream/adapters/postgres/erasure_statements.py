"""What erasing says to the database: which rows hold content of a prompt or a person, and what stays.

Each statement touches only rows that still hold something, so that the same again counts nothing.
"""

# ruff: noqa: S608  every name is one of our own
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from prefstream.domain.erasure.owners import CONTENT_TOPICS, TOPIC_OWNERS
from prefstream.schemas import topics

#: What the journal says in place of an answer: stages read it as one that says nothing.
NO_ANSWER: Final = b'{"text":"","tool":null,"stop":"unreadable","model":"","usage":{},"why":"erased"}'


def _topics(kind: str) -> str:
    return ", ".join(f"'{name}'" for name, prefix in sorted(TOPIC_OWNERS.items()) if prefix == kind)


# Ids of prompts, pairs and tasks may be the same, so each is looked for where it belongs.
_KEYED: Final = f"""(
  topic in ({_topics("prompt:")}) and key = any(:prompt_keys)
  or topic in ({_topics("pair:")}) and key = any(:pair_keys)
  or topic in ({_topics("task:")}) and key = any(:task_keys)
)"""
_ANY_KEY: Final = "key = any(:prompt_keys || :pair_keys || :task_keys)"
_SHOWN: Final = """(
  pair_id = any(:pairs) and round in ('annotate', 'review', 'adjudicate')
  or pair_id = any(:tasks) and round not in ('annotate', 'review', 'adjudicate')
)"""
_ASKED: Final = """(
  subject = any(:prompts) and purpose not in ('judging', 'critique', 'drafting')
  or subject = any(:pairs) and purpose in ('judging', 'critique', 'drafting')
)"""
_DETOURS: Final = ", ".join(sorted(f"'{spec.name}'" for spec in topics.RAW))
# The list of the index `archive_plain`, which serves only where it is the same.
_NOT_INDEXED: Final = {topics.LABELS_RESOLVED.name, *(spec.name for spec in topics.RAW)}
_CONTENT: Final = ", ".join(f"'{name}'" for name in sorted(CONTENT_TOPICS - _NOT_INDEXED))
# The list of the index that pages of pairs use.
_OF_PAIRS: Final = """topic in (
  'pairs.proposed.v1', 'pairs.judged.v1', 'pairs.routed.v1', 'labels.submitted.v1', 'labels.resolved.v1',
  'pairs.validated.v1', 'pairs.rejected.v1'
)"""
_PLAIN: Final = f"digest is null and value is not null and topic in ({_CONTENT})"
_GONE: Final = "digest = sha256(value), value = '\\x00'::bytea"
_WORDS: Final = "rationale <> '' or quotes <> '[]' or refinement is not null or withdrawn_reason <> ''"
_WORDLESS: Final = """rationale = '', quotes = '[]', refinement = null,
  withdrawn_reason = case when withdrawn_reason is not null then '' end"""
_UNREFINED: Final = """body = '', decided_why = '',
  state = case state when 'proposed' then 'rejected' else state end"""

_ENDED: Final = "draft = null, ended_at = coalesce(ended_at, now()), ending = coalesce(ending, 'released')"

#: What stages still write about a pair or a prompt after it was erased, for they read it from the log.
LATE: Final[Sequence[tuple[str, str]]] = (
    ("journal", f"update journal set content = :answer where {_ASKED} and content <> :answer"),
    # Whoever waits for it asks again.
    ("batch_calls", f"delete from batch_calls where {_ASKED} and state = 'queued'"),
    (
        "batch_calls",
        f"update batch_calls set request = '{{}}', last_reason = '' where {_ASKED} and request <> '{{}}'",
    ),
    (
        "stage_states",
        "delete from stage_states where stage = 'validation' and key = any(select 'text:' || unnest(:pairs))",
    ),
)
#: Of a prompt, by the table that is blanked.
OF_PROMPT: Final[Sequence[tuple[str, str]]] = (
    (
        "archive",
        f"""
update archive set {_GONE} where {_PLAIN} and {_ANY_KEY} and {_KEYED}
""",
    ),
    (
        "archive",
        f"""
update archive set {_GONE} where subject = any(:pairs) and {_OF_PAIRS} and type = 'QuarantineDecided'
  and digest is null and value is not null
""",
    ),
    ("labels", f"update labels set {_WORDLESS} where pair_id = any(:pairs) and ({_WORDS})"),
    (
        "withdrawals",
        """
update withdrawals set withdrawn_reason = '' where pair_id = any(:pairs) and withdrawn_reason <> ''
""",
    ),
    ("outbox", f"delete from outbox where {_KEYED}"),
    (
        "refinements",
        f"""
update refinements set {_UNREFINED} where pair_id = any(:pairs) and (body <> '' or decided_why <> '')
""",
    ),
    (
        "submissions",
        f"""
update submissions set answer = '{{}}', feedback = null
where {_SHOWN} and (answer::text <> '{{}}' or feedback is not null)
""",
    ),
    (
        "leases",
        f"update leases set {_ENDED} where {_SHOWN} and (draft is not null or ended_at is null)",
    ),
    # Nobody is asked about what nobody can read.
    ("tasks", f"update tasks set open = false where open and {_SHOWN}"),
    ("gold_items", "update gold_items set why = '' where pair_id = any(:pairs) and why <> ''"),
    *LATE,
    ("recorded_verdicts", "delete from recorded_verdicts where pair_id = any(:pairs)"),
    (
        "dead_letters",
        f"""
update dead_letters set value = null, detail = '', reason = 'erased'
where (value is not null or detail <> '') and {_KEYED}
""",
    ),
)
#: Of a person, by the table that is blanked.
OF_PERSON: Final[Sequence[tuple[str, str]]] = (
    (
        "archive",
        f"""
update archive set {_GONE} where {_PLAIN} and (
  topic = '{topics.ANNOTATORS_ASSESSED.name}' and key = any(:person_keys)
  or event_id in (
    select event_id from labels where annotator = any(:people)
    union select withdrawal_id from labels where annotator = any(:people)
    union select event_id from task_answers where annotator = any(:people)
  )
)
""",
    ),
    ("labels", f"update labels set {_WORDLESS} where annotator = any(:people) and ({_WORDS})"),
    (
        "withdrawals",
        """
update withdrawals w set withdrawn_reason = '' from labels l
where l.event_id = w.label_id and l.annotator = any(:people) and w.withdrawn_reason <> ''
""",
    ),
    (
        "outbox",
        """
delete from outbox o using submissions s
where s.submission_id = o.submission_id and s.person_id = any(:people)
""",
    ),
    (
        "refinements",
        f"""
update refinements set {_UNREFINED} where person_id = any(:people) and (body <> '' or decided_why <> '')
""",
    ),
    (
        "submissions",
        """
update submissions set answer = '{}', feedback = null
where person_id = any(:people) and (answer::text <> '{}' or feedback is not null)
""",
    ),
    (
        "leases",
        f"""
update leases set {_ENDED} where person_id = any(:people) and (draft is not null or ended_at is null)
""",
    ),
    ("idempotency_keys", "delete from idempotency_keys where person_id = any(:people)"),
    (
        "annotator_actions",
        "update annotator_actions set why = '' where person_id = any(:people) and why <> ''",
    ),
    ("annotator_habits", "delete from annotator_habits where person_id = any(:people)"),
    ("sessions", "delete from sessions where person_id = any(:people)"),
    ("api_tokens", "delete from api_tokens where person_id = any(:people)"),
    (
        "people",
        """
update people set name = 'erased', email = null, password_hash = null, oidc_subject = null,
  preferences = '{}', paused_why = null, disabled_at = coalesce(disabled_at, now())
where person_id = any(:people)
  and (name <> 'erased' or email is not null or password_hash is not null or oidc_subject is not null
    or preferences <> '{}' or paused_why is not null)
""",
    ),
)
#: Bytes of others that name what is erased; `:named` are the fields as JSON writes them.
NAMING: Final[Sequence[tuple[str, str]]] = (
    (
        "dead_letters",
        """
update dead_letters d set value = null, detail = '', reason = 'erased'
where value is not null and exists (select from unnest(:named) as n where position(n in d.value) > 0)
""",
    ),
    (
        "webhook_deliveries",
        """
update webhook_deliveries d set body = '', last_error = 'erased',
  ended_at = coalesce(ended_at, now()), state = case state when 'pending' then 'failed' else state end
where body <> '' and exists (select from unnest(:named) as n where position(n in d.body) > 0)
""",
    ),
    (
        "idempotency_keys",
        """
delete from idempotency_keys k
where exists (select from unnest(:named) as n where position(n in k.answer) > 0)
""",
    ),
)
#: Original bytes of records on a detour, for whoever looks for what they name.
DETOURS: Final = f"""
select event_id, topic, key, value, headers from archive
where topic in ({_DETOURS}) and value <> '\\x00'::bytea
"""
#: Those are let go of with their headers, which tell what went wrong, perhaps in words of the content.
ERASE_DETOURS: Final = """
update archive set digest = coalesce(digest, sha256(value)), value = '\\x00'::bytea, headers = null
where event_id = any($1::uuid[])
"""
#: Records that the Postgres log still holds, by topic.
LEFT: Final = f"select topic, count(*) as n from log_records where {_KEYED} group by topic order by topic"

_TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("prompts", "pairs", "tasks", "people"), "text[]"),
    **dict.fromkeys(("prompt_keys", "pair_keys", "task_keys", "person_keys", "named"), "bytea[]"),
    "answer": "bytea",
}
_NAME: Final = re.compile(rf"(?<!:):({'|'.join(_TYPES)})\b")


def bound(statement: str, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return a statement with numbers in place of names, and the values in their order.

    >>> bound("delete from t where a = any(:pairs)", {"pairs": ["p"]})
    ('delete from t where a = any($1::text[])', [['p']])
    """
    names = sorted({match[1] for match in _NAME.finditer(statement)})
    query = _NAME.sub(lambda match: f"${names.index(match[1]) + 1}::{_TYPES[match[1]]}", statement)
    return query, [values[name] for name in names]
