"""Keys for what the desk encrypts and hashes: each use has its own, derived from SECRET_KEY (as `bot/privacy/addresses.py`)."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(secret_key: str, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret_key.encode())


def cipher(secret_key: str, purpose: str) -> Fernet:
    """Encrypts for one purpose."""
    return Fernet(base64.urlsafe_b64encode(derive(secret_key, purpose)))
