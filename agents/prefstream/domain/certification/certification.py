"""Certification: from evidence and terms to a certificate."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from prefstream.domain.certification.certificates import Certificate, Refusal, SliceCertificate
from prefstream.domain.certification.evidence import Evidence
from prefstream.domain.certification.needs import Need, least_labels, need
from prefstream.domain.certification.terms import Terms
from prefstream.domain.certification.walks import Step, passed, steps
from prefstream.schemas.errors import BadInput

#: A slice with fewer audit labels takes no share of delta: hardly any bound can be proved with them.
LEAST_LABELS = 10


def certify(slices: Mapping[str, Evidence], terms: Terms, *, one_class: Collection[str] = ()) -> Certificate:
    """Return what the audit labels prove of each slice.

    Each of the S slices that have labels enough walks its thresholds at level delta / S, so that with
    probability 1 - delta the bound holds in all of them. A slice that passes its whole walk can make no
    error any more with its share, and leaves it to the others in equal parts, which then walk on: the
    graphical procedure of Bretz, Maurer, Brannath and Posch (2009), which keeps delta.

    Args:
        slices: The evidence on each slice, by its name.
        terms: What is to be promised.
        one_class: Slices in which judge and people gave one answer throughout; they are refused.

    Raises:
        BadInput: There is no slice.

    >>> from prefstream.domain.certification.evidence import evidence
    >>> good = evidence([0.95] * 100, [False] * 98 + [True] * 2)
    >>> certify({"maths": good}, Terms(alpha=0.1)).slices["maths"].coverage
    1.0
    """
    if not slices:
        raise BadInput("there is no pair to certify anything from")
    if terms.pooled:
        return _pooled(slices, terms, one_class)
    return Certificate(terms=terms, slices=_each(slices, terms, one_class))


def thresholds(slices: Mapping[str, Evidence], terms: Terms) -> dict[str, float | None]:
    """Return only the thresholds that `certify` would certify, without the account of them."""
    if terms.pooled:
        pooled = _tested({"": together(list(slices.values()))}, terms).get("")
        shared = pooled.threshold if pooled else None
        return dict.fromkeys(slices, shared)
    tested = _tested(slices, terms)
    return {name: tested[name].threshold if name in tested else None for name in slices}


def _pooled(slices: Mapping[str, Evidence], terms: Terms, one_class: Collection[str]) -> Certificate:
    everything = together(list(slices.values()))
    refused = ("",) if slices.keys() <= set(one_class) else ()
    pooled = _each({"": everything}, terms, refused)[""]
    of_slices = {name: _under(slices[name], pooled, terms) for name in sorted(slices)}
    return Certificate(terms=terms, slices=of_slices, pooled=pooled)


def together(slices: list[Evidence]) -> Evidence:
    """Return the evidence of several slices as that of one."""
    if len(slices) == 1:
        return slices[0]
    return Evidence(
        confidence=np.concatenate([one.confidence for one in slices]),
        wrong=np.concatenate([one.wrong for one in slices]),
        audited=np.concatenate([one.audited for one in slices]),
    )


def _under(evidence: Evidence, pooled: SliceCertificate, terms: Terms) -> SliceCertificate:
    """Return what one slice looks like under the threshold that all slices share."""
    threshold = pooled.threshold
    accepted = evidence.best >= (np.inf if threshold is None else threshold)
    labelled = accepted & evidence.audited
    errors = int((evidence.mistaken(threshold or 0.0) & labelled).sum())
    return SliceCertificate(
        threshold=threshold,
        coverage=float(accepted.mean()) if evidence.n_pairs else 0.0,
        n_pairs=evidence.n_pairs,
        n_labels=evidence.n_labels,
        n_accepted=int(labelled.sum()),
        errors=errors,
        p_value=None,
        level=terms.delta,
        refusal=Refusal.POOLED_ONLY,
        reason="nothing is certified for all slices together"
        if threshold is None
        else "one threshold was certified for all slices together; it promises nothing for this one alone",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tested:
    walk: tuple[Step, ...]
    n_passed: int
    level: float

    @property
    def threshold(self) -> float | None:
        return self.walk[self.n_passed - 1].threshold if self.n_passed else None


def _each(
    slices: Mapping[str, Evidence], terms: Terms, one_class: Collection[str]
) -> dict[str, SliceCertificate]:
    tested = _tested({name: one for name, one in slices.items() if name not in one_class}, terms)
    unspent = terms.delta / max(1, len(tested))
    return {
        name: _proved(slices[name], tested[name], terms)
        if name in tested
        else _untested(slices[name], terms, unspent, one_class=name in one_class)
        for name in sorted(slices)
    }


def _tested(slices: Mapping[str, Evidence], terms: Terms) -> dict[str, _Tested]:
    counted = [name for name in sorted(slices) if slices[name].n_labels >= LEAST_LABELS]
    return _walked({name: steps(slices[name], terms) for name in counted}, terms.delta)


def _walked(walks: Mapping[str, tuple[Step, ...]], delta: float) -> dict[str, _Tested]:
    """Walk every slice, and leave the share of a slice that passed all to those that have not."""
    shares = {name: delta / len(walks) for name in walks}
    open_, found = set(walks), {}
    while True:
        for name in sorted(open_):
            found[name] = _Tested(
                walk=walks[name], n_passed=passed(walks[name], shares[name]), level=shares[name]
            )
        done = {name for name in open_ if walks[name] and found[name].n_passed == len(walks[name])}
        open_ -= done
        if not done or not open_:
            return found
        freed = sum(shares[name] for name in sorted(done))
        for name in open_:
            shares[name] += freed / len(open_)


def _proved(evidence: Evidence, tested: _Tested, terms: Terms) -> SliceCertificate:
    walk, kept = tested.walk, tested.n_passed
    if not kept:
        return _not_proved(evidence, tested, terms)
    last = walk[kept - 1]
    return SliceCertificate(
        threshold=last.threshold,
        coverage=last.coverage,
        n_pairs=evidence.n_pairs,
        n_labels=evidence.n_labels,
        n_accepted=last.n_accepted,
        errors=last.errors,
        p_value=max(step.p_value for step in walk[:kept]),
        level=tested.level,
        walked=walk[: kept + 1],
    )


def _not_proved(evidence: Evidence, tested: _Tested, terms: Terms) -> SliceCertificate:
    walk, level = tested.walk, tested.level
    if not walk:
        code, said = Refusal.NO_VERDICTS, "the judge gave no verdict on any audited pair"
    elif evidence.n_labels < (least := least_labels(terms.alpha, level)):
        code = Refusal.TOO_FEW_LABELS
        said = f"{evidence.n_labels} audit labels; even without an error {least} accepted ones are needed"
    else:
        code, first = Refusal.NOT_PROVED, walk[0]
        said = (
            f"{first.errors} of {first.n_accepted} accepted audit labels disagree at the first step"
            f" (p = {first.p_value:.3g}, allowed {level:.3g})"
        )
    return _refused(evidence, code, said, level, walk[:1], need(evidence, walk, terms=terms, level=level))


def _untested(evidence: Evidence, terms: Terms, level: float, *, one_class: bool) -> SliceCertificate:
    if not evidence.n_labels:
        code = Refusal.NO_AUDIT_LABELS
        said = "no pair is in the audit sample, so the risk of accepted pairs is unknown"
    elif one_class:
        code = Refusal.ONE_CLASS
        said = (
            "judge and people gave the same one answer for every pair: nothing shows that the judge can tell"
        )
    else:
        code = Refusal.TOO_FEW_LABELS
        said = f"{evidence.n_labels} audit labels; a slice is tested from {LEAST_LABELS} on"
    if one_class and evidence.n_labels:
        missing = Need(more_labels=None, reason="pairs are needed in which the other response is better")
    else:
        least = max(LEAST_LABELS, least_labels(terms.alpha, level)) - evidence.n_labels
        missing = Need(
            more_labels=max(1, least), reason=f"{max(1, least)} more audit labels without an error"
        )
    return _refused(evidence, code, said, level, (), missing)


def _refused(
    evidence: Evidence, code: Refusal, said: str, level: float, walked: tuple[Step, ...], missing: Need
) -> SliceCertificate:
    return SliceCertificate(
        threshold=None,
        coverage=0.0,
        n_pairs=evidence.n_pairs,
        n_labels=evidence.n_labels,
        n_accepted=0,
        errors=0,
        p_value=walked[0].p_value if walked else None,
        level=level,
        walked=walked,
        refusal=code,
        reason=said,
        need=missing,
    )
