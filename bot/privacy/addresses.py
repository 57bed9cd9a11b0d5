"""Phone numbers and chat ids: stored once, encrypted, found again by a keyed hash."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class AddressUnreadable(Exception):
    """An address was encrypted under another SECRET_KEY."""


class AddressBook:
    """Encrypts and looks up addresses. Two keys are derived from the one secret, one for each use.

    Args:
        secret_key: the setting SECRET_KEY, at least 32 characters.
    """

    def __init__(self, secret_key: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(self._derive(secret_key, b"fraga/address/encrypt")))
        self._lookup_key = self._derive(secret_key, b"fraga/address/lookup")

    @staticmethod
    def _derive(secret_key: str, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret_key.encode())

    def encrypt(self, address: str) -> bytes:
        """The address as it is stored."""
        return self._fernet.encrypt(address.encode())

    def decrypt(self, stored: bytes) -> str:
        """The address again.

        Raises:
            AddressUnreadable: SECRET_KEY has changed.
        """
        try:
            return self._fernet.decrypt(stored).decode()
        except InvalidToken:
            raise AddressUnreadable("the address was stored under another SECRET_KEY") from None

    def lookup(self, channel_account: str, address: str) -> str:
        """64 hex digits that find the address without revealing it."""
        return hmac.new(self._lookup_key, f"{channel_account}\n{address}".encode(), hashlib.sha256).hexdigest()
