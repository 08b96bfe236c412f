"""Client of the CUREX consortium: ask for health data, receive and acknowledge them, file and withdraw consents.

``Client`` waits for every answer; the methods of ``AsyncClient`` are awaited. Specs are dictionaries, or JSON as text or bytes;
records of the ledger come as dictionaries. Every failure is a ``CurexError`` with ``code``, ``retryable``, ``remedy``
and ``outcome``.
"""

from ._native import (
    Account,
    AsyncClient,
    Client,
    CurexError,
    Delivery,
    EncryptionKey,
    IdempotencyKey,
    Pending,
)

__all__ = [
    "Account",
    "AsyncClient",
    "Client",
    "CurexError",
    "Delivery",
    "EncryptionKey",
    "IdempotencyKey",
    "Pending",
]
