"""Certificates, backtests and budget curves as the documents that `prefstream route` prints."""

from dataclasses import asdict
from typing import Any

from prefstream.agents.ingestion.audit_samples import AuditSample, Reading
from prefstream.domain.certification import (
    Backtest,
    BudgetCurve,
    Certificate,
    Outcome,
    SliceCertificate,
)


def certificate_document(certificate: Certificate, reading: Reading, sample: AuditSample) -> dict[str, Any]:
    """Return the certificate as `route certify --json` prints it."""
    terms = certificate.terms
    pooled = certificate.pooled
    return {
        "mode": "pooled" if terms.pooled else "slices",
        "method": "betting" if terms.anytime else _METHODS[terms.population],
        "population": terms.population,
        "alpha": terms.alpha,
        "delta": terms.delta,
        "truth": reading.truth,
        "panel": reading.panel if len(sample.judges) > 1 else "single",
        "judges": list(sample.judges),
        "n_pairs": sample.n_pairs,
        "n_labels": sample.n_labels,
        "coverage": certificate.coverage,
        "pooled": None if pooled is None else _slice_document(pooled),
        "slices": {name: _slice_document(one) for name, one in certificate.slices.items()},
        "notes": notes(sample, reading),
    }


_METHODS = {"stream": "binomial", "file": "hypergeometric"}


def _slice_document(one: SliceCertificate) -> dict[str, Any]:
    refused = one.refusal
    return {
        "certified": one.certified and refused is None,
        "threshold": one.threshold,
        "coverage": one.coverage,
        "n_accepted": one.n_accepted,
        "errors": one.errors,
        "p_value": one.p_value,
        "needed": one.need.more_labels if one.need else None,
        "needed_reason": one.need.reason if one.need else None,
        "risk": one.risk,
        "refusal": refused.value if refused else None,
        "reason": one.reason or None,
        "n_pairs": one.n_pairs,
        "n_labels": one.n_labels,
        "level": one.level,
        "walked": [asdict(step) for step in one.walked],
    }


def notes(sample: AuditSample, reading: Reading) -> list[str]:
    """Return what was done to the rows that a reader should know of."""
    said = (
        (sample.repeated, "rows say again what was said before; they count once"),
        (sample.disputed, f"pairs have people who differ; the truth is the {_TRUTHS[reading.truth]}"),
        (sample.unjudged, "pairs have no verdict; they are never accepted, and count in every share"),
        (sample.unread, "verdicts of judges could not be read; they count as no verdict"),
        (sample.thinned, "labels are left out, so that all had the same chance to be in the audit sample"),
    )
    found = [f"{count:,} {text}" for count, text in said if count]
    if not sample.n_labels:
        found.append("the audit sample is empty: what people would say of accepted pairs is unknown")
    return found


_TRUTHS = {
    "fresh": "label of one of them drawn anew, as a fresh person's would be",
    "first": "first label in the file",
    "majority": "most frequent label; without one the judge counts as wrong",
}


def backtest_document(found: Backtest) -> dict[str, Any]:
    """Return a backtest as `route backtest --json` prints it."""
    slicewise = found.slicewise
    return {
        "population": found.terms.population,
        "replacement": found.replacement,
        "alpha": found.terms.alpha,
        "delta": found.terms.delta,
        "n_pairs": found.n_pairs,
        "n_labels": found.n_labels,
        "resamples": found.n_runs,
        "violation_limit": found.violation_limit,
        **_outcome_document(found.pooled),
        "pooled": _outcome_document(found.pooled)
        | {"any_slice_violation_rate": found.pooled_any_slice_violation_rate},
        "slicewise": None
        if slicewise is None
        else _outcome_document(slicewise) | {"any_slice_violation_rate": found.any_slice_violation_rate},
        "slices": {name: _outcome_document(one) for name, one in found.slices.items()},
    }


def _outcome_document(one: Outcome) -> dict[str, Any]:
    return asdict(one)


def curve_document(curve: BudgetCurve) -> dict[str, Any]:
    """Return a budget curve as `route curve --json` prints it."""
    return {
        "n_pairs": curve.n_pairs,
        "accuracy_without_people": curve.points[0].routed,
        "gain_over_random": curve.gain_over_random,
        "worse_than_random": curve.worse_than_random,
        "people_for": {f"{share:g}": curve.people_for(share) for share in (0.9, 0.95, 0.99)},
        "points": [asdict(point) for point in curve.points],
    }
