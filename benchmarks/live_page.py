"""The live page on a large database: how long its queries and its pages take.

    .venv/bin/python benchmarks/live_page.py                          # 200 slices, 30 days, a million labels
    .venv/bin/python benchmarks/live_page.py --labels 10000000        # as many as a year of a large team
    .venv/bin/python benchmarks/live_page.py --dsn postgresql://...   # a database that the sink has filled

Without --dsn it fills a PostgreSQL of its own by SQL, in the shape that the sink leaves: figures of every
slice and window, sums of hours, minutes of the last day, labels. It prints the median and the 95th percentile
of each query, and of whole pages rendered without a network between.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import asyncpg

from prefstream.adapters.local import LocalPostgres
from prefstream.adapters.postgres.connection import connect, pool_of
from prefstream.adapters.postgres.console import live as reading
from prefstream.adapters.postgres.console.live_alerts import alerts_now
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.console.pages import live as pages
from prefstream.console.pages.live_cards import AUDITED
from prefstream.console.scorecards import scorecard_file, scorecard_of
from prefstream.domain.trends import Week, steps_of

END = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = int(END.timestamp() // 60)
_FIGURES = """
insert into slice_metrics
select 's' || s, w, st, '', .85, .8, .9, .02, null::text, 500, $2::timestamptz
from generate_series(1, $1::int) s, unnest(array['1h','24h','7d','all']) w, unnest(array[
  'alpha_nominal','alpha_ordinal','gwet_ac1','fleiss_kappa','percent_agreement','judge_agreement_audited',
  'judge_agreement_all','escalation_share','audit_share','informativeness','trace_coverage','gold_accuracy',
  'cost_per_usable_pair_usd','funnel:proposed','funnel:judged','funnel:accepted','funnel:escalated',
  'funnel:labels','funnel:resolved','funnel:validated','funnel:rejected']) st
union all
select 's' || s, w, 'cohen_kappa', 'a' || i || '|b' || j, .8, .7, .9, .05, null::text, 30, $2::timestamptz
from generate_series(1, $1::int) s, unnest(array['1h','24h','7d','all']) w, generate_series(1, 10) i,
  generate_series(1, 10) j
"""
_UNITS = r"""
insert into agreement_rollups
select 's' || s, 'hour', $2::int - $2::int % 60 - 60 * h, k, 2, '', '',
  case k when 'ordinal' then regexp_replace(said, '([AB])', '\1>', 'g') else said end, '', 1 + (s * h) % 7
from generate_series(1, $1::int) s, generate_series(0, $3::int) h, unnest(array['nominal', 'ordinal']) k,
  unnest(array['A:2','A B','B:2','= A','= B','=:2']) said
union all
select 's' || s, 'hour', $2::int - $2::int % 60 - 60 * h, 'pair', 2, 'a' || i, 'b', said, 'A>', 1
from generate_series(1, $1::int) s, generate_series(0, $3::int) h, generate_series(1, 3) i,
  unnest(array['A>','B>','=']) said
"""
_WORK = """
insert into measure_rollups
select 's' || s, 'hour', $2::int - $2::int % 60 - 60 * h, split_part(m, ' ', 1), split_part(m, ' ', 2),
  5 + (s + h) % 9
from generate_series(1, $1::int) s, generate_series(0, $3::int) h, unnest(array[
  'funnel labels','funnel proposed','funnel judged','funnel accepted','funnel escalated','funnel resolved',
  'funnel validated','judge_audited agree','judge_audited differ','judge_all agree','judge_all differ',
  'trace people:cited','trace people:bare',
  'position people:first','position people:second','informative yes','informative no','usable validated',
  'judging nanousd','wait 3']) m
"""
_DAYS_OF_UNITS = """
insert into agreement_rollups
select slice, 'day', since - since % 1440, kind, unit_size, annotator_i, annotator_j, category_i, category_j,
  sum(n)
from agreement_rollups group by 1, 3, 4, 5, 6, 7, 8, 9
"""
_DAYS_OF_WORK = """
insert into measure_rollups
select slice, 'day', since - since % 1440, measure, key, sum(n) from measure_rollups group by 1, 3, 4, 5
"""
_MINUTES = """
insert into agreement_cells
select 's' || s, $2::int - m, k, 2, '', '', said, '', 1
from generate_series(1, $1::int) s, generate_series(0, 1440) m, unnest(array['nominal', 'ordinal']) k,
  unnest(array['A:2', 'A B']) said
"""
_LABELS = """
insert into labels (event_id, pair_id, slice, annotator, verdict, round, occurred_at, sides, dimensions,
  clauses, rationale, provenance)
select gen_random_uuid(), 'p' || n / 3, 's' || 1 + n / 3 % $1::bigint, 'a' || n % 40, 'A>', 'annotate',
  $2::timestamptz - make_interval(secs => n::float8 * $3::float8 * 3600 / $4::bigint),
  'ab', '{}', '[]', '', 'live'
from generate_series(0, $4::bigint - 1) n
"""


async def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--dsn", default="")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = None if chosen.dsn else LocalPostgres(Path(folder) / "postgres")
        dsn = server.start() if server else chosen.dsn
        try:
            if server:
                await _fill(dsn, chosen.slices, chosen.days * 24, chosen.labels)
            async with pool_of(dsn, size=3) as pool:
                await measure(pool, chosen.rounds)
        finally:
            if server:
                server.stop()


async def _fill(dsn: str, slices: int, hours: int, labels: int) -> None:
    connection = await connect(dsn)
    try:
        await upgrade(connection)
        steps: list[tuple[str, str, tuple[object, ...]]] = [
            ("figures", _FIGURES, (slices, END)),
            ("units", _UNITS, (slices, MINUTE, hours)),
            ("work", _WORK, (slices, MINUTE, hours)),
            ("days of units", _DAYS_OF_UNITS, ()),
            ("days of work", _DAYS_OF_WORK, ()),
            ("minutes", _MINUTES, (slices, MINUTE)),
            ("labels", _LABELS, (slices, END, hours, labels)),
        ]
        for name, statement, values in steps:
            began = time.perf_counter()
            done = await connection.execute(statement, *values)
            print(f"{name}: {done.split()[-1]} rows in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def measure(pool: asyncpg.Pool, rounds: int) -> None:
    """Print how long each query takes."""
    names = await reading.slices(pool)
    at = await reading.as_of(pool, names)
    assert at is not None
    twelve, until = names[:12], int(at.timestamp() // 60) + 1
    hour = at - timedelta(hours=2)
    wanted = (("alpha_nominal", ""), *pages._OVERVIEW)
    oldest = await reading.oldest(pool, twelve)

    def counted(window: str) -> Callable[[], Awaitable[object]]:
        steps = steps_of(window, until=until, oldest=oldest)  # type: ignore[arg-type]
        read = steps if window == "all" else steps.reaching_back(steps.count - 1)
        return lambda: reading.counted(pool, twelve, read, kinds=("nominal",), everything=False)

    asked: dict[str, Callable[[], Awaitable[object]]] = {
        "names of slices": lambda: reading.slices(pool),
        f"figures of {len(names)} slices": lambda: reading.figures_now(pool, names, "24h", wanted),
        "time of the figures": lambda: reading.as_of(pool, names),
        "oldest of 12 slices": lambda: reading.oldest(pool, twelve),
        "lines of 12 slices, 1h": counted("1h"),
        "lines of 12 slices, 24h": counted("24h"),
        "lines of 12 slices, 7d": counted("7d"),
        "lines of 12 slices, all": counted("all"),
        "pairs of an hour": lambda: reading.behind(pool, names[0], hour, hour + timedelta(hours=1), most=200),
        "open alerts": lambda: alerts_now(pool, most=20),
        "points of 12 slices, 24h": lambda: pages._series(pool, twelve, "24h", "alpha_nominal", at),
    }
    print(f"{'':<34} {'median ms':>10} {'p95 ms':>8}")
    for name, ask in asked.items():
        _tell(name, [await _timed(ask) for _ in range(rounds)])
    _tell("scorecard", [await _timed(lambda: _scorecard(pool, at)) for _ in range(3)])
    assert AUDITED in wanted


async def _scorecard(pool: asyncpg.Pool, at: datetime) -> str:
    return scorecard_file(await scorecard_of(pool, Week.of(at)))


async def _timed(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1000


def _tell(name: str, times_ms: list[float]) -> None:
    times_ms.sort()
    p95 = times_ms[min(len(times_ms) - 1, round(0.95 * len(times_ms)))]
    print(f"{name:<34} {statistics.median(times_ms):>10.1f} {p95:>8.1f}")


if __name__ == "__main__":
    asyncio.run(main())
