import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NoReturn, Protocol, final

from ._types import (
    Ability,
    Administrator,
    Answers,
    ContextValue,
    Decision,
    Document,
    Finding,
    JsonDocument,
    PolicyType,
    Proof,
    Way,
)

_Path = str | os.PathLike[str]
_Document = JsonDocument | Document
_Documents = _Document | Sequence[_Document]
_Paths = _Path | Sequence[_Path]
_Context = Mapping[str, ContextValue]
_Values = tuple[ContextValue, ...] | list[ContextValue] | list[str] | list[bool] | list[int]

class _Buffer(Protocol):
    def __len__(self) -> int: ...

__version__: str

@final
class Principal:
    @staticmethod
    def from_arn(arn: str, /) -> Principal: ...
    @staticmethod
    def session(session_arn: str, role_arn: str) -> Principal: ...
    @staticmethod
    def federated_user(arn: str, by: str) -> Principal: ...
    @staticmethod
    def anonymous() -> Principal: ...
    @staticmethod
    def service(name: str, /) -> Principal: ...
    @staticmethod
    def federated(provider: str, /) -> Principal: ...
    @staticmethod
    def canonical_user(id: str, /) -> Principal: ...
    def replace(
        self,
        *,
        user_id: str | None = None,
        management_account: bool = False,
        session_token: bool = False,
        service_linked: bool = False,
    ) -> Principal: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Resource:
    def __new__(cls, arn: str, /) -> Resource: ...
    @property
    def arn(self) -> str: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Action:
    @property
    def name(self) -> str: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Key:
    @property
    def name(self) -> str: ...
    @property
    def is_used(self) -> bool: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Strings:
    def __new__(cls, data: _Buffer, offsets: _Buffer) -> Strings: ...
    @staticmethod
    def from_iterable(strings: Iterable[str], /) -> Strings: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> str: ...
    # By `__len__` and `__getitem__`.
    def __iter__(self) -> Iterator[str]: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Explanation:
    @property
    def decision(self) -> Decision: ...
    @property
    def message(self) -> str | None: ...
    @property
    def missing_keys(self) -> tuple[str, ...]: ...
    def to_dict(self) -> dict[str, object]: ...
    def to_json(self) -> str: ...
    def to_svg(self) -> str: ...
    def to_html(self) -> str: ...
    def _repr_html_(self) -> str: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Policies:
    @staticmethod
    def from_json(
        *,
        identity: _Documents | None = None,
        boundary: _Documents | None = None,
        session: _Documents | None = None,
        resource: _Documents | None = None,
        trust: _Documents | None = None,
        vpc_endpoint: _Documents | None = None,
        scps: Sequence[_Documents] | None = None,
        rcps: Sequence[_Documents] | None = None,
    ) -> Policies: ...
    @staticmethod
    def from_files(
        *,
        identity: _Paths | None = None,
        boundary: _Paths | None = None,
        session: _Paths | None = None,
        resource: _Paths | None = None,
        trust: _Paths | None = None,
        vpc_endpoint: _Paths | None = None,
        scps: Sequence[_Paths] | None = None,
        rcps: Sequence[_Paths] | None = None,
    ) -> Policies: ...
    @staticmethod
    def from_bytes(data: _Buffer, /) -> Policies: ...
    def to_bytes(self) -> bytes: ...
    def explain(
        self,
        principal: str | Principal,
        action: str | Action,
        resource: str | Resource,
        context: _Context | None = None,
        *,
        owner: str | None = None,
        restrict_public_buckets: bool = False,
        external_grant: bool = False,
    ) -> Explanation: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Bucket:
    def __new__(cls, arn: str, /, *policies: Policies, owner: str | None = None) -> Bucket: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Query:
    @property
    def action(self) -> str: ...
    @property
    def keys(self) -> tuple[str, ...]: ...
    def is_allowed(
        self,
        principal: str | Principal,
        resource: str | Resource,
        values: _Values | None = None,
        *,
        owner: str | None = None,
    ) -> bool: ...
    def decide(
        self,
        principal: str | Principal,
        resource: str | Resource,
        values: _Values | None = None,
        *,
        owner: str | None = None,
    ) -> Decision: ...
    def decide_resources(
        self,
        principal: str | Principal,
        resources: Iterable[str | Resource],
        values: _Values | None = None,
        *,
        owner: str | None = None,
    ) -> list[Decision]: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Authorizer:
    def __new__(cls, *policies: Policies, bucket: Bucket | None = None) -> Authorizer: ...
    def is_allowed(
        self,
        principal: str | Principal,
        action: str | Action,
        resource: str | Resource,
        context: _Context | None = None,
        *,
        owner: str | None = None,
        restrict_public_buckets: bool = False,
        external_grant: bool = False,
    ) -> bool: ...
    def decide(
        self,
        principal: str | Principal,
        action: str | Action,
        resource: str | Resource,
        context: _Context | None = None,
        *,
        owner: str | None = None,
        restrict_public_buckets: bool = False,
        external_grant: bool = False,
    ) -> Decision: ...
    def explain(
        self,
        principal: str | Principal,
        action: str | Action,
        resource: str | Resource,
        context: _Context | None = None,
        *,
        owner: str | None = None,
        restrict_public_buckets: bool = False,
        external_grant: bool = False,
    ) -> Explanation: ...
    def decide_many(
        self,
        requests: Iterable[
            tuple[str | Principal, str | Action, str | Resource]
            | tuple[str | Principal, str | Action, str | Resource, _Context | None]
        ],
        /,
    ) -> list[Decision]: ...
    def decide_resources(
        self,
        principal: str | Principal,
        action: str | Action,
        resources: Iterable[str | Resource],
        context: _Context | None = None,
        *,
        owner: str | None = None,
    ) -> list[Decision]: ...
    def decide_columns(
        self,
        principal: str | Principal | Strings,
        action: str | Action | Strings,
        resource: str | Resource | Strings,
        context: Mapping[str, ContextValue | Strings] | None = None,
        *,
        owner: str | Strings | None = None,
    ) -> bytes: ...
    def action(self, name: str, /) -> Action: ...
    def key(self, name: str, /) -> Key: ...
    def principal(self, principal: str | Principal, /) -> Principal: ...
    def query(self, action: str | Action, keys: Iterable[str | Key] | None = None) -> Query: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Directory:
    @staticmethod
    def open(path: _Path, *, allow_missing: bool = False) -> Directory: ...
    @property
    def is_complete(self) -> bool: ...
    @property
    def missing(self) -> tuple[str, ...]: ...
    @property
    def principals(self) -> tuple[str, ...]: ...
    def is_allowed(
        self,
        principal: str | Principal,
        action: str | Action,
        resource: str | Resource,
        context: _Context | None = None,
        *,
        owner: str | None = None,
    ) -> bool: ...
    def decide(
        self,
        principal: str | Principal,
        action: str | Action,
        resource: str | Resource,
        context: _Context | None = None,
        *,
        owner: str | None = None,
    ) -> Decision: ...
    def explain(
        self,
        principal: str | Principal,
        action: str | Action,
        resource: str | Resource,
        context: _Context | None = None,
        *,
        owner: str | None = None,
    ) -> Explanation: ...
    def who_can(
        self,
        action: str,
        resource: str = "*",
        context: _Context | None = None,
        *,
        owner: str | None = None,
        hops: int = 0,
        threads: int | None = None,
    ) -> Answers[Way]: ...
    def what_can(
        self,
        principal: str,
        resources: str | Iterable[str] | None = None,
        context: _Context | None = None,
        *,
        actions: str | Iterable[str] | None = None,
        owner: str | None = None,
    ) -> Answers[Ability]: ...
    def admins(
        self, context: _Context | None = None, *, threads: int | None = None
    ) -> Answers[Administrator]: ...
    def __reduce__(self) -> NoReturn: ...

_ResourceType = Literal[
    "AWS::S3::Bucket",
    "AWS::S3::AccessPoint",
    "AWS::S3::MultiRegionAccessPoint",
    "AWS::S3ObjectLambda::AccessPoint",
    "AWS::IAM::AssumeRolePolicyDocument",
    "AWS::DynamoDB::Table",
]

def check(
    document: _Document,
    /,
    *,
    type: PolicyType | None = None,
    resource_type: _ResourceType | None = None,
) -> list[Finding]: ...
def prove_no_new_access(
    old: _Documents, new: _Documents, *, type: PolicyType | None = None
) -> Proof: ...
def prove_not_granted(
    policy: _Documents,
    actions: str | Iterable[str] | None = None,
    resources: str | Iterable[str] | None = None,
    *,
    type: PolicyType | None = None,
) -> Proof: ...
def prove_not_public(policy: _Documents, *, type: PolicyType | None = None) -> Proof: ...
def prove_never(
    policy: _Documents, claims: _Documents, *, type: PolicyType | None = None
) -> Proof: ...
