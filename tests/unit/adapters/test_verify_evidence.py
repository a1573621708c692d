"""The script that outsiders check proofs with: it believes what is right, and nothing else."""

import random
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.factories import a_label_submitted, a_record

from prefstream.adapters.evidence import verify_evidence
from prefstream.domain.evidence.checkpoints import checkpoint_of, signed, verifier_key
from prefstream.domain.evidence.leaves import record_leaf
from prefstream.domain.evidence.merkle import Frontier, inclusion_proof, tree_root
from prefstream.domain.evidence.proofs import InclusionProof
from prefstream.schemas.records import LogRecord

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
KEY = verifier_key("lab", PUBLIC)
RECORDS = [
    a_record(
        a_label_submitted(pair_id=f"pair-{number}", rationale="Antwort A nennt die Quelle \u2026"),
        offset=number,
        headers=(("traceparent", b"00-\xff"),),
    )
    for number in range(37)
]
LEAVES = [record_leaf(record) for record in RECORDS]


def note() -> str:
    trees = {
        (RECORDS[0].topic, 0): Frontier().grown(LEAVES)[0],
        ("pairs.judged.v1", 1): Frontier().grown(LEAVES[:5])[0],
    }
    checkpoint = checkpoint_of("lab", trees)
    signature = PRIVATE.sign(checkpoint.text.encode())
    return signed(checkpoint, name="lab", public_key=PUBLIC, signature=signature)


def proof_of(number: int, record: LogRecord | None = None) -> str:
    def subtree(level: int, index: int) -> bytes:
        return tree_root(LEAVES[index << level : (index + 1) << level])

    return InclusionProof(
        record=record or RECORDS[number],
        digest=sha256(RECORDS[number].value or b"").digest(),
        leaf=number,
        hashes=inclusion_proof(number, len(LEAVES), subtree),
        checkpoint=note(),
    ).written


@pytest.mark.parametrize("number", [0, 1, 31, 32, 36])
def test_every_record_is_shown_to_stand_in_the_log(number: int) -> None:
    place = f"labels.submitted.v1/0@{number} is leaf {number} of 37"
    assert verify_evidence.check(proof_of(number), KEY) == place


def test_the_proof_of_an_erased_record_still_holds() -> None:
    erased = proof_of(4, RECORDS[4]._replace(value=None))
    assert verify_evidence.check(erased, KEY).endswith("its content erased since")


def test_any_changed_byte_is_caught() -> None:
    chance = random.Random(8)
    written = proof_of(20).encode()
    for _ in range(400):
        changed = bytearray(written)
        changed[chance.randrange(len(written))] ^= 1 << chance.randrange(8)
        with pytest.raises((ValueError, LookupError, TypeError, AttributeError, OverflowError)):
            verify_evidence.check(changed.decode(), KEY)


def test_a_checkpoint_signed_by_another_key_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))).public_key().public_bytes_raw()
    with pytest.raises(ValueError, match="not signed by that key"):
        verify_evidence.check(proof_of(3), verifier_key("lab", other))
    with pytest.raises(ValueError, match="not signed by that key"):
        verify_evidence.check(proof_of(3), verifier_key("another", PUBLIC))


def test_the_script_needs_nothing_but_python(tmp_path: Path) -> None:
    script = Path(verify_evidence.__file__)
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
    right.write_text(proof_of(7), encoding="utf-8")
    wrong.write_text(proof_of(7).replace("pair-7", "pair-8"), encoding="utf-8")
    wrong.write_bytes(wrong.read_bytes().replace(b'"leaf":7', b'"leaf":8'))
    # -I: neither this folder nor installed packages. -S: no site-packages at all.
    command = [sys.executable, "-I", "-S", str(script), "--key", KEY]
    found = subprocess.run([*command, str(right)], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == "right: labels.submitted.v1/0@7 is leaf 7 of 37\n"
    found = subprocess.run([*command, str(wrong)], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert found.stderr.startswith("WRONG: ")
