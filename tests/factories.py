"""Builders of events for tests: `a_pair_proposed(pair_id="p7")` says only what the test is about.

Whatever is not named gets a sensible default. The envelope follows the content: the subject and
the correlation id are the pair's (or prompt's, slice's ...) id, and the event id is derived from
type and subject, so that two events about two pairs never share an id.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from prefstream.schemas.checks import CheckPolicy, CheckPolicyPublished, QuarantineDecided
from prefstream.schemas.cloudevents import headers_of
from prefstream.schemas.codec import encode
from prefstream.schemas.constitutions import (
    Constitution,
    ConstitutionPublished,
    CurationRule,
    EscalationTrigger,
    Exemplar,
    Principle,
)
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskKind,
    TaskProposed,
)
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.labels import LabelDisputed, LabelResolved, LabelSubmitted, LabelWithdrawn
from prefstream.schemas.metrics import AlertCleared, AlertRaised, Measurement, MetricsUpdated
from prefstream.schemas.pairs import CheckResult, PairProposed, PairRejected, PairValidated
from prefstream.schemas.people import (
    AnnotatorActionTaken,
    CalibrationAnswered,
    CalibrationChosen,
    GoldAnswered,
    GoldChosen,
    GoldRetired,
)
from prefstream.schemas.policies import (
    Policy,
    PolicyProposed,
    PolicyPublished,
    PolicyRevoked,
    PolicySuperseded,
    SlicePolicy,
)
from prefstream.schemas.prompts import PromptCurated, PromptSetAside, PromptSubmitted
from prefstream.schemas.protection import ProtectedSetPublished, ProtectedSetRemoved
from prefstream.schemas.records import LogRecord
from prefstream.schemas.releases import ContentErased, GateResult, ReleaseCut, ReleasePlan, ReleaseWithdrawn
from prefstream.schemas.reliability import ReliabilityPublished
from prefstream.schemas.routes import PairRouted, Reason, ReasonCode
from prefstream.schemas.sampling import SamplingPlan, SamplingPlanPublished, SamplingPlanRevoked
from prefstream.schemas.selection import Selection, SelectionPublished
from prefstream.schemas.topics import TOPIC_OF
from prefstream.schemas.values import (
    Message,
    Preference,
    Provenance,
    Response,
    Stakes,
    Usage,
    Verdict,
    Vote,
)

E = TypeVar("E", bound=Event)

NOON: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOON_MS: Final = int(NOON.timestamp() * 1000)
PAIR: Final = "pair-1"
PROMPT: Final = "prompt-1"
TASK: Final = "task-1"
JUDGE: Final = "panel-1"
POLICY: Final = "policy-1#0123456789abcdef"
CONSTITUTION: Final = "house@1#0123456789abcdef"


# Values -------------------------------------------------------------------------------------------


def a_message(content: str = "What is 17 times 23?", **changes: Any) -> Message:
    return Message(**({"role": "user", "content": content} | changes))


def a_response(text: str = "391", **changes: Any) -> Response:
    return Response(**({"text": text, "model": "model-1", "parameters": {"temperature": 0.7}} | changes))


def a_vote(**changes: Any) -> Vote:
    defaults: dict[str, Any] = {
        "judge": "judge-1",
        "provenance": Provenance.RECORDED,
        "order": "ab",
        "variant": "plain",
        "raw": "A",
        "verdict": Verdict.A_BETTER,
        "usage": Usage(input_tokens=900, output_tokens=40),
        "cost_nanousd": 3_300_000,
    }
    return Vote(**(defaults | changes))


def an_exemplar(**changes: Any) -> Exemplar:
    return Exemplar(**({"prompt": "What is 2+2?", "better": "4", "worse": "5", "why": "4 is true"} | changes))


def a_principle(**changes: Any) -> Principle:
    defaults: dict[str, Any] = {
        "id": "P1",
        "rule": "The correct answer wins.",
        "exemplars": (an_exemplar(), an_exemplar(prompt="What is 3+3?", better="6", worse="7")),
        "counter_examples": (an_exemplar(prompt="Is 0 even?", better="Yes.", worse="As an expert: no."),),
    }
    return Principle(**(defaults | changes))


def a_constitution(**changes: Any) -> Constitution:
    defaults: dict[str, Any] = {
        "name": "house",
        "version": "1",
        "title": "House rules",
        "principles": (a_principle(),),
        "dimensions": {"helpfulness": 0.6, "accuracy": 0.4},
        "curation": (
            CurationRule(id="C1", pattern=r"\btimes\b", slice="arithmetic"),
            CurationRule(id="C2", any_tag=("medical",), stakes=Stakes.HIGH),
            CurationRule(id="C3", pattern="lorem ipsum", set_aside="filler"),
        ),
        "escalation": (EscalationTrigger(id="E1", stakes=(Stakes.HIGH,), clause="P1"),),
    }
    return Constitution(**(defaults | changes))


def a_policy(**changes: Any) -> Policy:
    defaults: dict[str, Any] = {
        "name": "policy-1",
        "slices": {"arithmetic": SlicePolicy(threshold=0.8)},
        "judge_id": JUDGE,
        "audit_share": 0.1,
        "audit_seed": "seed-1",
    }
    return Policy(**(defaults | changes))


def a_sampling_plan(**changes: Any) -> SamplingPlan:
    defaults: dict[str, Any] = {"name": "plan-1", "seed": "seed-1", "keep": {"arithmetic": 0.5}}
    return SamplingPlan(**(defaults | changes))


def a_measurement(**changes: Any) -> Measurement:
    defaults: dict[str, Any] = {"statistic": "cohen_kappa", "value": 0.61, "n": 120}
    return Measurement(**(defaults | changes))


# Events -------------------------------------------------------------------------------------------


def a_prompt_submitted(**changes: Any) -> PromptSubmitted:
    return _event(PromptSubmitted, "prompt_id", {"prompt_id": PROMPT, "messages": (a_message(),)}, changes)


def a_prompt_curated(**changes: Any) -> PromptCurated:
    defaults = {
        "prompt_id": PROMPT,
        "messages": (a_message(),),
        "slice": "arithmetic",
        "stakes": Stakes.LOW,
        "constitution_id": CONSTITUTION,
    }
    return _event(PromptCurated, "prompt_id", defaults, changes)


def a_prompt_set_aside(**changes: Any) -> PromptSetAside:
    defaults = {
        "prompt_id": PROMPT,
        "slice": "general",
        "reason": "filler",
        "clause": "C3",
        "constitution_id": CONSTITUTION,
    }
    return _event(PromptSetAside, "prompt_id", defaults, changes)


def a_pair_proposed(**changes: Any) -> PairProposed:
    defaults = {
        "pair_id": PAIR,
        "prompt_id": PROMPT,
        "messages": (a_message(),),
        "response_a": a_response("391", model="model-1"),
        "response_b": a_response("401", model="model-2"),
        "strategy": "ready_made",
        "group_id": PROMPT,
        "slice": "arithmetic",
    }
    return _event(PairProposed, "pair_id", defaults, changes)


def a_pair_judged(**changes: Any) -> PairJudged:
    defaults = {
        "pair_id": PAIR,
        "prompt_id": PROMPT,
        "slice": "arithmetic",
        "stakes": Stakes.LOW,
        "votes": (a_vote(), a_vote(order="ba", raw="B")),
        "p_a": 0.9,
        "label": Preference.A_BETTER,
        "confidence": 0.9,
        "judge_id": JUDGE,
        "constitution_id": CONSTITUTION,
    }
    return _event(PairJudged, "pair_id", defaults, changes)


def a_judgement_failed(**changes: Any) -> JudgementFailed:
    defaults = {
        "pair_id": PAIR,
        "prompt_id": PROMPT,
        "slice": "arithmetic",
        "stakes": Stakes.LOW,
        "reason": "no_recorded_verdict",
        "judge_id": JUDGE,
        "constitution_id": CONSTITUTION,
    }
    return _event(JudgementFailed, "pair_id", defaults, changes)


def a_pair_routed(**changes: Any) -> PairRouted:
    """Build an escalation under no policy; say `route="accept"` and the rest for an acceptance."""
    defaults = {
        "pair_id": PAIR,
        "prompt_id": PROMPT,
        "slice": "arithmetic",
        "stakes": Stakes.LOW,
        "route": "escalate",
        "audit": False,
        "reasons": (Reason(code=ReasonCode.NO_POLICY, clause="routing.no_policy"),),
        "policy_id": None,
        "threshold": None,
        "propensity": 0.0,
        "judge_label": Preference.A_BETTER,
        "p_a": 0.9,
        "confidence": 0.9,
        "judge_id": JUDGE,
        "overlap": 1,
    }
    return _event(PairRouted, "pair_id", defaults, changes)


def an_accepted_pair_routed(**changes: Any) -> PairRouted:
    defaults = {
        "route": "accept",
        "reasons": (Reason(code=ReasonCode.AT_OR_ABOVE_THRESHOLD, clause="routing.threshold"),),
        "policy_id": POLICY,
        "threshold": 0.8,
        "propensity": 0.1,
    }
    return a_pair_routed(**(defaults | changes))


def a_label_submitted(**changes: Any) -> LabelSubmitted:
    """Build a person's label; two annotators' labels of one pair have two ids."""
    defaults = {"pair_id": PAIR, "annotator": "ann", "verdict": Verdict.A_BETTER, "seconds": 12.5}
    annotator, task = changes.get("annotator", "ann"), changes.get("task_id") or ""
    named = derived_id("test", "LabelSubmitted", changes.get("pair_id", PAIR), annotator, task)
    return _event(LabelSubmitted, "pair_id", defaults | {"event_id": named}, changes)


def a_label_withdrawn(**changes: Any) -> LabelWithdrawn:
    """Build the withdrawal of a label of the annotator; two labels have two withdrawals."""
    label_id = changes.get(
        "label_id",
        derived_id(
            "test", "LabelSubmitted", changes.get("pair_id", PAIR), changes.get("annotator", "ann"), ""
        ),
    )
    defaults = {
        "event_id": derived_id("test", "LabelWithdrawn", label_id),
        "pair_id": PAIR,
        "label_id": label_id,
        "annotator": "ann",
        "reason": "failed the gold test",
        "by": "lea",
    }
    return _event(LabelWithdrawn, "pair_id", defaults, changes)


def a_label_resolved(**changes: Any) -> LabelResolved:
    """Build a resolution; the margin follows the label unless it is named."""
    label = changes.get("label", Preference.A_BETTER)
    defaults = {
        "pair_id": PAIR,
        "slice": "arithmetic",
        "label": label,
        "margin": label.margin,
        "soft_label": 1.0,
        "method": "consensus",
        "evidence": (derived_id("test", "LabelSubmitted", PAIR, "ann", ""),),
    }
    return _event(LabelResolved, "pair_id", defaults, changes)


def a_label_disputed(**changes: Any) -> LabelDisputed:
    defaults = {
        "pair_id": PAIR,
        "slice": "arithmetic",
        "reason": "no_majority",
        "next_round": "review",
        "evidence": (derived_id("test", "LabelSubmitted", PAIR, "ann", ""),),
    }
    return _event(LabelDisputed, "pair_id", defaults, changes)


def a_pair_validated(**changes: Any) -> PairValidated:
    defaults = {
        "pair_id": PAIR,
        "slice": "arithmetic",
        "label": Preference.A_BETTER,
        "soft_label": 1.0,
        "method": "consensus",
        "resolution_id": derived_id("test", "LabelResolved", PAIR),
        "checks": (CheckResult(check="empty", severity="reject", passed=True),),
    }
    return _event(PairValidated, "pair_id", defaults, changes)


def a_pair_rejected(**changes: Any) -> PairRejected:
    defaults = {
        "pair_id": PAIR,
        "slice": "arithmetic",
        "resolution_id": derived_id("test", "LabelResolved", PAIR),
        "reasons": ("empty",),
        "facts": 1,
        "checks": (CheckResult(check="empty", severity="reject", passed=False, finding="B is empty"),),
    }
    return _event(PairRejected, "pair_id", defaults, changes)


def a_metrics_updated(**changes: Any) -> MetricsUpdated:
    defaults = {"slice": "arithmetic", "window": "24h", "as_of": NOON, "measurements": (a_measurement(),)}
    return _event(MetricsUpdated, "slice", defaults, changes)


def an_alert_raised(**changes: Any) -> AlertRaised:
    defaults = {
        "alert_id": "kappa-low/arithmetic",
        "slice": "arithmetic",
        "statistic": "cohen_kappa",
        "severity": "warning",
        "action": "Calibrate the annotators of this slice.",
    }
    return _event(AlertRaised, "slice", defaults, changes)


def an_alert_cleared(**changes: Any) -> AlertCleared:
    defaults = {"alert_id": "kappa-low/arithmetic", "slice": "arithmetic"}
    return _event(AlertCleared, "slice", defaults, changes)


def a_constitution_published(**changes: Any) -> ConstitutionPublished:
    constitution = changes.get("constitution", a_constitution())
    defaults = {"constitution_id": constitution.id, "constitution": constitution}
    return _event(ConstitutionPublished, "constitution_id", defaults, changes)


def a_policy_published(**changes: Any) -> PolicyPublished:
    policy = changes.get("policy", a_policy())
    return _event(PolicyPublished, "policy_id", {"policy_id": policy.id, "policy": policy}, changes)


def a_policy_proposed(**changes: Any) -> PolicyProposed:
    policy = changes.get("policy", a_policy())
    return _event(PolicyProposed, "policy_id", {"policy_id": policy.id, "policy": policy}, changes)


def a_policy_superseded(**changes: Any) -> PolicySuperseded:
    defaults = {"policy_id": POLICY, "superseded_by": "policy-2#0123456789abcdef"}
    return _event(PolicySuperseded, "policy_id", defaults, changes)


def a_policy_revoked(**changes: Any) -> PolicyRevoked:
    return _event(PolicyRevoked, "policy_id", {"policy_id": POLICY, "reason": "drift"}, changes)


def a_sampling_plan_published(**changes: Any) -> SamplingPlanPublished:
    plan = changes.get("plan", a_sampling_plan())
    return _event(SamplingPlanPublished, "plan_id", {"plan_id": plan.id, "plan": plan}, changes)


def a_sampling_plan_revoked(**changes: Any) -> SamplingPlanRevoked:
    defaults = {"plan_id": a_sampling_plan().id, "reason": "done"}
    return _event(SamplingPlanRevoked, "plan_id", defaults, changes)


def a_selection_published(**changes: Any) -> SelectionPublished:
    selection = changes.get("selection", Selection(sketch_version="1", weights=(1_000_000,)))
    defaults = {"name": selection.name, "selection_id": selection.id, "selection": selection}
    return _event(SelectionPublished, "name", defaults, changes)


def a_reliability_published(**changes: Any) -> ReliabilityPublished:
    """Build two classes, a good and a poor annotator, and strangers in between."""
    defaults = {
        "subject": f"reliability:{changes.get('slice', 'arithmetic')}",
        "slice": "arithmetic",
        "classes": ("A", "B"),
        "shares": {"A": 0.5, "B": 0.5},
        "confusion": {"ann": rates(0.95), "ben": rates(0.95), "cid": rates(0.6)},
        "strangers": rates(0.8),
        "labels": 120,
        "fingerprint": "0123456789abcdef" * 4,
        "as_of": NOON,
    }
    return _event(ReliabilityPublished, "subject", defaults, changes)


def rates(right: float) -> dict[str, dict[str, float]]:
    """Return how somebody labels who is right with this probability, whichever is better."""
    wrong = round(1 - right, 4)
    return {"A": {"A": right, "B": wrong}, "B": {"A": wrong, "B": right}}


def a_protected_set_published(**changes: Any) -> ProtectedSetPublished:
    """Build the whole set of one hash of a prompt and one of a gram."""
    defaults = {
        "name": "exam",
        "set_id": "exam#0123456789abcdef",
        "part": 1,
        "parts": 1,
        "prompt_count": 1,
        "prompts": "AAAAAAAAAAE=",
        "grams": "AAAAAAAAAAI=",
    }
    return _event(ProtectedSetPublished, "name", defaults, changes)


def a_protected_set_removed(**changes: Any) -> ProtectedSetRemoved:
    return _event(ProtectedSetRemoved, "name", {"name": "exam", "set_id": "exam#0123456789abcdef"}, changes)


def a_task_proposed(**changes: Any) -> TaskProposed:
    """Build a task; without candidates named, a kind gets as many as it needs."""
    kind = changes.get("kind", TaskKind.RANKING)
    texts = ("391", "401", "about 400")[: 3 if kind is TaskKind.RANKING else 1]
    defaults = {
        "task_id": TASK,
        "kind": kind,
        "messages": (a_message(),),
        "candidates": tuple(a_response(text, model=f"model-{n}") for n, text in enumerate(texts)),
        "slice": "arithmetic",
    }
    return _event(TaskProposed, "task_id", defaults, changes)


def a_ranking_submitted(**changes: Any) -> RankingSubmitted:
    return _answer(RankingSubmitted, {"ranks": (1, 2, 3), "seconds": 30.0}, changes)


def a_rating_submitted(**changes: Any) -> RatingSubmitted:
    return _answer(RatingSubmitted, {"overall": 4, "dimensions": {"helpfulness": 5}}, changes)


def a_demonstration_submitted(**changes: Any) -> DemonstrationSubmitted:
    return _answer(DemonstrationSubmitted, {"response": "17 times 23 is 391."}, changes)


def a_safety_label_submitted(**changes: Any) -> SafetyLabelSubmitted:
    return _answer(SafetyLabelSubmitted, {"category": "none", "severity": 0}, changes)


def _answer(model: type[E], defaults: dict[str, Any], changes: dict[str, Any]) -> E:
    """Build an answer; two people's answers to one task have two ids."""
    task_id, annotator = changes.get("task_id", TASK), changes.get("annotator", "ann")
    named = derived_id("test", model.__name__, task_id, annotator)
    known = {"task_id": TASK, "annotator": "ann", "slice": "arithmetic", "event_id": named}
    return _event(model, "task_id", known | defaults, changes)


def a_gold_answered(**changes: Any) -> GoldAnswered:
    defaults = {
        "annotator": "ann",
        "pair_id": PAIR,
        "slice": "arithmetic",
        "verdict": Verdict.A_MUCH_BETTER,
        "expected": Verdict.A_BETTER,
        "right": True,
    }
    return _event(GoldAnswered, "annotator", defaults, changes)


def a_calibration_answered(**changes: Any) -> CalibrationAnswered:
    defaults = {
        "week": "2026-W09",
        "annotator": "ann",
        "pair_id": PAIR,
        "slice": "arithmetic",
        "verdict": Verdict.A_BETTER,
    }
    return _event(CalibrationAnswered, "annotator", defaults, changes)


def an_annotator_action_taken(**changes: Any) -> AnnotatorActionTaken:
    defaults = {"annotator": "ann", "action": "pause", "why": "a rest is due", "by": "lea"}
    return _event(AnnotatorActionTaken, "annotator", defaults, changes)


def a_gold_chosen(**changes: Any) -> GoldChosen:
    defaults = {"pair_id": PAIR, "slice": "arithmetic", "expected": Verdict.A_BETTER, "by": "lea"}
    return _event(GoldChosen, "pair_id", defaults, changes)


def a_calibration_chosen(**changes: Any) -> CalibrationChosen:
    defaults = {"week": "2026-W09", "pair_id": PAIR, "slice": "arithmetic"}
    return _event(CalibrationChosen, "pair_id", defaults, changes)


def a_gold_retired(**changes: Any) -> GoldRetired:
    return _event(GoldRetired, "pair_id", {"pair_id": PAIR, "slice": "arithmetic", "by": "lea"}, changes)


def a_check_policy_published(**changes: Any) -> CheckPolicyPublished:
    policy = changes.pop("policy", CheckPolicy(name="careful", severities={"pii": "reject"}))
    return _event(CheckPolicyPublished, "policy_id", {"policy_id": policy.id, "policy": policy}, changes)


def a_quarantine_decided(**changes: Any) -> QuarantineDecided:
    defaults = {
        "pair_id": PAIR,
        "verdict_id": derived_id("test", "PairRejected", PAIR),
        "released": True,
        "reason": "the address is invented",
        "by": "lea",
    }
    return _event(QuarantineDecided, "pair_id", defaults, changes)


def a_release_cut(**changes: Any) -> ReleaseCut:
    plan = changes.pop("plan", ReleasePlan(name="helpful"))
    defaults = {
        "release_id": "helpful-1-0123456789abcdef",
        "plan_id": plan.id,
        "plan": plan,
        "position": {"pairs.validated.v1/0": 7},
        "rows": {"preference": 1},
        "pairs": 1,
        "files": {"data/preference/train-00000-of-00001.jsonl": "0" * 64},
        "gates": (GateResult(gate="alpha", passed=True, value=0.9, limit=0.75, n=50),),
        "by": "lea",
    }
    return _event(ReleaseCut, "release_id", defaults, changes)


def a_release_withdrawn(**changes: Any) -> ReleaseWithdrawn:
    defaults = {"release_id": "helpful-1-0123456789abcdef", "reason": "a source was withdrawn", "by": "lea"}
    return _event(ReleaseWithdrawn, "release_id", defaults, changes)


def a_content_erased(**changes: Any) -> ContentErased:
    defaults = {"what": "prompt", "id": PROMPT, "reason": "asked for by its author", "by": "lea", "at": NOON}
    return _event(ContentErased, "id", defaults, changes)


#: The builder of each type of event.
BUILDERS: Final[Mapping[type[Event], Callable[..., Event]]] = {
    GoldAnswered: a_gold_answered,
    CalibrationAnswered: a_calibration_answered,
    AnnotatorActionTaken: an_annotator_action_taken,
    CalibrationChosen: a_calibration_chosen,
    GoldChosen: a_gold_chosen,
    GoldRetired: a_gold_retired,
    PromptSubmitted: a_prompt_submitted,
    PromptCurated: a_prompt_curated,
    PromptSetAside: a_prompt_set_aside,
    PairProposed: a_pair_proposed,
    PairJudged: a_pair_judged,
    JudgementFailed: a_judgement_failed,
    PairRouted: a_pair_routed,
    LabelSubmitted: a_label_submitted,
    LabelWithdrawn: a_label_withdrawn,
    LabelResolved: a_label_resolved,
    LabelDisputed: a_label_disputed,
    PairValidated: a_pair_validated,
    PairRejected: a_pair_rejected,
    TaskProposed: a_task_proposed,
    RankingSubmitted: a_ranking_submitted,
    RatingSubmitted: a_rating_submitted,
    DemonstrationSubmitted: a_demonstration_submitted,
    SafetyLabelSubmitted: a_safety_label_submitted,
    MetricsUpdated: a_metrics_updated,
    AlertRaised: an_alert_raised,
    AlertCleared: an_alert_cleared,
    ConstitutionPublished: a_constitution_published,
    PolicyProposed: a_policy_proposed,
    PolicyPublished: a_policy_published,
    PolicySuperseded: a_policy_superseded,
    PolicyRevoked: a_policy_revoked,
    SamplingPlanPublished: a_sampling_plan_published,
    SamplingPlanRevoked: a_sampling_plan_revoked,
    SelectionPublished: a_selection_published,
    ReliabilityPublished: a_reliability_published,
    ProtectedSetPublished: a_protected_set_published,
    ProtectedSetRemoved: a_protected_set_removed,
    CheckPolicyPublished: a_check_policy_published,
    QuarantineDecided: a_quarantine_decided,
    ReleaseCut: a_release_cut,
    ReleaseWithdrawn: a_release_withdrawn,
    ContentErased: a_content_erased,
}


def one_of_each() -> tuple[Event, ...]:
    """Return one event of every type, in the order of the topics."""
    return tuple(BUILDERS[event]() for event in TOPIC_OF)


# Records ------------------------------------------------------------------------------------------


def a_record(event: Event | None = None, **changes: Any) -> LogRecord:
    """Return the record of an event on its topic; `value=` puts other bytes in its place."""
    event = event or a_pair_proposed()
    defaults: dict[str, Any] = {
        "topic": TOPIC_OF[type(event)].name,
        "partition": 0,
        "offset": 0,
        "timestamp_ms": NOON_MS,
        "key": event.subject.encode(),
        "value": encode(event),
        "headers": headers_of(event),
    }
    return LogRecord(**(defaults | changes))


def _event(model: type[E], key: str, defaults: Mapping[str, Any], changes: Mapping[str, Any]) -> E:
    fields = {**defaults, **changes}
    subject = fields[key]
    envelope = {
        "event_id": derived_id("test", model.__name__, subject),
        "occurred_at": NOON,
        "source": "test",
        "subject": subject,
        "correlation_id": fields.get("pair_id", fields.get("prompt_id", subject)),
    }
    return model(**(envelope | fields))
