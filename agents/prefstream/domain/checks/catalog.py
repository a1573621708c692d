"""Every check there is on a pair: its id, what it finds, what becomes of a finding, and what to do.

A check runs where its facts are: on the pair's own texts (`content`), or in the stage that knows the
other pairs, the protected sets and the label. All of them stand here, so that a policy can name them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from prefstream.schemas.checks import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check and what a reader of its finding needs to know."""

    check_id: str
    title: str
    #: What becomes of a finding where the policy does not say.
    severity: Severity
    #: What it finds, and what it leaves alone on purpose.
    about: str
    #: What to do about a finding.
    remedy: str


def _check(check_id: str, severity: Severity, title: str, about: str, remedy: str) -> tuple[str, Check]:
    return check_id, Check(check_id=check_id, title=title, severity=severity, about=about, remedy=remedy)


#: By id, in the order in which findings are told.
CATALOG: Mapping[str, Check] = dict(
    (
        _check(
            "empty_response",
            "reject",
            "A response without text",
            "One response, or both, hold nothing but white space.",
            "Generate the response again, or leave the row out of the file.",
        ),
        _check(
            "identical_responses",
            "reject",
            "Two responses that are the same text",
            "Both responses are the same, character by character: no preference can be right.",
            "Raise the temperature, or choose another strategy for the pair.",
        ),
        _check(
            "empty_prompt",
            "reject",
            "A prompt without text",
            "No message of the prompt holds anything but white space.",
            "Check which column of the file the prompt is read from (--map prompt=COLUMN).",
        ),
        _check(
            "prompt_mismatch",
            "reject",
            "Responses to two different prompts",
            "The pair arrived as two whole dialogues whose turns before the last answer differ, so the two"
            " responses do not answer the same prompt.",
            "Correct the row: both dialogues must be the same up to the last answer.",
        ),
        _check(
            "truncated_response",
            "note",
            "A response that was cut off",
            "The model says that it ran into its limit of tokens, a code fence is never closed, or a longer"
            " text ends in the middle of a sentence: after a comma, or after a word such as 'the'. A missing"
            " full stop alone is no finding.",
            "Raise the generator's limit of tokens; reject the pair if the cut-off response was preferred.",
        ),
        _check(
            "pii",
            "quarantine",
            "Personal data",
            "E-mail addresses, telephone numbers, IBANs, payment cards, public IP addresses, and national ids"
            " that have a checksum. What is reserved for examples (example.com, 555-0100, 192.0.2.1, test"
            " cards) is no finding.",
            "Look at the pair, and let it go or keep it out: prefstream quarantine list.",
        ),
        _check(
            "secret",
            "quarantine",
            "A credential",
            "Keys and tokens of well-known services, private keys, and JSON web tokens, known by their"
            " shape and not by chance of characters. What says EXAMPLE is no finding.",
            "Have the credential revoked, then keep the pair out.",
        ),
        _check(
            "self_identification",
            "note",
            "A response that says which model wrote it",
            "The writer calls itself an AI language model, or says in the first person which company or"
            " product it is, in English, German, French, Spanish or Chinese. A model trained on it says"
            " so too.",
            "Reject these where the model you train must speak for itself.",
        ),
        _check(
            "language_mismatch",
            "note",
            "A response in another language than the prompt",
            "Both texts are long enough to tell, both languages are certain, they differ, and the prompt does"
            " not ask for, or mention, another language. Code is left out first.",
            "Reject these where responses must keep to the prompt's language.",
        ),
        _check(
            "encoding_damage",
            "quarantine",
            "Damaged characters",
            "UTF-8 read as Latin-1 (mojibake), replacement characters, lone surrogates, control characters,"
            " or line breaks that were escaped twice.",
            "Read the source again with its right encoding and ingest it anew.",
        ),
        _check(
            "simulated_origin",
            "note",
            "Simulated or offline origin",
            "The pair, or one of its responses, comes from a simulation or from the offline stand-in of a"
            " model.",
            "Nothing to do for tests; a release leaves such pairs out unless its plan asks for them.",
        ),
        _check(
            "exact_duplicate",
            "reject",
            "The same pair as an earlier one",
            "An earlier pair has the same conversation and the same two responses, whichever stands first.",
            "Nothing: the earlier pair stays.",
        ),
        _check(
            "near_duplicate",
            "reject",
            "Nearly the same pair as an earlier one",
            "An earlier pair, of another prompt, shares at least the policy's `near_duplicate` of its runs of"
            " five characters (Jaccard).",
            "Nothing: the earlier pair stays; raise `near_duplicate` to keep more.",
        ),
        _check(
            "duplicate_prompt",
            "note",
            "The same prompt under another id",
            "An earlier pair has the same first turn of the user, under another prompt id.",
            "Nothing: a release keeps both on the same side of its splits.",
        ),
        _check(
            "leaked",
            "reject",
            "Text of a protected set",
            "The prompt or a response holds a prompt of a protected set, whole or 13 words of it in a row.",
            "Nothing: it stays out; `prefstream protect list` shows the sets.",
        ),
        _check(
            "gold_question",
            "reject",
            "A gold question",
            "The pair serves to check annotators; trained on, it would teach the test.",
            "Nothing: it stays out for as long as it is a gold question.",
        ),
        _check(
            "calibration_item",
            "reject",
            "An item of a calibration set",
            "The pair serves to calibrate annotators and judges.",
            "Nothing: it stays out.",
        ),
        _check(
            "stale_constitution",
            "quarantine",
            "A label under a superseded constitution",
            "The label rests on a version of the constitution that is no longer in force.",
            "Have it labelled again, or name the versions that still count in the policy (`constitutions`).",
        ),
        _check(
            "withdrawn_annotator",
            "reject",
            "A label of somebody whose labels were withdrawn",
            "The label rests on what somebody said whose labels no longer count.",
            "Have the pair labelled again.",
        ),
        _check(
            "contradicted_rationale",
            "quarantine",
            "A verdict against its own rationale",
            "The rationale says plainly that the other response is the better one.",
            "Look at the pair, and let it go or keep it out: prefstream quarantine list.",
        ),
    )
)
