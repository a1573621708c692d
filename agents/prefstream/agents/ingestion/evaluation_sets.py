"""Rows of one or several files put together: pairs, what people said and what judges said."""

from dataclasses import dataclass

from prefstream.agents.ingestion.evaluations import EvaluationRow
from prefstream.domain.evaluation import (
    EvaluationSet,
    HumanLabel,
    Judgement,
    JudgeName,
    LabelledPair,
    Reading,
    judgement_of,
)
from prefstream.schemas.errors import BadInput

#: The slice of pairs of which no row says one.
NO_SLICE = "(none)"
_LabelKey = tuple[str, str]
_ReadingKey = tuple[str, str]


@dataclass(slots=True)
class _Gathered:
    slice: str | None
    lengths: tuple[int, int] | None
    labels: dict[_LabelKey, HumanLabel]
    row: EvaluationRow


class EvaluationRows:
    """Gathers rows by pair; what two rows say differently of the same thing is refused."""

    def __init__(self) -> None:
        self._pairs: dict[str, _Gathered] = {}
        self._readings: dict[JudgeName, dict[str, dict[_ReadingKey, Reading]]] = {}
        #: Labels and readings that a row repeated word for word.
        self.repeated = 0

    def add(self, row: EvaluationRow, *, where: str) -> None:
        """Take in a row.

        Args:
            row: What it says.
            where: File and line, for the message.

        Raises:
            BadInput: It contradicts an earlier row.
        """
        known = self._pairs.setdefault(row.pair_id, _Gathered(None, None, {}, row))
        if known.slice and row.slice and known.slice != row.slice:
            raise BadInput(
                f"{where}: pair {row.pair_id!r} is in slice {row.slice!r} here and in {known.slice!r} before"
            )
        known.slice = known.slice or row.slice
        known.lengths = known.lengths or row.lengths
        if known.row.texts is None:
            known.row = row
        for label in row.labels:
            self._add_label(known, label, where)
        for judge, repeat, reading in row.readings:
            self._add_reading(row.pair_id, judge, repeat, reading, where)

    def gathered(self) -> EvaluationSet:
        """Return everything that was taken in.

        Raises:
            BadInput: There are judgements and labels, but none of the same pair.
        """
        pairs = {key: _pair(key, one) for key, one in sorted(self._pairs.items())}
        judgements = {
            judge: {key: _judgement(readings) for key, readings in sorted(judged.items())}
            for judge, judged in sorted(self._readings.items())
        }
        judged = {key for some in judgements.values() for key in some}
        labelled = {key for key, pair in pairs.items() if pair.labels}
        if judged and labelled and not judged & labelled:
            raise BadInput(
                f"no judged pair is labelled: judges speak of {min(judged)!r} and the like,"
                f" people of {min(labelled)!r}; do the ids match?"
            )
        return EvaluationSet(pairs=pairs, judgements=judgements)

    def _add_label(self, known: _Gathered, label: HumanLabel, where: str) -> None:
        key = (label.annotator, label.round)
        before = known.labels.get(key)
        if before is not None and before.verdict != label.verdict:
            raise BadInput(
                f"{where}: {label.annotator} labels pair {known.row.pair_id!r} {label.verdict.value!r} here"
                f" and {before.verdict.value!r} before; keep one"
            )
        self.repeated += before is not None
        known.labels.setdefault(key, label)

    def _add_reading(self, pair_id: str, judge: JudgeName, repeat: str, reading: Reading, where: str) -> None:
        readings = self._readings.setdefault(judge, {}).setdefault(pair_id, {})
        key = (reading.vote.order, repeat)
        before = readings.get(key)
        if before is None:
            readings[key] = reading
            return
        if (before.vote.verdict, before.vote.p_a) != (reading.vote.verdict, reading.vote.p_a):
            raise BadInput(
                f"{where}: {judge} reads pair {pair_id!r} in the order {reading.vote.order} a second time,"
                " and says something else; number the readings in a column `repeat`, or keep one"
            )
        self.repeated += 1


def _pair(pair_id: str, one: _Gathered) -> LabelledPair:
    return LabelledPair(
        pair_id=pair_id,
        slice=one.slice or NO_SLICE,
        labels=tuple(one.labels[key] for key in sorted(one.labels)),
        lengths=one.lengths,
        texts=one.row.texts,
    )


def _judgement(readings: dict[_ReadingKey, Reading]) -> Judgement:
    return judgement_of([readings[key] for key in sorted(readings)])
