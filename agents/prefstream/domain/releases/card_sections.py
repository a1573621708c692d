"""Sections of a card, each as paragraphs of Markdown."""

from collections.abc import Iterator, Mapping
from typing import Final, cast

from prefstream.domain.gates.results import number
from prefstream.domain.releases.card_facts import CardFacts
from prefstream.domain.releases.card_figures import slices_table
from prefstream.domain.releases.card_words import cell, code, inline, share, table
from prefstream.domain.releases.exclusions import REASONS
from prefstream.domain.releases.formats import FORMATS
from prefstream.schemas.policies import Policy
from prefstream.schemas.releases import FormatName, ReleasePlan

#: What each plot shows, by the name of its file.
PLOTS: Final[Mapping[str, str]] = {
    "slices": "Pairs of each slice, by who decided them",
    "margins": "Labels on the five-point scale",
    "confidence": "Confidence of the judge, calibrated against people",
    "agreement": "Agreement with its intervals and limits",
    "labels": "Labels over time",
}
_LOADING: Final[Mapping[str, str]] = {
    "preference": "DPOTrainer",
    "preference_conversational": "DPOTrainer",
    "preference_implicit": "RewardTrainer",
    "reward": "RewardTrainer",
    "unpaired": "KTOTrainer",
    "sft": "SFTTrainer",
    "prompts": "GRPOTrainer",
}


def what(facts: CardFacts) -> Iterator[str]:
    """Yield what the release is and which forms it has."""
    census, plan = facts.census, facts.plan
    n, judged = census.total("pairs"), census.over("method", 1).get("judge", 0)
    of = ", ".join(code(name) for name in census.slices)
    yield (
        f"{n:,} pairs of responses with the better one of each, in {len(census.slices)} slices of prompts "
        f"({of}). A judge decided {share(judged, n)} of them, people {share(n - judged, n)}."
    )
    if plan.previous is not None:
        yield f"It follows {code(plan.previous)}."
    yield table(
        ("configuration", "what it is for", "rows"),
        [
            (code(config), FORMATS[cast("FormatName", config)].about, f"{sum(found):,}")
            for config, found in _by_config(facts).items()
        ],
    )


def _by_config(facts: CardFacts) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for (config, _), rows in facts.rows.items():
        found.setdefault(config, []).append(rows)
    return found


def how(facts: CardFacts) -> Iterator[str]:
    """Yield who decided pairs, by which rules, under which promise."""
    census, n = facts.census, facts.census.total("pairs")
    yield (
        "A judge reads every pair in both orders against a written constitution. Where its confidence "
        "reaches a threshold certified for the slice, its label stands; all other pairs, and a random "
        "sample of all of them (the audit), are labelled by people, who settle disagreements in review and "
        "adjudication."
    )
    methods = census.over("method", 1)
    yield table(
        ("decided by", "pairs", "share"),
        [(code(name), f"{count:,}", share(count, n)) for name, count in methods.items()],
    )
    for kind, title in (("constitution", "Constitutions"), ("judge", "Judges"), ("policy", "Policies")):
        if counts := census.over(kind, 0):
            told = "; ".join(f"{code(name)} ({count:,} pairs)" for name, count in counts.items())
            yield f"{title}: {told}."
    if facts.policies:
        yield table(("policy", "slice", "threshold", "what it promises"), _policies(facts.policies))


def _policies(policies: Mapping[str, Policy]) -> Iterator[tuple[str, ...]]:
    for policy_id, policy in sorted(policies.items()):
        for name, one in sorted(policy.slices.items()):
            if one.threshold is None:
                told = "nothing is certified: people decide"
            elif policy.certificate is None:
                told = "nothing: it was chosen by hand"
            else:
                told = (
                    f"at most {policy.alpha:.0%} of what is accepted differs from people, with probability "
                    f"{1 - policy.delta:.0%} ({policy.certificate.method})"
                )
            threshold = "none" if one.threshold is None else number(one.threshold, fine=True)
            yield code(policy_id), code(name), threshold, told


def figures(facts: CardFacts) -> Iterator[str]:
    """Yield how each slice stands, and the plots."""
    yield slices_table(facts.census, facts.plan)
    yield (
        "Alpha is Krippendorff's, ordinal; kappa the mean of Cohen's over every two people; both of labels "
        "that people gave without knowing others', with 95 % limits. The judge is measured against people "
        "on audited pairs that it would have decided; those limits hold at every look."
    )
    for path in facts.plots:
        stem = path.rpartition("/")[2].removesuffix(".svg")
        yield f"![{PLOTS.get(stem, stem)}]({path})"


def splits(facts: CardFacts) -> Iterator[str]:
    """Yield how rows are divided."""
    splits = list(dict.fromkeys(split for _, split in facts.rows))
    yield (
        "All pairs of a prompt, of prompts alike, and of one set of candidates stand in one split: nothing "
        "leaks from one to another."
    )
    yield table(
        ("configuration", *splits),
        [
            (code(config), *(f"{facts.rows.get((config, split), 0):,}" for split in splits))
            for config in _by_config(facts)
        ],
    )


def left_out(facts: CardFacts) -> Iterator[str]:
    """Yield what was left out, and why."""
    if facts.exclusions:
        rows = [(cell(_why(name)), f"{n:,}") for name, n in sorted(facts.exclusions.items())]
        yield table(("why", "pairs"), rows)


def _why(name: str) -> str:
    reason, _, detail = name.partition(": ")
    told = REASONS.get(reason, reason)
    return f"{told} ({detail})" if detail else told


def load(facts: CardFacts) -> Iterator[str]:
    """Yield how the rows are loaded."""
    if not facts.files:
        return
    config = facts.files[0].config
    split = facts.files[0].split if "train" not in {one.split for one in facts.files} else "train"
    yield "With the release's folder as `FOLDER`:"
    loads = f'rows = load_dataset("FOLDER", "{config}", split="{split}")'
    yield f"```python\nfrom datasets import load_dataset\n\n{loads}\n```"
    trainers = [(code(name), code(_LOADING[name])) for name in _by_config(facts) if name in _LOADING]
    if trainers:
        yield "In TRL, which takes these rows as they are:"
        yield table(("configuration", "trainer"), trainers)


def verify() -> Iterator[str]:
    """Yield how to find out that nothing was changed."""
    yield "```console\nprefstream release verify FOLDER\nsha256sum --check SHA256SUMS\n```"
    yield (
        "The first also compares the release with what was recorded when it was cut, and follows a row back "
        "to who decided it: `prefstream release trace ROW_ID`. The second needs nothing but the folder."
    )


def licence(plan: ReleasePlan) -> str:
    """Return the licence in words."""
    told = plan.licence.strip()
    return "No licence was named: ask whoever cut it." if told in {"", "other"} else f"{inline(told)}."
