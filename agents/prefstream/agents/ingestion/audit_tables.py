"""Audit tables: rows put together by pair."""

from collections.abc import Mapping, Sequence

from prefstream.agents.ingestion.audit_rows import OTHER, AuditRow, Judged, Vote
from prefstream.agents.ingestion.audit_samples import AuditSample, Pair, Reading, SampleRows
from prefstream.schemas.errors import BadInput


class AuditTable:
    """Gathers rows by pair; rows may repeat a pair for further judges or people, never contradict it."""

    def __init__(self) -> None:
        self._pairs: dict[str, Pair] = {}
        self._repeated = 0
        self._states_audit = False

    def add(self, row: AuditRow, line: int) -> None:
        """Take a row in.

        Raises:
            BadInput: It contradicts an earlier row.
        """
        self._states_audit |= row.propensity is not None
        pair = self._pairs.get(row.pair_id)
        if pair is None:
            self._pairs[row.pair_id] = Pair(
                line=line,
                slice=row.slice,
                judged=dict(row.judged),
                people=dict(row.people),
                propensity=row.propensity,
                audited=row.audited,
            )
            return
        news = [_merge_scalars(pair, row), _merge_judges(pair, row), _merge_people(pair, row)]
        self._repeated += not any(news)

    def sample(self, reading: Reading) -> AuditSample:
        """Return the evidence.

        Raises:
            BadInput: There is no row, or labels are written in ways that cannot be compared.
        """
        if not self._pairs:
            raise BadInput("there is no row")
        pairs = dict(sorted(self._pairs.items()))
        judges = self._judges(reading)
        table = SampleRows(
            audit_is_stated=self._states_audit,
            reading=reading,
            judges=judges,
            preferences=_people_state_preferences(pairs),
        )
        for pair_id, pair in pairs.items():
            table.add(pair_id, pair)
        return table.sample(self._repeated)

    def _judges(self, reading: Reading) -> tuple[str, ...]:
        known = sorted({name for pair in self._pairs.values() for name in pair.judged})
        for name in reading.judges:
            if name not in known:
                raise BadInput(f"there is no judge {name!r}; the judges are {', '.join(known)}")
        if len(set(reading.judges)) < len(reading.judges):
            raise BadInput("a judge is named twice; name each once")
        if reading.panel != "pooled" and len(known) > 1 and not reading.judges:
            raise BadInput(
                f"the order of the judges matters for a {reading.panel}; name them with --judge, first the"
                f" one that decides first: {', '.join(known)}"
            )
        return reading.judges or tuple(known)


def _merge_scalars(pair: Pair, row: AuditRow) -> bool:
    news = False
    for name in ("slice", "propensity", "audited"):
        before, now = getattr(pair, name), getattr(row, name)
        if before is not None and now is not None and before != now:
            raise _contradiction(pair, row, name, before, now)
        if before is None and now is not None:
            setattr(pair, name, now)
            news = True
    return news


def _merge_judges(pair: Pair, row: AuditRow) -> bool:
    news = False
    for name, now in row.judged.items():
        before = pair.judged.get(name)
        if before is None:
            pair.judged[name] = now
            news = True
        elif now.partial:
            more = _more_votes(pair, row, before.votes, now.votes)
            pair.judged[name] = Judged(None, None, before.votes + more, partial=True)
            news |= bool(more)
        elif before != now:
            if before.answer != now.answer:
                raise _contradiction(pair, row, "judge_label", before.answer, now.answer)
            raise _contradiction(
                pair, row, "confidence", before.confidence or before.votes, now.confidence or now.votes
            )
    return news


def _more_votes(pair: Pair, row: AuditRow, before: Sequence[Vote], now: Sequence[Vote]) -> tuple[Vote, ...]:
    known = {vote.key: vote for vote in before if vote.key}
    for vote in now:
        if (same := known.get(vote.key)) is not None and same != vote:
            raise _contradiction(pair, row, "vote", same.answer, vote.answer)
    return tuple(vote for vote in now if vote.key not in known)


def _merge_people(pair: Pair, row: AuditRow) -> bool:
    news = False
    for who, answer in row.people:
        if who:
            if (before := pair.people.get(who)) is not None and before != answer:
                raise _contradiction(pair, row, f"the label of {who}", before, answer)
            news |= who not in pair.people
            pair.people[who] = answer
        elif answer not in (nameless := [said for key, said in pair.people.items() if _nameless(key)]):
            # Nobody is named: the same answer again is the same row again, another is another person's.
            pair.people["" if not nameless else f"#{len(nameless)}"] = answer
            news = True
    return news


def _nameless(who: str) -> bool:
    return not who or who.startswith("#")


def _contradiction(pair: Pair, row: AuditRow, what: str, before: object, now: object) -> BadInput:
    return BadInput(
        f"pair {row.pair_id!r} stands on line {pair.line} with {what} {before!r} and here with {now!r};"
        " keep one of the two"
    )


def _people_state_preferences(pairs: Mapping[str, Pair]) -> bool:
    """Return whether people's labels are preferences; refuse those of which only some can be read so."""
    read, unread = 0, None
    for pair_id, pair in pairs.items():
        for answer in pair.people.values():
            if answer.startswith(OTHER):
                unread = unread or (pair_id, pair.line, answer)
            else:
                read += 1
    if read and unread is not None:
        pair_id, line, answer = unread
        raise BadInput(
            f"the human label {answer.removeprefix(OTHER)!r} of pair {pair_id!r} (line {line}) is no verdict"
            " that can be read, although others are; write A, B or tie, or leave it empty"
        )
    return unread is None
