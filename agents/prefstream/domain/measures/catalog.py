"""What every figure of a slice is called, what it is in and which way is better, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from prefstream.schemas.errors import BadInput

Unit = Literal["share", "coefficient", "usd", "seconds", "events"]
#: Whom a figure is about: people among themselves, judges, judges beside people, the slice's work, a count.
Family = Literal["people", "judges", "judges_and_people", "work", "funnel"]
#: What every counter of the funnel begins with.
FUNNEL: Final = "funnel:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of a slice and window."""

    name: str
    title: str
    unit: Unit
    family: Family
    #: `None`: neither; further from `neutral` is worse where there is one.
    higher_is_better: bool | None
    meaning: str
    #: Names of the thresholds that alerts know for it.
    thresholds: tuple[str, ...] = ()
    #: What its subjects are; empty: it has none. The figure of all together has the empty subject.
    subjects: str = ""
    #: Where nothing favours either side.
    neutral: float | None = None
    #: Why it may mislead; `None`: it is what it says. Whoever shows the figure shows this too.
    biased: str | None = None
    #: Computed anew at every look, of now and not of a window: the same in every window.
    gauge: bool = False


_AGREEMENT: Final = ("agreement_warning", "agreement_retraining")
_STEPS: Final[Mapping[str, str]] = {
    "proposed": "Pairs proposed",
    "judged": "Pairs judged, failures included",
    "no_verdict": "Pairs of which the judges gave no verdict",
    "accepted": "Pairs whose judgement was accepted",
    "escalated": "Pairs sent to people",
    "audited": "Pairs that the audit coin sent to people, whatever the route",
    "reopened": "Pairs whose acceptance was taken back",
    "labels": "Labels by people that stand",
    "disputed": "Disputes",
    "resolved": "Resolutions, later ones of a pair included",
    "validated": "Validations, later ones of a pair included",
    "quarantined": "Quarantines, later ones of a pair included",
    "rejected": "Rejections, later ones of a pair included",
}
_AMONG_PEOPLE: Final = (
    Measure(
        name="alpha_nominal",
        title="Krippendorff's alpha, nominal",
        unit="coefficient",
        family="people",
        higher_is_better=True,
        meaning="Agreement of all people on A, tie, B or both bad, beyond what chance gives.",
        thresholds=_AGREEMENT,
    ),
    Measure(
        name="alpha_ordinal",
        title="Krippendorff's alpha, ordinal",
        unit="coefficient",
        family="people",
        higher_is_better=True,
        meaning="Agreement of all people on the five points; near misses count less.",
        thresholds=_AGREEMENT,
    ),
    Measure(
        name="gwet_ac1",
        title="Gwet's AC1",
        unit="coefficient",
        family="people",
        higher_is_better=True,
        meaning="Agreement beyond chance that stays steady when nearly all labels are alike.",
    ),
    Measure(
        name="fleiss_kappa",
        title="Fleiss' kappa",
        unit="coefficient",
        family="people",
        higher_is_better=True,
        meaning="Agreement beyond chance as if all pairs had the same people.",
    ),
    Measure(
        name="percent_agreement",
        title="Percent agreement",
        unit="share",
        family="people",
        higher_is_better=True,
        meaning="Share of pairs of labels that say the same; chance is not taken out.",
    ),
    Measure(
        name="cohen_kappa",
        title="Cohen's kappa",
        unit="coefficient",
        family="people",
        higher_is_better=True,
        meaning="Agreement of two people beyond chance.",
        thresholds=("kappa_warning", "kappa_retraining", "kappa_bands"),
        subjects="two people, as ann|bob",
    ),
    Measure(
        name="gold_accuracy",
        title="Gold accuracy",
        unit="share",
        family="people",
        higher_is_better=True,
        meaning="Share of gold questions that people answered as expected.",
        thresholds=("gold_accuracy",),
    ),
)
_JUDGES: Final = (
    Measure(
        name="judge_agreement_audited",
        title="Judge against people, audited",
        unit="share",
        family="judges_and_people",
        higher_is_better=True,
        meaning="Share of audited pairs on which the judges' label and the people's say the same of A, tie "
        "and B. The coin draws all pairs alike, so it speaks for the whole slice. Its limits hold however "
        "often one looks; those of subject wilson hold for one look.",
        thresholds=("judge_agreement",),
        subjects="empty: limits for all looks; wilson: for one look",
    ),
    Measure(
        name="judge_agreement_all",
        title="Judge against people, all pairs people labelled (biased)",
        unit="share",
        family="judges_and_people",
        higher_is_better=True,
        meaning="The same over every pair that people resolved, audited or escalated.",
        biased="Escalated pairs are the ones judges find hard: it says too little of the judges.",
    ),
    Measure(
        name="trace_coverage",
        title="Clause-trace coverage",
        unit="share",
        family="judges_and_people",
        higher_is_better=True,
        meaning="Share of labels and of judges' votes that cite at least one clause of the constitution.",
        thresholds=("trace_coverage",),
        subjects="people, judge, and both together",
    ),
    Measure(
        name="position_bias",
        title="Preference for what is shown first",
        unit="share",
        family="judges_and_people",
        higher_is_better=None,
        neutral=0.5,
        meaning="Share of preferences for the response shown first: of judges in pairs read in both orders, "
        "of people by the sides they saw.",
        subjects="people, judge",
    ),
    Measure(
        name="length_bias",
        title="Preference for the longer response",
        unit="share",
        family="judges_and_people",
        higher_is_better=None,
        neutral=0.5,
        meaning="Share in which the longer response is preferred, of resolved pairs whose lengths differ by "
        "more than 10 % and of which one response is preferred.",
        subjects="people, judge, and the final label",
        biased="A longer response may be the better one: above one half is no fault by itself.",
    ),
    Measure(
        name="refusal_preferred_share",
        title="Refusals preferred",
        unit="share",
        family="work",
        higher_is_better=None,
        meaning="Share in which the refusal won, of resolved pairs of a refusal and an answer; ties count "
        "as not won.",
        biased="Refusals are told by their opening phrases, in English and German: others are missed.",
    ),
)
_WORK: Final = (
    Measure(
        name="informativeness",
        title="Informativeness",
        unit="share",
        family="work",
        higher_is_better=True,
        meaning="Share of resolved pairs in which one response is better: no tie.",
        thresholds=("informativeness",),
    ),
    Measure(
        name="escalation_share",
        title="Escalated",
        unit="share",
        family="work",
        higher_is_better=None,
        meaning="Share of routed pairs that went to people, audits of accepted pairs not counted.",
        thresholds=("escalation",),
    ),
    Measure(
        name="audit_share",
        title="Audited",
        unit="share",
        family="work",
        higher_is_better=None,
        meaning="Share of routed pairs that the coin sent to people.",
    ),
    Measure(
        name="cost_per_usable_pair_usd",
        title="Cost per usable pair",
        unit="usd",
        family="work",
        higher_is_better=False,
        meaning="What judging and generation cost, over the pairs that were validated.",
        thresholds=("cost_per_usable_pair",),
    ),
    Measure(
        name="time_to_label_s",
        title="Time to label",
        unit="seconds",
        family="work",
        higher_is_better=False,
        meaning="From the question to people until their label: median and ninth decile, from counts in "
        "steps of a fifth, so within about a tenth.",
        thresholds=("time_to_label",),
        subjects="p50, p90",
    ),
    Measure(
        name="queue_age_s",
        title="Age of the oldest open task",
        unit="seconds",
        family="work",
        higher_is_better=False,
        meaning="How long the task that has waited longest has been open.",
        thresholds=("starvation",),
        gauge=True,
    ),
)


def _counts() -> tuple[Measure, ...]:
    return tuple(
        Measure(
            name=f"{FUNNEL}{step}",
            title=title,
            unit="events",
            family="funnel",
            higher_is_better=None,
            meaning=f"{title}, in the window.",
        )
        for step, title in _STEPS.items()
    )


#: Every figure by its name, in the order in which it is shown.
CATALOG: Final[Mapping[str, Measure]] = MappingProxyType(
    {one.name: one for one in (*_AMONG_PEOPLE, *_JUDGES, *_WORK, *_counts())}
)


def measure_named(name: str) -> Measure:
    """Return a measure by its name; `cohen_kappa:ann|bob`, as events say it, is `cohen_kappa`.

    >>> measure_named("trace_coverage:people").title
    'Clause-trace coverage'

    Raises:
        BadInput: There is no such measure.
    """
    found = CATALOG.get(name) or CATALOG.get(name.partition(":")[0])
    if found is None:
        raise BadInput(f"there is no measure {name!r}; there are {', '.join(CATALOG)}")
    return found
