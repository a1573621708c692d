"""The gates there are: what each protects, and when a figure that does not exist fails it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate of a release."""

    id: str
    title: str
    #: What goes wrong for whoever trains on the release where it fails.
    protects: str
    #: What is compared with the limit: "at least", its lower limit or its value; "at most" likewise.
    rule: str
    #: What happens where there is no figure.
    undefined: str
    #: The field of `GateLimits` that sets its limit.
    limit: str


_GATES: Final = (
    Gate(
        id="alpha",
        title="Agreement of people, Krippendorff's ordinal alpha",
        protects="Labels that other people would give again: a model cannot learn what people do not share.",
        rule="In each slice that people labelled, the lower 95 % limit is at least the limit.",
        undefined="Fails where people labelled the slice: nothing shows that they agree.",
        limit="alpha",
    ),
    Gate(
        id="kappa",
        title="Agreement of people, mean pairwise kappa",
        protects="That agreement is every two people's, not that of a few who see eye to eye.",
        rule="In each slice that people labelled, the lower 95 % limit is at least the limit.",
        undefined="Fails where people labelled the slice.",
        limit="kappa",
    ),
    Gate(
        id="judge_agreement",
        title="Judge against people, audited",
        protects="Rows that rest on a judge alone: how often people would have said the same.",
        rule="In each slice with such rows, the lower limit that holds at every look is at least the limit.",
        undefined="Fails where rows rest on the judge alone and none like them was audited.",
        limit="judge_agreement",
    ),
    Gate(
        id="audit_sample",
        title="Audited pairs",
        protects="That the judge's agreement is measured on enough pairs, in each slice.",
        rule="Each slice with rows that rest on a judge alone has at least so many audited pairs.",
        undefined="Never undefined: no audited pair is a count of nought.",
        limit="audit_sample",
    ),
    Gate(
        id="informativeness",
        title="Labels that prefer one response",
        protects="Training signal: pairs between which people see no difference teach nothing.",
        rule="In each slice that people labelled, the share is at least the limit.",
        undefined="Passes: nobody labelled the slice.",
        limit="informativeness",
    ),
    Gate(
        id="trace_coverage",
        title="Labels that cite a clause",
        protects="That a label can be traced to the rule it follows.",
        rule="In each slice, the share of pairs is at least the limit.",
        undefined="Never undefined in a slice with rows.",
        limit="trace_coverage",
    ),
    Gate(
        id="gold_accuracy",
        title="Gold questions answered right",
        protects="That those who labelled know the rules: measured on questions whose answer is known.",
        rule="Over all slices, the share of right answers by those who labelled is at least the limit.",
        undefined="Fails where people labelled: nobody tested them.",
        limit="gold_accuracy",
    ),
    Gate(
        id="slice_coverage",
        title="Pairs against the plan's targets",
        protects="The mix that whoever trains asked for.",
        rule="Each slice with a target has at least that share of it.",
        undefined="Never undefined: a slice that is not there has no pairs.",
        limit="slice_coverage",
    ),
    Gate(
        id="slices_kept",
        title="Slices of the last release",
        protects="Against a slice that vanishes without anybody noticing.",
        rule="Every slice of the last release that the plan takes has pairs.",
        undefined="Passes: there is no last release.",
        limit="prompt_drift",
    ),
    Gate(
        id="prompt_drift",
        title="Drift of slices since the last release",
        protects="Against a model that changes because the mix of prompts did.",
        rule="The population stability index is at most the limit, or what chance alone gives.",
        undefined="Passes: there is no last release, or the last has no such counts.",
        limit="prompt_drift",
    ),
    Gate(
        id="tag_drift",
        title="Drift of tags since the last release",
        protects="Against the same within slices.",
        rule="As for slices, over the tags of prompts.",
        undefined="Passes: there is no last release, or one of both has no tags.",
        limit="prompt_drift",
    ),
    Gate(
        id="length_drift",
        title="Drift of prompts' lengths since the last release",
        protects="Against prompts that become longer or shorter unseen.",
        rule="As for slices, over the length of prompts in powers of two.",
        undefined="Passes: there is no last release.",
        limit="prompt_drift",
    ),
    Gate(
        id="length_bias",
        title="Longer responses beyond people's own liking",
        protects="Against a model that learns to be wordy.",
        rule="In each slice, how much more often the longer response wins than in audited pairs that people "
        "decided; even the lower 95 % limit above the limit fails.",
        undefined="Passes: no pair of unequal length was audited; the card says so.",
        limit="length_bias",
    ),
    Gate(
        id="position_bias",
        title="Response A against response B",
        protects="Against labels that follow the place and not the text.",
        rule="How far the share in which A wins is from one half; even the lower 95 % limit above the limit "
        "fails.",
        undefined="Passes: no pair prefers either response.",
        limit="position_bias",
    ),
    Gate(
        id="origin_share",
        title="Pairs by method or strategy",
        protects="Against a release that is nearly all of one making.",
        rule="The share of pairs of each named method or strategy is at most its limit.",
        undefined="Never undefined where there are pairs.",
        limit="origin_share",
    ),
    Gate(
        id="ties",
        title="Ties",
        protects="Formats that have no place for a tie, and trainers that read it as a preference.",
        rule="A plan that drops ties has none; one that keeps them has at most the limit, in each slice.",
        undefined="Never undefined in a slice with rows.",
        limit="tie_share",
    ),
    Gate(
        id="annotator_share",
        title="Largest share of one annotator",
        protects="Against a slice that is one person's taste.",
        rule="In each slice that people labelled, the share of labels is at most the limit.",
        undefined="Passes: nobody labelled the slice.",
        limit="annotator_share",
    ),
    Gate(
        id="annotators",
        title="Different annotators",
        protects="Against the same.",
        rule="Each slice that people labelled has at least so many.",
        undefined="Passes: nobody labelled the slice.",
        limit="annotators",
    ),
    Gate(
        id="annotator_groups",
        title="Labels by declared groups",
        protects="Against a pool of people that leaves somebody out.",
        rule="The share of labels by people who declared a group is at least its limit.",
        undefined="Passes where nobody labelled; fails where people did and nobody declared a group.",
        limit="annotator_groups",
    ),
    Gate(
        id="age",
        title="Age of preferences",
        protects="Against labels from before the rules, the products or the world changed.",
        rule="The oldest label is at most so many days before the newest.",
        undefined="Never undefined where there are pairs.",
        limit="age_days",
    ),
    Gate(
        id="refusals_preferred",
        title="Refusals preferred",
        protects="Against a model that learns to refuse.",
        rule="In each slice, the share of pairs in which a refusal wins over an answer is at most the limit.",
        undefined="Never undefined in a slice with rows.",
        limit="refusals_preferred",
    ),
)

#: Every gate by its id, in the order in which they are told.
GATES: Final[Mapping[str, Gate]] = MappingProxyType({gate.id: gate for gate in _GATES})


def gate_named(name: str) -> Gate | None:
    """Return a gate; `origin_share:judge`, as results say it, is `origin_share`.

    >>> gate_named("origin_share:judge").title
    'Pairs by method or strategy'
    """
    return GATES.get(name) or GATES.get(name.partition(":")[0])
