"""Names: how what the tables call by a code is said to people."""

from collections.abc import Mapping

from prefstream.console.languages import Words, to_say

_NAMES: Mapping[str, Mapping[str, str]] = {
    "verdict": {
        "A>>": to_say("A is much better"),
        "A>": to_say("A is better"),
        "=": to_say("equally good"),
        "B>": to_say("B is better"),
        "B>>": to_say("B is much better"),
        "unsure": to_say("cannot tell"),
        "both_bad": to_say("both are bad"),
    },
    "round": {
        "annotate": to_say("Annotate"),
        "review": to_say("Review"),
        "adjudicate": to_say("Adjudicate"),
        "ranking": to_say("Rank"),
        "rating": to_say("Rate"),
        "demonstration": to_say("Write"),
        "safety": to_say("Safety"),
    },
    "kind": {
        "ranking": to_say("Rank the responses"),
        "rating": to_say("Rate the response"),
        "demonstration": to_say("Write the ideal response"),
        "safety": to_say("Label the harm"),
    },
    "role": {
        "viewer": to_say("viewer"),
        "annotator": to_say("annotator"),
        "reviewer": to_say("reviewer"),
        "qa_lead": to_say("QA lead"),
        "admin": to_say("administrator"),
        "service": to_say("service"),
    },
    "event": {
        "PairProposed": to_say("Proposed"),
        "PairJudged": to_say("Judged"),
        "JudgementFailed": to_say("No judgement could be had"),
        "PairRouted": to_say("Routed"),
        "LabelSubmitted": to_say("Labelled"),
        "LabelWithdrawn": to_say("A label was withdrawn"),
        "LabelDisputed": to_say("Disputed"),
        "LabelResolved": to_say("Resolved"),
        "PairValidated": to_say("Passed its checks"),
        "PairRejected": to_say("Failed a check"),
    },
    "route": {
        "accept": to_say("the judge's label is accepted"),
        "escalate": to_say("people are asked"),
    },
    "reason": {
        "no_policy": to_say("no policy is in force"),
        "not_certified": to_say("nothing is certified for this slice"),
        "policy_not_applicable": to_say("the policy was certified for another judge or constitution"),
        "below_threshold": to_say("the judge is less confident than the threshold"),
        "at_or_above_threshold": to_say("the judge is at least as confident as the threshold"),
        "no_verdict": to_say("no vote could be read"),
        "mandatory": to_say("a trigger of the constitution asks for people"),
        "injection_suspected": to_say("a response seems to instruct the judge"),
        "judge_missing": to_say("a judge of the panel is missing"),
        "judges_disagree": to_say("judges of the panel disagree"),
        "audit": to_say("the audit coin fell on heads"),
        "suspect": to_say("the acceptance was taken back"),
    },
    "method": {
        "judge": to_say("by the judge"),
        "consensus": to_say("by consensus"),
        "majority": to_say("by majority"),
        "adjudication": to_say("by adjudication"),
        "posterior": to_say("by the weight of who said it"),
    },
    "dispute": {
        "no_majority": to_say("no answer has the majority"),
        "no_preference": to_say("nobody prefers one of the two"),
        "needs_specialist": to_say("somebody asks for a specialist"),
        "not_sure": to_say("what people say does not make it sure enough"),
        "label_withdrawn": to_say("a label that it rested on was withdrawn"),
    },
    "status": {
        "proposed": to_say("proposed"),
        "judged": to_say("judged"),
        "escalated": to_say("waits for people"),
        "disputed": to_say("disputed"),
        "resolved": to_say("resolved"),
        "validated": to_say("validated"),
        "rejected": to_say("rejected"),
        "suspect": to_say("suspect: its acceptance was taken back"),
    },
    "stakes": {
        "low": to_say("low stakes"),
        "medium": to_say("medium stakes"),
        "high": to_say("high stakes"),
    },
    "speaker": {
        "system": to_say("System"),
        "user": to_say("User"),
        "assistant": to_say("Assistant"),
        "tool": to_say("Tool"),
    },
    "provenance": {
        "recorded": to_say("recorded"),
        "offline": to_say("made offline for a demonstration"),
        "simulated": to_say("simulated"),
    },
    "clause_verdict": {
        "A": to_say("for A"),
        "B": to_say("for B"),
        "both": to_say("both keep it"),
        "neither": to_say("neither keeps it"),
        "not_applicable": to_say("does not apply"),
    },
    "change": {
        "added": to_say("added"),
        "removed": to_say("removed"),
        "sharpened": to_say("sharpened"),
        "loosened": to_say("loosened"),
        "reworded": to_say("reworded"),
    },
    "part": {
        "clause": to_say("clause"),
        "dimension": to_say("dimension"),
        "curation": to_say("curation rule"),
        "protocol": to_say("protocol"),
        "refusal": to_say("kind of refusal"),
        "other": to_say("other"),
    },
    "refinement": {
        "rule": to_say("new wording of the rule"),
        "exemplar": to_say("example"),
        "counter_example": to_say("counter-example"),
    },
    "refinement_state": {
        "proposed": to_say("proposed"),
        "accepted": to_say("accepted"),
        "rejected": to_say("rejected"),
    },
    "action": {
        "warn": to_say("Warn"),
        "pause": to_say("Pause"),
        "retrain": to_say("Train again"),
        "withdraw": to_say("Withdraw labels"),
        "resume": to_say("Resume"),
    },
    "habit": {
        "hasty": to_say("too fast to have read the texts"),
        "speed_up": to_say("much faster than this person usually is"),
        "slow_down": to_say("much slower than this person usually is"),
        "left": to_say("the left side more often than chance"),
        "right": to_say("the right side more often than chance"),
        "same_side": to_say("the same side again and again"),
        "other_side": to_say("one side and the other in turns"),
        "undecided": to_say("undecided unusually often"),
        "follows": to_say("follows the verdict that was shown"),
        "follows_wrong": to_say("follows shown verdicts that are wrong"),
    },
    "error": {
        "clause_missed": to_say("A clause that decides was not considered"),
        "clause_misread": to_say("A clause was misread"),
        "wrong_priority": to_say("Clauses were weighed against their order"),
        "facts_wrong": to_say("A claim was taken for true, or false, wrongly"),
        "text_missed": to_say("Part of a text was overlooked"),
        "length_or_style": to_say("Length or style was taken for substance"),
        "judge_followed": to_say("Another verdict was followed without a reason"),
        "careless": to_say("No sign of reading"),
        "constitution_gap": to_say("The constitution says too little about it"),
        "contested": to_say("People may differ; nothing went wrong"),
    },
    "flag": {
        "injection_suspected": to_say("seems to instruct the judge"),
        "judge_missing": to_say("a judge is missing"),
        "judges_disagree": to_say("judges disagree"),
        "quote_not_found": to_say("a quote is not in the text"),
        "texts_cut": to_say("long rationales were cut"),
    },
    "strategy": {
        "ready_made": to_say("the pair came ready-made"),
        "diverse_models": to_say("written by different models"),
        "temperature_diversity": to_say("drawn at different temperatures"),
        "best_of_n": to_say("the best and the worst of several"),
        "rejection_sampling": to_say("one that a scorer accepted and one that it rejected"),
        "prompt_variants": to_say("written under different instructions"),
    },
    "side": {
        "A": to_say("A"),
        "=": to_say("equal"),
        "B": to_say("B"),
        "both_bad": to_say("both bad"),
    },
    "standing": {
        "open": to_say("not yet told"),
        "passed": to_say("passed"),
        "failed": to_say("failed"),
        "fallen": to_say("fallen off"),
    },
    "theme": {
        "auto": to_say("As the system has it"),
        "light": to_say("Light"),
        "dark": to_say("Dark"),
    },
    "window": {
        "1h": to_say("last hour"),
        "24h": to_say("last 24 hours"),
        "7d": to_say("last 7 days"),
        "all": to_say("all time"),
    },
    "severity": {
        "notice": to_say("notice"),
        "warning": to_say("warning"),
        "critical": to_say("critical"),
    },
    "band": {
        "critical": to_say("too low"),
        "warning": to_say("low"),
        "unsure": to_say("perhaps low"),
        "good": to_say("good"),
        "unknown": to_say("not known"),
        "unbounded": to_say("without a bound"),
    },
    "step": {
        "proposed": to_say("proposed"),
        "judged": to_say("judged"),
        "accepted": to_say("judge accepted"),
        "escalated": to_say("sent to people"),
        "labels": to_say("labels by people"),
        "resolved": to_say("resolved"),
        "validated": to_say("validated"),
        "rejected": to_say("rejected"),
    },
    "answer": {
        "A": to_say("A"),
        "=": to_say("equal"),
        "B": to_say("B"),
        "both_bad": to_say("both bad"),
    },
    "subject": {
        "people": to_say("people"),
        "judge": to_say("judges"),
        "wilson": to_say("limits for one look"),
        "p50": to_say("median"),
        "p90": to_say("ninth decile"),
    },
    "act": {
        "verdict_1": to_say("Left is much better"),
        "verdict_2": to_say("Left is better"),
        "verdict_3": to_say("Equally good"),
        "verdict_4": to_say("Right is better"),
        "verdict_5": to_say("Right is much better"),
        "unsure": to_say("Cannot tell"),
        "both_bad": to_say("Both are bad"),
        "specialist": to_say("Needs a specialist"),
        "cite": to_say("Cite a clause"),
        "quote": to_say("Quote the marked text"),
        "rationale": to_say("Write the rationale"),
        "dimensions": to_say("Rate the dimensions"),
        "rubric": to_say("Show the rubric"),
        "difference": to_say("Show the difference"),
        "prompt": to_say("Go to the prompt"),
        "left": to_say("Go to the left response"),
        "right": to_say("Go to the right response"),
        "reveal": to_say("Show what others said"),
        "adjudication": to_say("Go to the adjudication"),
        "undo": to_say("Undo the last answer"),
        "pause": to_say("Take a break"),
        "help": to_say("Show all keys"),
    },
}


def named(words: Words, kind: str, code: object) -> str:
    """Return the name of a code in a language; the code itself in words where it has no name.

    It is plain text, which templates escape: a code may be any text of a user's.

    >>> from prefstream.console.languages import words_of
    >>> words = words_of("en")
    >>> named(words, "verdict", "A>>"), named(words, "reason", "of_another_version")
    ('A is much better', 'of another version')
    """
    if code is None:
        return ""
    known = _NAMES.get(kind, {}).get(str(code))
    return words.gettext(known) if known else str(code).replace("_", " ")
