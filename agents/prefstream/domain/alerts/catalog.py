"""The alert rules there are, with the bounds they have unless settings say otherwise."""

from math import nan
from typing import Final

from prefstream.domain.alerts.rules import Level, Rule

_WARNING: Final = "Slice warning: look at the disputed pairs of the window and at the clauses they cite."
_RETRAINING: Final = (
    "Corrective retraining is asked for: a QA lead goes through the disputed pairs with these people and "
    "decides who retrains (prefstream annotators retrain NAME); nobody is retrained by rule."
)
#: Bounds that nobody can know for others: the rule sleeps until they are set.
_UNSET: Final = nan

AGREEMENT_RULES: Final = (
    Rule(
        name="people_alpha",
        title="People agree too little (Krippendorff's alpha)",
        statistic="alpha_nominal",
        look="daily",
        side="below",
        reads="low",
        min_n=200,
        clear_margin=0.02,
        undefined_days=7,
        banded=True,
        levels=(
            Level(bound=0.80, severity="warning", action=_WARNING),
            Level(bound=0.75, severity="critical", action=_RETRAINING),
        ),
    ),
    Rule(
        name="people_kappa",
        title="Two people agree too little (Cohen's kappa)",
        statistic="cohen_kappa",
        look="daily",
        side="below",
        reads="low",
        min_n=200,
        each_subject=True,
        clear_margin=0.02,
        banded=True,
        levels=(
            Level(bound=0.80, severity="warning", action=_WARNING),
            Level(bound=0.75, severity="critical", action=_RETRAINING),
        ),
    ),
    Rule(
        name="gold_accuracy",
        title="Gold questions are answered wrongly too often",
        statistic="gold_accuracy",
        look="evidence",
        side="below",
        min_n=50,
        clear_margin=0.01,
        window="all",
        undefined_days=14,
        levels=(
            Level(
                bound=0.95,
                severity="critical",
                action="Check the questions that most people miss, then the people who miss them; "
                "see prefstream gold list and prefstream annotators list.",
            ),
        ),
    ),
)
WORK_RULES: Final = (
    Rule(
        name="informativeness",
        title="Too few resolved pairs say which response is better",
        statistic="informativeness",
        look="evidence",
        side="below",
        min_n=50,
        clear_margin=0.02,
        window="all",
        levels=(
            Level(
                bound=0.60,
                severity="warning",
                action="Pair responses that differ more: other generators, temperatures or pairings.",
            ),
        ),
    ),
    Rule(
        name="judge_agreement",
        title="Judges and people agree too little on audited pairs",
        statistic="judge_agreement_audited",
        look="evidence",
        side="below",
        min_n=50,
        clear_margin=0.02,
        window="all",
        levels=(
            Level(
                bound=0.75,
                severity="warning",
                action="Find the clauses on which they part (prefstream judge), and let thresholds be found "
                "anew.",
            ),
        ),
    ),
    Rule(
        name="trace_coverage",
        title="Too few labels and verdicts cite a clause",
        statistic="trace_coverage",
        look="evidence",
        side="below",
        min_n=100,
        clear_margin=0.02,
        window="all",
        levels=(
            Level(
                bound=0.80,
                severity="warning",
                action="Ask people to cite the clause that decides, and check that judges are shown the "
                "clauses.",
            ),
        ),
    ),
    Rule(
        name="cost_per_usable_pair",
        title="A usable pair costs too much",
        statistic="cost_per_usable_pair_usd",
        look="every",
        side="above",
        min_n=50,
        levels=(
            Level(
                bound=_UNSET,
                severity="warning",
                action="See prefstream cost by slice: rejected pairs, retries, or a dearer panel are usual.",
            ),
        ),
    ),
)
GAUGE_RULES: Final = (
    Rule(
        name="starvation",
        title="A task waits for people too long",
        statistic="queue_age_s",
        look="gauge",
        side="above",
        clear_margin=3600.0,
        window="all",
        levels=(
            Level(
                bound=24 * 3600.0,
                severity="warning",
                action="See who may label this slice and raise the priority of its tasks.",
            ),
            Level(
                bound=72 * 3600.0,
                severity="critical",
                action="Bring people in for this slice, or take the slice's pairs out of the queue.",
            ),
        ),
    ),
    Rule(
        name="queue_without_people",
        title="Tasks wait in a slice that nobody may label",
        statistic="tasks_without_people",
        look="gauge",
        side="above",
        window="all",
        levels=(
            Level(
                bound=0.0,
                severity="warning",
                action="Give somebody the slice: prefstream people skills NAME SLICE.",
            ),
        ),
    ),
    Rule(
        name="lag",
        title="The chain lags behind the log",
        statistic="lag_records",
        look="gauge",
        side="above",
        clear_margin=5_000.0,
        window="all",
        levels=(
            Level(bound=10_000.0, severity="warning", action="See prefstream status: which group lags?"),
            Level(
                bound=1_000_000.0,
                severity="critical",
                action="Start more processes of the kind that lags, or stop what brings records in.",
            ),
        ),
    ),
    Rule(
        name="budget",
        title="The budget is nearly spent",
        statistic="budget_share",
        look="gauge",
        side="above",
        window="all",
        levels=(
            Level(bound=0.80, severity="notice", action="Nothing stops yet; see prefstream cost."),
            Level(
                bound=0.999,
                severity="critical",
                action="Calls to models wait: raise PREFSTREAM_BUDGET__DAY_USD or wait for the next day.",
            ),
        ),
    ),
    Rule(
        name="calibration_decay",
        title="A judge got worse on the weekly calibration set",
        statistic="calibration_drift",
        look="gauge",
        side="above",
        window="all",
        levels=(
            Level(
                bound=0.0,
                severity="warning",
                action="Compare the two weeks (prefstream annotators calibration); a vendor may have changed "
                "the model: evaluate it anew and let thresholds be found anew.",
            ),
        ),
    ),
    Rule(
        name="certificate_age",
        title="The certified policy rests on old labels",
        statistic="certificate_age_days",
        look="gauge",
        side="above",
        window="all",
        levels=(
            Level(
                bound=30.0,
                severity="warning",
                action="Audit more pairs (PREFSTREAM_CALIBRATION__AUDIT_SHARE) so that a newer one is "
                "proposed.",
            ),
        ),
    ),
)
#: What the calibrator says itself when it revokes a policy; it has a page but no bound.
DRIFT: Final = "accepted_pair_agreement"
DEFAULTS: Final = (*AGREEMENT_RULES, *WORK_RULES, *GAUGE_RULES)
