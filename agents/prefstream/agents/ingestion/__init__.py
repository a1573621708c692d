"""Ingestion: rows that somebody already has become events, or findings that say why not."""

from prefstream.agents.ingestion.defaults import Defaults, Findings
from prefstream.agents.ingestion.labels import label_event
from prefstream.agents.ingestion.notations import verdict_of
from prefstream.agents.ingestion.pairs import pair_event
from prefstream.agents.ingestion.prompts import prompt_event
from prefstream.agents.ingestion.tasks import task_event
from prefstream.agents.ingestion.verdicts import RecordedVerdict, recorded_verdict
from prefstream.agents.ingestion.vocabulary import FIELDS, Field, Kind, check_names, missing_fields

__all__ = [
    "FIELDS",
    "Defaults",
    "Field",
    "Findings",
    "Kind",
    "RecordedVerdict",
    "check_names",
    "label_event",
    "missing_fields",
    "pair_event",
    "prompt_event",
    "recorded_verdict",
    "task_event",
    "verdict_of",
]
