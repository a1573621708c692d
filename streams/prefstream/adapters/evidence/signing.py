"""The key that signs checkpoints: an Ed25519 key in a file that only its owner may read."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prefstream.domain.evidence.checkpoints import Checkpoint, read_note, signed, verifier_key
from prefstream.schemas.errors import BadInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs, and with which key."""

    name: str
    private: "Ed25519PrivateKey"

    @property
    def public_key(self) -> bytes:
        """Return the 32 bytes of the public key."""
        return self.private.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> str:
        """Return the public key as it is handed on."""
        return verifier_key(self.name, self.public_key)

    def note(self, checkpoint: Checkpoint) -> str:
        """Return the checkpoint, signed."""
        signature = self.private.sign(checkpoint.text.encode())
        return signed(checkpoint, name=self.name, public_key=self.public_key, signature=signature)

    def read(self, note: str) -> Checkpoint:
        """Return the checkpoint of a note that this key signed.

        Raises:
            BadInput: It is damaged, or signed by another key.
        """
        checkpoint, _ = read_note(note)
        # Signatures of Ed25519 are deterministic: the note is the one this key would write, or it is not.
        if self.note(checkpoint) != note:
            raise BadInput(f"the checkpoint is not signed by {self.name}'s key, or was changed since")
        return checkpoint


def signer_of(path: Path, name: str) -> Signer:
    """Return the signer whose key the file holds; a new key is made where there is no file.

    Raises:
        BadInput: The file holds no such key, or cannot be read or written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        if not path.exists():
            _make(path)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(f"{path} holds no key for checkpoints: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{path} holds another kind of key; checkpoints are signed with Ed25519")
    return Signer(name=name, private=key)


def _make(path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    written = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.touch(mode=0o600, exist_ok=False)
    with part.open("wb") as file:
        file.write(written)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)  # Of two that make a key at once, one wins.
    except FileExistsError:
        pass
    finally:
        part.unlink()
