"""Policies from certificates: what routing may apply, with the evidence in it."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from prefstream.agents.ingestion.audit_samples import AuditSample
from prefstream.domain.certification import Certificate
from prefstream.domain.policies.certifying import evidence_of
from prefstream.schemas.errors import BadInput
from prefstream.schemas.policies import CalibrationWindow, Policy, SlicePolicy
from prefstream.schemas.policies import Certificate as PolicyCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTerms:
    """What a policy says besides its thresholds."""

    name: str
    judge_id: str | None = None
    constitution_id: str | None = None
    audit_share: float = 0.1
    audit_seed: str = ""


def write_policy(policy: Policy, path: Path) -> None:
    """Write a policy as `prefstream policy publish` takes it, with what it promises on top.

    Raises:
        BadInput: The file cannot be written.
    """
    found = policy.certificate
    pooled = found is not None and found.pooled
    how = "one threshold for all slices together" if pooled else "each slice by itself"
    head = (
        f"# Certified from {found.window.labels if found else 0} audit labels, {how}: with probability"
        f" {1 - policy.delta:g}\n# people disagree with at most {policy.alpha:.3g} of the accepted pairs.\n"
    )
    if pooled:
        head += (
            "# Pooled: the bound holds over all slices together and promises nothing for any one of them.\n"
        )
    try:
        path.write_text(head + yaml.safe_dump(policy.model_dump(mode="json"), sort_keys=False), "utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error


def policy_of(certificate: Certificate, sample: AuditSample, own: PolicyTerms) -> Policy:
    """Return the thresholds with their evidence as a policy.

    Raises:
        BadInput: Routing cannot apply what was certified.
    """
    terms = certificate.terms
    if terms.population != "stream":
        raise BadInput("a policy decides pairs to come; certify for --population stream to write one")
    if len(sample.judges) > 1 and sample.panel != "pooled":
        raise BadInput("routing pools the votes of its judges; certify with --panel pooled to write a policy")
    pooled = certificate.pooled
    return Policy(
        name=own.name,
        slices={
            name: SlicePolicy(threshold=one.threshold, certificate=None if terms.pooled else evidence_of(one))
            for name, one in certificate.slices.items()
        },
        judge_id=own.judge_id,
        constitution_id=own.constitution_id,
        alpha=terms.alpha,
        delta=terms.delta,
        audit_share=own.audit_share,
        audit_seed=own.audit_seed,
        certificate=PolicyCertificate(
            method="betting" if terms.anytime else "fixed_sequence",
            pooled=terms.pooled,
            window=CalibrationWindow(labels=sample.n_labels, sample_hash=sample.content_hash),
            spent=terms.delta,
            together=None if pooled is None else evidence_of(pooled),
        ),
    )
