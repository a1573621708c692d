"""The topics: what each carries, its key, and how long it is kept."""

from dataclasses import dataclass
from typing import Literal

from prefstream.schemas import (
    checks,
    constitutions,
    demonstrations,
    judgements,
    labels,
    metrics,
    pairs,
    people,
    policies,
    prompts,
    protection,
    releases,
    reliability,
    routes,
    sampling,
    selection,
)
from prefstream.schemas.envelope import Event

#: Pairs and prompts of one key keep their order because all their topics have equal partitions.
DEFAULT_PARTITIONS = 4
DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """One topic of the contract."""

    name: str
    #: What the record's key is.
    key: Literal["prompt_id", "pair_id", "task_id", "annotator", "slice", "id", "release_id", "as source"]
    events: tuple[type[Event], ...]
    about: str
    cleanup: Literal["delete", "compact"] = "delete"
    #: Milliseconds; -1 keeps records for ever. The archive in Postgres outlives it.
    retention_ms: int = 30 * DAY_MS
    #: Fixed where order over the whole topic matters; `None` takes the deployment's number.
    partitions: int | None = None


PROMPTS_SUBMITTED = TopicSpec(
    name="prompts.submitted.v1",
    key="prompt_id",
    events=(prompts.PromptSubmitted,),
    about="Prompts as they come in.",
)
PROMPTS_CURATED = TopicSpec(
    name="prompts.curated.v1",
    key="prompt_id",
    events=(prompts.PromptCurated, prompts.PromptSetAside),
    about="Prompts with slice, stakes and tags, or set aside with the reason.",
)
PAIRS_PROPOSED = TopicSpec(
    name="pairs.proposed.v1",
    key="pair_id",
    events=(pairs.PairProposed,),
    about="Two responses to a prompt, up for a preference.",
)
PAIRS_JUDGED = TopicSpec(
    name="pairs.judged.v1",
    key="pair_id",
    events=(judgements.PairJudged, judgements.JudgementFailed),
    about="Every vote of the panel, pooled label and measured confidence.",
)
PAIRS_ROUTED = TopicSpec(
    name="pairs.routed.v1",
    key="pair_id",
    events=(routes.PairRouted,),
    about="Accept the judge or ask people, each with its reasons.",
)
LABELS_SUBMITTED = TopicSpec(
    name="labels.submitted.v1",
    key="pair_id",
    events=(labels.LabelSubmitted, labels.LabelWithdrawn),
    about="Labels as people gave them, and those that were withdrawn.",
)
LABELS_RESOLVED = TopicSpec(
    name="labels.resolved.v1",
    key="pair_id",
    events=(labels.LabelResolved, labels.LabelDisputed, checks.QuarantineDecided),
    about="The pair's label with its evidence, the dispute that asks for the next round,"
    " or what became of its quarantine.",
)
PAIRS_VALIDATED = TopicSpec(
    name="pairs.validated.v1",
    key="pair_id",
    events=(pairs.PairValidated,),
    about="Resolved pairs that passed their checks.",
)
PAIRS_REJECTED = TopicSpec(
    name="pairs.rejected.v1",
    key="pair_id",
    events=(pairs.PairRejected,),
    about="Resolved pairs that failed a check, with the finding.",
)
TASKS_PROPOSED = TopicSpec(
    name="tasks.proposed.v1",
    key="task_id",
    events=(demonstrations.TaskProposed,),
    about="Rankings, ratings, demonstrations and safety labels that people are asked for.",
)
DEMONSTRATIONS_SUBMITTED = TopicSpec(
    name="demonstrations.submitted.v1",
    key="task_id",
    events=(
        demonstrations.RankingSubmitted,
        demonstrations.RatingSubmitted,
        demonstrations.DemonstrationSubmitted,
        demonstrations.SafetyLabelSubmitted,
    ),
    about="Rankings, ratings, demonstrations and safety labels as people gave them.",
)
ANNOTATORS_ASSESSED = TopicSpec(
    name="annotators.assessed.v1",
    key="annotator",
    events=(people.GoldAnswered, people.CalibrationAnswered, people.AnnotatorActionTaken),
    about="Answers to gold questions and calibration sets, and what was done about them.",
)
GOLD_CHOSEN = TopicSpec(
    name="gold.chosen.v1",
    key="pair_id",
    events=(people.GoldChosen, people.GoldRetired, people.CalibrationChosen),
    about="Pairs that became gold questions or items of calibration sets, or are asked no more;"
    " no release takes them, ever.",
    retention_ms=-1,
)
METRICS_UPDATED = TopicSpec(
    name="metrics.updated.v1",
    key="slice",
    events=(metrics.MetricsUpdated,),
    about="Rolling agreement per slice and window.",
)
ALERTS_RAISED = TopicSpec(
    name="alerts.raised.v1",
    key="slice",
    events=(metrics.AlertRaised, metrics.AlertCleared),
    about="Bounds crossed and what to do about them.",
)
CONSTITUTIONS_PUBLISHED = TopicSpec(
    name="constitutions.published.v1",
    key="id",
    events=(constitutions.ConstitutionPublished,),
    about="Immutable versions of the constitution; the newest is in force.",
    cleanup="compact",
    retention_ms=-1,
    partitions=1,
)
POLICIES_PUBLISHED = TopicSpec(
    name="policies.published.v1",
    key="id",
    events=(
        policies.PolicyProposed,
        policies.PolicyPublished,
        policies.PolicySuperseded,
        policies.PolicyRevoked,
        sampling.SamplingPlanPublished,
        sampling.SamplingPlanRevoked,
        selection.SelectionPublished,
        reliability.ReliabilityPublished,
        checks.CheckPolicyPublished,
        protection.ProtectedSetPublished,
        protection.ProtectedSetRemoved,
    ),
    about="Immutable policies and what else stages are told by; the newest holds until revoked.",
    cleanup="compact",
    retention_ms=-1,
    partitions=1,
)
RELEASES_PUBLISHED = TopicSpec(
    name="releases.published.v1",
    key="release_id",
    events=(releases.ReleaseCut, releases.ReleaseWithdrawn),
    about="Releases with their gates and the hashes of their files, and those withdrawn.",
    retention_ms=-1,
    partitions=1,
)
CONTENT_ERASED = TopicSpec(
    name="content.erased.v1",
    key="id",
    events=(releases.ContentErased,),
    about="Prompts and people whose content was erased.",
    retention_ms=-1,
    partitions=1,
)
CURATION_RETRY = TopicSpec(
    name="curation.retry.v1",
    key="as source",
    events=(),
    about="Prompts whose classification is to be tried again, as original bytes.",
)
GENERATION_RETRY = TopicSpec(
    name="generation.retry.v1",
    key="as source",
    events=(),
    about="Prompts whose generation is to be tried again, as original bytes.",
)
JUDGING_RETRY = TopicSpec(
    name="judging.retry.v1",
    key="as source",
    events=(),
    about="Pairs whose judging is to be tried again, as original bytes.",
)
DEAD_LETTERS = TopicSpec(
    name="dead-letters.v1",
    key="as source",
    events=(),
    about="Records no stage could handle: original bytes, coordinates, error, attempt.",
    retention_ms=-1,
)

#: Topics whose newest records are the configuration of every stage.
CONFIGURATION: tuple[TopicSpec, ...] = (CONSTITUTIONS_PUBLISHED, POLICIES_PUBLISHED)
#: Topics that hold records of others, as original bytes.
RAW: tuple[TopicSpec, ...] = (CURATION_RETRY, GENERATION_RETRY, JUDGING_RETRY, DEAD_LETTERS)
TOPICS: tuple[TopicSpec, ...] = (
    PROMPTS_SUBMITTED,
    PROMPTS_CURATED,
    PAIRS_PROPOSED,
    PAIRS_JUDGED,
    PAIRS_ROUTED,
    LABELS_SUBMITTED,
    LABELS_RESOLVED,
    PAIRS_VALIDATED,
    PAIRS_REJECTED,
    TASKS_PROPOSED,
    DEMONSTRATIONS_SUBMITTED,
    ANNOTATORS_ASSESSED,
    GOLD_CHOSEN,
    METRICS_UPDATED,
    ALERTS_RAISED,
    RELEASES_PUBLISHED,
    CONTENT_ERASED,
    CONSTITUTIONS_PUBLISHED,
    POLICIES_PUBLISHED,
    CURATION_RETRY,
    GENERATION_RETRY,
    JUDGING_RETRY,
    DEAD_LETTERS,
)
#: The topic each type of event is said on.
TOPIC_OF: dict[type[Event], TopicSpec] = {event: spec for spec in TOPICS for event in spec.events}
#: Every type of event by its name.
EVENT_TYPES: dict[str, type[Event]] = {event.__name__: event for event in TOPIC_OF}
