"""What `prefstream judge` says to people."""

from collections.abc import Mapping
from typing import Any

from prefstream.cli.console import say

#: Lines of the table beyond which a reader is better served by --json.
_MOST_LINES = 400


def say_report(report: Mapping[str, Any]) -> None:
    """Say how good the judges are: a table, and all there is where it is one judge."""
    cards = report["judges"]
    say(
        f"{report['pairs']:,} pairs, people take a side on {report['labelled_pairs']:,};"
        " limits are 95 % (Wilson: for one look)"
    )
    if stood_in := report["labels_not_by_people"]:
        say(f"{stood_in:,} labels are simulated or made offline, and count as people's here")
    width = max(len("judge"), *(len(_judge(card)) for card in cards))
    wide = max(len("slice"), *(len(_slice(card)) for card in cards))
    head = f"{'pairs':>6} {'agreement':>20} {'reading':>7} {'null':>5} {'same':>6} {'first':>6}"
    head += f" {'length':>7} {'ECE':>6}"
    say(f"{'judge':<{width}} {'slice':<{wide}} {head}")
    for card in cards[:_MOST_LINES]:
        say(f"{_judge(card):<{width}} {_slice(card):<{wide}} {_figures(card)}")
    if len(cards) > _MOST_LINES:
        say(f"... and {len(cards) - _MOST_LINES:,} more lines; --json has them all")
    say("agreement: of pairs, the votes of all orders pooled; reading: of single readings; null: no verdict;")
    say("same: says the same in both orders; first: share of preferences for the response shown first;")
    say("length: how much more often than people it prefers the longer response (* : beyond chance)")
    whole = [card for card in cards if card["slice"] == "*"]
    if len(whole) == 1:
        _say_one(whole[0])
    _say_stacking(report["stacking"])


def _judge(card: Mapping[str, Any]) -> str:
    strategy = "" if card["strategy"] == "recorded" else f" ({card['strategy']})"
    return f"{card['judge']}{strategy}"


def _slice(card: Mapping[str, Any]) -> str:
    return "all" if card["slice"] == "*" else str(card["slice"])


def _figures(card: Mapping[str, Any]) -> str:
    bias = card["length"]["bias"]
    sure = bias["low"] is not None and not bias["low"] <= 0 <= bias["high"]
    length = "-" if bias["value"] is None else f"{bias['value']:+.3f}{'*' if sure else ' '}"
    nulls = sum(card["without_verdict"].values())
    return (
        f"{card['pairs']:>6,} {_limits(card['agreement']):>20} {_short(card['readings']):>7} {nulls:>5,}"
        f" {_short(card['same_in_both_orders']):>6} {_short(card['first_shown']):>6} {length:>7}"
        f" {_number(card['calibration']['ece_equal_mass']):>6}"
    )


def _limits(share: Mapping[str, Any]) -> str:
    if share["value"] is None:
        return "-"
    low, high = share["low"], share["high"]
    return f"{share['value']:.4f}" + (f" {low:.3f}-{high:.3f}" if low is not None else "")


def _short(share: Mapping[str, Any]) -> str:
    return _number(share["value"])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _say_one(card: Mapping[str, Any]) -> None:
    """Say all that is known of the only judge there is."""
    from prefstream.adapters.plots.terminal import reliability_lines

    agreement, calibration = card["agreement"], card["calibration"]
    say(f"\n{_judge(card)}, all pairs")
    say(
        f"agrees with people on {agreement['hits']:,} of {agreement['of']:,} pairs; limits for looking"
        f" all the time: {agreement['always_low']:.3f}-{agreement['always_high']:.3f}"
    )
    _say_nulls(card)
    where = card["where_people_prefer_one"]["agreement"]
    say(f"where people prefer one: {_limits(where)} of {where['of']:,}")
    for order, share in card["by_order"].items():
        if share["of"]:
            say(f"order {order}: {_limits(share)} of {share['of']:,} readings right")
    if card["right_when_same"]["value"] is not None:
        say(f"right when it says the same in both orders: {_limits(card['right_when_same'])}")
    say(f"shown first is preferred in {_limits(card['first_shown'])} of decisive readings")
    _say_length(card["length"])
    _say_estimates(card["estimates"])
    _say_alternative(card["alternative_annotator"])
    if calibration["n"]:
        say(
            f"calibration: ECE {calibration['ece_equal_width']:.4f} (equal width),"
            f" {calibration['ece_equal_mass']:.4f} (equal mass), Brier {calibration['brier']:.4f}"
        )
        for line in reliability_lines(calibration["bins"]["equal_mass"]):
            say(line)
    else:
        say(f"calibration: unknown: {calibration['reason']}")


def _say_nulls(card: Mapping[str, Any]) -> None:
    nulls = sum(card["without_verdict"].values())
    if nulls:
        words = ", ".join(f"{word or 'nothing'!r} {count}" for word, count in card["unreadable"].items())
        said = f" ({words})" if words else ""
        say(f"{nulls:,} readings without a verdict{said}: they count as not agreeing, never as ties")
    for reason, count in card["left_out"].items():
        say(f"left out: {count:,} judged pairs ({reason.replace('_', ' ')})")


def _say_length(length: Mapping[str, Any]) -> None:
    people, judge, bias = length["people"], length["judge"], length["bias"]
    if bias["value"] is None:
        say(f"length bias: unknown: {bias['reason']}")
        return
    limits = f" ({bias['low']:+.3f} to {bias['high']:+.3f})" if bias["low"] is not None else ""
    say(
        f"prefers the longer: judge {judge['value']:.3f}, people {people['value']:.3f};"
        f" bias {bias['value']:+.3f}{limits}"
    )


def _say_estimates(estimates: Mapping[str, Any]) -> None:
    for key, name in (("agreement", "agreement"), ("win_rate_a", "win rate of A")):
        one = estimates[key]
        if one["unlabelled"]:
            how = f"PPI++, weight {one['weight']:.2f}" if one["method"] == "ppi++" else "labels alone"
            counts = f"{one['labelled']:,} labelled and {one['unlabelled']:,} other pairs"
            limits = f" {one['low']:.3f}-{one['high']:.3f}" if one["low"] is not None else ""
            say(f"{name} on all pairs: {one['value']:.4f}{limits} ({how}; {counts})")


def _say_alternative(test: Mapping[str, Any]) -> None:
    if test["winning_rate"] is None:
        say(f"alternative-annotator test: not done: {test['reason']}")
        return
    verdict = "may stand in for one of these people" if test["passed"] else "may not stand in for a person"
    say(
        f"alternative-annotator test at epsilon {test['epsilon']:g}: wins against {test['winning_rate']:.0%}"
        f" of {len(test['against'])} annotators (advantage {test['advantage']:.3f}): it {verdict}"
    )


def _say_stacking(found: Mapping[str, Any] | None) -> None:
    if found is None:
        return
    if found["reason"]:
        say(f"\nstacking: not done: {found['reason']}")
        return
    say(f"\n{found['judges']} judges together, {found['pairs']:,} pairs that all of them read")
    say(
        f"  weighed by {found['gold']} gold pairs   {_number(found['stacked'])} on the rest,"
        f" {found['draws']} draws"
    )
    say(f"  cross-validated, all labels {_number(found['cross_validated'])}")
    say(f"  best judge by the gold      {_number(found['best_on_gold'])}")
    say(f"  best judge in hindsight     {_number(found['best_single'])} {found['best_judge']}")
    say(f"  majority, no gold           {_number(found['majority'])}")
    say(f"  Dawid-Skene, no gold        {_number(found['dawid_skene'])}")


def say_feedback(report: Mapping[str, Any]) -> None:
    """Say under which clauses judges differ from people, and what is proposed."""
    for one in report["judges"]:
        say(f"{_judge(one)}: differs from people on {one['differences']:,} of {one['pairs']:,} pairs")
        for clause in one["clauses"]:
            _say_clause(clause)
    for proposed in report["proposals"]:
        say(
            f"proposed for {proposed['id']}: {len(proposed['exemplars'])} exemplars,"
            f" {len(proposed['counter_examples'])} counter-examples"
        )
    if not report["proposals"]:
        say("no exemplar is proposed: it takes settled cases against the judge, with short texts")


def _say_clause(clause: Mapping[str, Any]) -> None:
    agreement = clause["agreement"]
    wrong = agreement["of"] - agreement["hits"]
    kinds = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in clause["mistakes"].items())
    say(
        f"  {clause['clause']}: {wrong:,} of {agreement['of']:,} differ"
        f" ({1 - agreement['high']:.3f}-{1 - agreement['low']:.3f}){': ' + kinds if kinds else ''}"
    )
    for one in clause["examples"][:2]:
        say(f"    {one['pair_id']}: people {one['people']}, judge {one['judge'] or 'nothing'}")
        for who, texts in (("people", one["human_rationales"]), ("judge", [one["judge_rationale"]])):
            for text in texts[:1]:
                if text:
                    say(f"      {who}: {_cut(text)}")
        for quote in one["quotes"][:1]:
            say(f"      quotes: {_cut(quote)}")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else line[:159] + "…"


def say_decision(decision: Mapping[str, Any]) -> None:
    """Say whether to adopt a candidate, and the numbers behind it."""
    whole = decision["whole"]
    say(f"{'adopt' if decision['adopt'] else 'keep the present judge'}: {decision['why']}")
    say(
        f"on {whole['pairs']:,} pairs neither was built from ({decision['excluded']:,} excluded):"
        f" candidate right on {decision['candidate_right']:,}, present on {decision['present_right']:,}"
    )
    say(
        f"only the candidate is right on {whole['only_candidate']:,}, only the present judge on"
        f" {whole['only_present']:,}; p = {whole['p_better']:.4f}, asked for {decision['delta']:.4g}"
    )
    for name, one in decision["by_slice"].items():
        say(
            f"  {name}: {one['only_candidate']:,} against {one['only_present']:,},"
            f" worse with p = {one['p_worse']:.4f}"
        )
