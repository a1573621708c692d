"""Events told to the database as the sink would, for pages that show them."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

import asyncpg

from prefstream.adapters.postgres.projections import project
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import Quote, Refinement
from prefstream.schemas.routes import Reason, ReasonCode
from prefstream.schemas.values import ClauseVerdict, Preference, Stakes, Verdict
from tests import factories as make

_OFFSETS = count()
#: Text of somebody who means no good, right to left, and mixed.
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)> "%(name)s" {{ 7*7 }} \u202egnp.exe'
ARABIC = "ما هو حاصل ضرب 17 في 23؟"
HEBREW = "התשובה היא 391, כלומר seventeen times twenty-three."


async def tell(pool: asyncpg.Pool, *events: Event) -> None:
    """Project events as one batch."""
    records = [make.a_record(event, offset=next(_OFFSETS)) for event in events]
    async with pool.acquire() as connection, connection.transaction():
        await project(connection, records)


def a_long_history(pair_id: str = "pair-1") -> Sequence[Event]:
    """Return all that can happen to a pair: judged, disputed, adjudicated, revised, validated."""
    noon = make.NOON
    later = [noon + timedelta(minutes=7 * n) for n in range(9)]
    ada = label(pair_id, "ada", Verdict.A_BETTER, at=later[2], rationale=HOSTILE, clauses=("P1",))
    bob = label(pair_id, "bob", Verdict.B_BETTER, at=later[3], rationale=HEBREW, clauses=("P1",))
    cleo = label(
        pair_id,
        "cleo",
        Verdict.A_MUCH_BETTER,
        at=later[5],
        round="adjudicate",
        error_category="clause_misread",
        refinement=Refinement(clause="P1", kind="rule", text="The correct answer must win."),
        quotes=(Quote(response="a", text="391", clause="P1"),),
    )
    judged = make.a_pair_judged(
        pair_id=pair_id,
        votes=(
            make.a_vote(
                rationale="A multiplies rightly.",
                clause_verdicts=(ClauseVerdict(clause="P1", verdict="A", quote="391"),),
            ),
            make.a_vote(order="ba", raw="B", verdict=None, unpriced_calls=1),
        ),
        flags=("quote_not_found",),
    )
    return (
        make.a_pair_proposed(
            pair_id=pair_id,
            messages=(make.a_message("Be short.", role="system"), make.a_message(ARABIC)),
            response_a=make.a_response(f"{HEBREW}\n\n{HOSTILE}", model="model-1"),
            response_b=make.a_response("It is **401**, `17*23`.", model="model-2"),
            stakes=Stakes.HIGH,
            tags=("sums",),
        ),
        judged,
        make.a_pair_routed(
            pair_id=pair_id,
            overlap=2,
            reasons=(Reason(code=ReasonCode.MANDATORY, clause="P1", detail="trigger E1"),),
        ),
        ada,
        bob,
        disputed(pair_id, "review", (ada, bob), at=later[4]),
        disputed(pair_id, "adjudicate", (ada, bob), at=later[4] + timedelta(seconds=1)),
        cleo,
        make.a_label_resolved(
            pair_id=pair_id,
            label=Preference.A_MUCH_BETTER,
            method="adjudication",
            evidence=(cleo.event_id,),
            occurred_at=later[5],
        ),
        make.a_label_withdrawn(
            pair_id=pair_id, label_id=bob.event_id, annotator="bob", by="lea", occurred_at=later[6]
        ),
        make.a_pair_validated(
            pair_id=pair_id,
            label=Preference.A_MUCH_BETTER,
            method="adjudication",
            resolution_id=derived_id("test", "LabelResolved", pair_id),
            occurred_at=later[5],
        ),
    )


def label(pair_id: str, annotator: str, verdict: Verdict, *, at: object = None, **changes: object) -> Event:
    """Return a label."""
    when = {"occurred_at": at} if at is not None else {}
    return make.a_label_submitted(pair_id=pair_id, annotator=annotator, verdict=verdict, **when, **changes)


def disputed(pair_id: str, next_round: str, labels: Sequence[Event], *, at: object) -> Event:
    """Return a dispute about labels."""
    return make.a_label_disputed(
        pair_id=pair_id,
        next_round=next_round,
        evidence=tuple(one.event_id for one in labels),
        event_id=derived_id("test", "LabelDisputed", pair_id, next_round),
        occurred_at=at,
    )
