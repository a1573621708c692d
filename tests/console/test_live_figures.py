"""What /metrics of the console shows of slices and alerts."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from prefstream.console.live_figures import LiveFigures
from prefstream.schemas.ids import derived_id
from tests import factories as make
from tests.console.lines import figures, show
from tests.console.running import RunningConsole
from tests.console.test_live import People

pytestmark = pytest.mark.postgres


async def test_metrics_show_figures_and_open_alerts(console: RunningConsole, people: People) -> None:
    await show(
        console.pool,
        figures('la"w', 0.75),
        make.an_alert_raised(),
        make.an_alert_raised(alert_id="b", slice="code", event_id=derived_id("b")),
        make.an_alert_cleared(alert_id="b", slice="code"),
    )
    client = console.client(await people("viewer"))

    await console.parts.feed.look(console.pool)
    text = (await client.get("/metrics")).text

    samples = {
        (one.name, *(one.labels[name] for name in sorted(one.labels))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }
    assert samples["prefstream_slice_agreement", 'la"w', "alpha_nominal", "", "24h"] == 0.75
    assert [key for key in samples if key[0] == "prefstream_alerts"] == [
        ("prefstream_alerts", "warning", "arithmetic", "cohen_kappa")
    ]
    assert samples["prefstream_slices_left_out",] == 0
    assert samples["prefstream_live_look_age_seconds",] < 60


async def test_an_event_is_read_once_however_often_somebody_scrapes(console: RunningConsole) -> None:
    await show(console.pool, figures("law", 0.75))
    await console.parts.feed.look(console.pool)
    collector = LiveFigures(console.parts.feed, most_slices=5)

    first, second = list(collector.collect()), list(collector.collect())

    assert [one.samples for one in first[:2]] == [one.samples for one in second[:2]]
