"""Make the dashboards of Grafana: .venv/bin/python ops/grafana/make_dashboards.py."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

DASHBOARDS: Final = Path(__file__).parent / "dashboards"
_SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
_WIDTH: Final = 24
_WHERE: Final = 'slice=~"$slice", window="$window"'
_WARN: Final = ((None, "red"), (0.75, "orange"), (0.80, "green"))


def slices() -> dict[str, Any]:
    """Return the dashboard about agreement and work of slices."""
    panels = (
        _series(
            "Agreement among people (Krippendorff's alpha) and its lower limit",
            (f'slice:prefstream_slice_agreement:max{{{_WHERE}, statistic="alpha_nominal"}}', "{{slice}}"),
            (
                f'slice:prefstream_slice_agreement_low:max{{{_WHERE}, statistic="alpha_nominal"}}',
                "{{slice}} lower limit",
            ),
            steps=_WARN,
        ),
        _series(
            "Judges against people, audited pairs (unbiased)",
            (
                (
                    f'slice:prefstream_slice_ratio:max{{{_WHERE}, subject="", '
                    'statistic="judge_agreement_audited"}'
                ),
                "{{slice}}",
            ),
            steps=_WARN,
            unit="percentunit",
        ),
        _series(
            "Informativeness, gold accuracy, clause-trace coverage",
            (
                (
                    f'slice:prefstream_slice_ratio:max{{{_WHERE}, subject="", '
                    'statistic=~"informativeness|gold_accuracy|trace_coverage"}'
                ),
                "{{slice}} {{statistic}}",
            ),
            unit="percentunit",
        ),
        _series(
            "Sent to people",
            (f'slice:prefstream_slice_ratio:max{{{_WHERE}, statistic="escalation_share"}}', "{{slice}}"),
            unit="percentunit",
        ),
        _series(
            "Preference for the longer and for the first response (one half favours neither)",
            (
                f'slice:prefstream_slice_ratio:max{{{_WHERE}, statistic=~"length_bias|position_bias"}}',
                "{{slice}} {{statistic}} {{subject}}",
            ),
            unit="percentunit",
        ),
        _series(
            "The funnel in the window",
            (
                (
                    'sum by (statistic) (slice:prefstream_slice_events:max{slice=~"$slice", '
                    'window="$window", '
                    'statistic=~"proposed|judged|accepted|escalated|labels|resolved|validated|rejected"})'
                ),
                "{{statistic}}",
            ),
        ),
        _series(
            "Cost per usable pair",
            (f"max by (slice) (prefstream_slice_cost_usd{{{_WHERE}}})", "{{slice}}"),
            unit="currencyUSD",
        ),
        _series(
            "Time to label, and the oldest open task",
            (
                f"max by (slice, statistic, subject) (prefstream_slice_seconds{{{_WHERE}}})",
                "{{slice}} {{statistic}} {{subject}}",
            ),
            unit="s",
        ),
        _series(
            "Open alerts",
            ('slice:prefstream_alerts:max{slice=~"$slice"}', "{{slice}} {{statistic}} {{severity}}"),
        ),
    )
    return _dashboard("prefstream-slices", "prefstream: slices", panels, _VARIABLES)


def processes() -> dict[str, Any]:
    """Return the dashboard about processes."""
    panels = (
        _series(
            "Records ended a second", ('stage:prefstream_stage_records:rate5m{outcome="done"}', "{{stage}}")
        ),
        _series(
            "Retries and dead letters a second",
            ('stage:prefstream_stage_records:rate5m{outcome=~"retry|dead"}', "{{stage}} {{outcome}}"),
        ),
        _series("Records under way", ("sum by (stage) (prefstream_stage_in_flight)", "{{stage}}")),
        _series(
            "Records said a second",
            ("sum by (stage) (rate(prefstream_stage_outputs_total[5m]))", "{{stage}}"),
        ),
        _series(
            "Labels that wait for the log, and for how long",
            ("max(prefstream_outbox_records)", "labels"),
            ("max(prefstream_outbox_age_seconds)", "seconds"),
        ),
        _series(
            "Clients that watch live, and the age of what they see",
            ("sum(prefstream_live_clients)", "clients"),
            ("max(prefstream_live_look_age_seconds)", "seconds"),
        ),
        _series("What a person must mend", ("sum by (instance) (prefstream_complaints)", "{{instance}}")),
        _series("Slices whose figures are not shown", ("max(prefstream_slices_left_out)", "slices")),
    )
    return _dashboard("prefstream-processes", "prefstream: processes", panels, ())


def files() -> Mapping[Path, str]:
    """Return what every file of a dashboard says."""
    made = {
        DASHBOARDS / f"{name}.json": one() for name, one in (("slices", slices), ("processes", processes))
    }
    return {path: json.dumps(one, indent=2, ensure_ascii=False) + "\n" for path, one in made.items()}


def _variable(name: str, query: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
    } | more


_VARIABLES: Final = (
    _variable(
        "slice",
        "label_values(slice:prefstream_slice_events:max, slice)",
        multi=True,
        includeAll=True,
        allValue=".*",
        current={"text": "All", "value": "$__all"},
    ),
    _variable(
        "window",
        "label_values(slice:prefstream_slice_events:max, window)",
        current={"text": "24h", "value": "24h"},
    ),
)


def _series(
    title: str,
    *queries: tuple[str, str],
    unit: str = "short",
    steps: Sequence[tuple[float | None, str]] = (),
) -> dict[str, Any]:
    drawn = {"custom": {"thresholdsStyle": {"mode": "line"}}} if steps else {}
    thresholds = [{"value": value, "color": color} for value, color in steps or ((None, "green"),)]
    return {
        "type": "timeseries",
        "title": title,
        "datasource": _SOURCE,
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": _SOURCE, "expr": expr, "legendFormat": legend}
            for number, (expr, legend) in enumerate(queries)
        ],
        "fieldConfig": {
            "defaults": {"unit": unit, "thresholds": {"mode": "absolute", "steps": thresholds}} | drawn,
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    }


def _dashboard(
    uid: str, title: str, panels: Sequence[dict[str, Any]], variables: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    half, height = _WIDTH // 2, 8
    placed = [
        panel
        | {"id": number + 1}
        | {"gridPos": {"x": number % 2 * half, "y": number // 2 * height, "w": half, "h": height}}
        for number, panel in enumerate(panels)
    ]
    return {
        "uid": uid,
        "title": title,
        "tags": ["prefstream"],
        "schemaVersion": 39,
        "timezone": "utc",
        "refresh": "15s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": list(variables)},
        "panels": placed,
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, "utf-8")
        sys.stdout.write(f"{path}\n")
