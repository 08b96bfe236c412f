from os import PathLike
from typing import Any, Mapping, Optional, Sequence, Union, final

_Path = Union[str, PathLike[str]]
_Json = Union[str, bytes, Mapping[str, Any]]

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

class CurexError(Exception):
    code: str
    retryable: bool
    remedy: str
    outcome: dict[str, Any]

@final
class Account:
    @staticmethod
    def from_file(path: _Path, password_file: _Path) -> Account: ...
    @staticmethod
    def from_token(uri: str, pin_file: Optional[_Path] = None) -> Account: ...
    @staticmethod
    def development(path: str) -> Account: ...
    @property
    def public(self) -> str: ...

@final
class EncryptionKey:
    @staticmethod
    def from_file(path: _Path, password_file: _Path) -> EncryptionKey: ...
    @staticmethod
    def generate() -> EncryptionKey: ...
    @property
    def public(self) -> str: ...

@final
class IdempotencyKey:
    def __new__(cls, name: str, own_key: EncryptionKey, folder: _Path) -> IdempotencyKey: ...
    @property
    def name(self) -> str: ...

@final
class Pending:
    @property
    def id(self) -> str: ...
    def seal(self, own_key: EncryptionKey) -> bytes: ...

@final
class Delivery:
    @property
    def document(self) -> dict[str, Any]: ...
    @property
    def content(self) -> bytes: ...
    @property
    def media_type(self) -> str: ...
    @property
    def acknowledgement(self) -> str: ...
    @property
    def receipt(self) -> Optional[dict[str, Any]]: ...

@final
class Client:
    @staticmethod
    def connect(
        endpoint: str,
        account: Optional[Account] = None,
        *,
        genesis: Optional[str] = None,
        trust_root: Optional[_Json] = None,
        patience: float = 120.0,
        other_runtime: bool = False,
        outbox: Optional[_Path] = None,
        more_accounts: Sequence[Account] = (),
    ) -> Client: ...
    @property
    def genesis(self) -> str: ...
    def health(self) -> dict[str, Any]: ...
    def request(
        self, spec: _Json, *, idempotency_key: Optional[IdempotencyKey] = None
    ) -> Pending: ...
    def break_glass(
        self, spec: _Json, reason: str, *, idempotency_key: Optional[IdempotencyKey] = None
    ) -> Pending: ...
    def receive(self, pending: Pending, timeout: float = 600.0) -> Delivery: ...
    def receive_file(
        self, pending: Pending, file: _Path, timeout: float = 600.0
    ) -> Delivery: ...
    def acknowledge(self, exchange: str, code: str) -> dict[str, Any]: ...
    def open_pending(self, sealed: bytes, own_key: EncryptionKey, exchange: str) -> Pending: ...
    def file_consent(
        self,
        spec: _Json,
        *,
        idempotency_key: Optional[IdempotencyKey] = None,
        receipt: Optional[_Path] = None,
    ) -> dict[str, Any]: ...
    def withdraw(self, consent: str, code: Optional[str] = None) -> dict[str, Any]: ...
    def exchange(self, exchange: str, view: str = "finalised") -> Optional[dict[str, Any]]: ...
    def consent(self, consent: str, view: str = "finalised") -> Optional[dict[str, Any]]: ...
    def organisation(self, number: int, view: str = "finalised") -> Optional[dict[str, Any]]: ...

@final
class AsyncClient:
    @staticmethod
    async def connect(
        endpoint: str,
        account: Optional[Account] = None,
        *,
        genesis: Optional[str] = None,
        trust_root: Optional[_Json] = None,
        patience: float = 120.0,
        other_runtime: bool = False,
        outbox: Optional[_Path] = None,
        more_accounts: Sequence[Account] = (),
    ) -> AsyncClient: ...
    @property
    def genesis(self) -> str: ...
    async def health(self) -> dict[str, Any]: ...
    async def request(
        self, spec: _Json, *, idempotency_key: Optional[IdempotencyKey] = None
    ) -> Pending: ...
    async def break_glass(
        self, spec: _Json, reason: str, *, idempotency_key: Optional[IdempotencyKey] = None
    ) -> Pending: ...
    async def receive(self, pending: Pending, timeout: float = 600.0) -> Delivery: ...
    async def receive_file(
        self, pending: Pending, file: _Path, timeout: float = 600.0
    ) -> Delivery: ...
    async def acknowledge(self, exchange: str, code: str) -> dict[str, Any]: ...
    def open_pending(self, sealed: bytes, own_key: EncryptionKey, exchange: str) -> Pending: ...
    async def file_consent(
        self,
        spec: _Json,
        *,
        idempotency_key: Optional[IdempotencyKey] = None,
        receipt: Optional[_Path] = None,
    ) -> dict[str, Any]: ...
    async def withdraw(self, consent: str, code: Optional[str] = None) -> dict[str, Any]: ...
    async def exchange(self, exchange: str, view: str = "finalised") -> Optional[dict[str, Any]]: ...
    async def consent(self, consent: str, view: str = "finalised") -> Optional[dict[str, Any]]: ...
    async def organisation(self, number: int, view: str = "finalised") -> Optional[dict[str, Any]]: ...
