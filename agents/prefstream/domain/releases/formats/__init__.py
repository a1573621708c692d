"""Formats: what trainers load, row by row, out of pairs with their labels and answers to other tasks."""

from prefstream.domain.releases.formats.answers import AnsweredTask
from prefstream.domain.releases.formats.card import columns_table, configs, dataset_infos
from prefstream.domain.releases.formats.llama_factory import dataset_info
from prefstream.domain.releases.formats.made import REASONS, LeftOut, Made, sources
from prefstream.domain.releases.formats.registry import FORMATS, Format, made, made_of_answers, rows

__all__ = [
    "FORMATS",
    "REASONS",
    "AnsweredTask",
    "Format",
    "LeftOut",
    "Made",
    "columns_table",
    "configs",
    "dataset_info",
    "dataset_infos",
    "made",
    "made_of_answers",
    "rows",
    "sources",
]
