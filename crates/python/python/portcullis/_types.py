"""What answers are made of: plain values without behavior of their own.

They are frozen, compare by value, and can be pickled. What has a state behind it (`Authorizer` and the like) is not here.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, NoReturn, TypeVar, Union, overload

__all__ = [
    "Ability",
    "Administrator",
    "AnswerWord",
    "Answers",
    "ContextValue",
    "Decision",
    "Diagnostic",
    "Document",
    "Exemption",
    "Finding",
    "JsonDocument",
    "PolicyError",
    "PolicyType",
    "Proof",
    "Proved",
    "Refuted",
    "RequestError",
    "Shown",
    "Unknown",
    "Way",
    "Witness",
]

JsonDocument = Union[str, Mapping[str, object]]
"""A policy document: its JSON text, or the dictionary that boto3 gives. Places in problems are those of a text."""

ContextValue = Union[str, bool, int, Sequence[Union[str, bool, int]]]
"""A value of a condition key. A list or tuple of two or more is multivalued; an empty one says that the key is absent."""

PolicyType = Literal[
    "identity", "boundary", "session", "resource", "trust", "scp", "rcp", "vpc-endpoint"
]
"""What a document is read as."""

AnswerWord = Literal["yes", "if", "no", "unknown"]
"""Whether somebody can: yes; with keys that were not given; no, whatever keys there are; or neither was shown."""


class Decision(enum.Enum):
    """What is decided. It has no truth value: compare it, or ask `is_allowed`.

    The numbers are those of every binding of portcullis, and the codes in answers about columns.

    >>> Decision.ALLOW.is_allowed, Decision.EXPLICIT_DENY.is_allowed
    (True, False)
    >>> Decision(0)
    <Decision.IMPLICIT_DENY: 0>
    >>> if Decision.EXPLICIT_DENY:
    ...     print("let in")
    Traceback (most recent call last):
        ...
    TypeError: a Decision has no truth value: ask `is_allowed`, or compare it with Decision.ALLOW
    """

    IMPLICIT_DENY = 0
    """Nothing allows it, or a limit does not."""
    ALLOW = 1
    """It is allowed."""
    EXPLICIT_DENY = 2
    """A statement denies it."""

    @property
    def is_allowed(self) -> bool:
        """True for `Decision.ALLOW` only."""
        return self is Decision.ALLOW

    def __str__(self) -> str:
        return {0: "ImplicitDeny", 1: "Allow", 2: "ExplicitDeny"}[self.value]

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Decision has no truth value: ask `is_allowed`, or compare it with Decision.ALLOW"
        )


@dataclass(frozen=True)
class Document:
    """A policy document with a name, by which problems and explanations call it.

    >>> Document('{"Statement": []}', name="readers").name
    'readers'
    """

    text: JsonDocument
    """The document: JSON text, or a dictionary."""
    name: str
    """What it is called."""


@dataclass(frozen=True)
class Diagnostic:
    """One problem of a document, with its place."""

    code: str
    """What kind of problem it is: a stable word, such as `UNKNOWN_MEMBER`."""
    severity: Literal["error", "warning", "suggestion"]
    """How bad it is."""
    message: str
    """What is wrong, as one sentence in lower case."""
    help: str | None
    """What to do about it, if that is known."""
    path: str
    """The file, or the name that the document was given."""
    line: int
    """The line, from 1."""
    column: int
    """The character of the line, from 1."""
    pointer: str | None
    """The way to it as a JSON pointer, if it is known."""
    rendered: str = field(repr=False)
    """The problem with the part of the text, as the command line shows it."""

    def __str__(self) -> str:
        return self.rendered


@dataclass(frozen=True)
class Finding:
    """Something that `check` has to say of a document."""

    code: str
    """What it is: a code of IAM Access Analyzer, or one of portcullis."""
    group: str
    """Where it comes from: `load` (the document does not load), `access-analyzer`, `semantics`, `scope`, `trust`, `quota`, or
    `advice`."""
    level: Literal["ERROR", "SECURITY_WARNING", "WARNING", "SUGGESTION"]
    """How bad it is, in the words of Access Analyzer."""
    message: str
    """What it is."""
    help: str | None
    """What to do about it, if that is known."""
    path: str
    """The name that the document was given."""
    line: int
    """The line, from 1."""
    column: int
    """The character of the line, from 1."""
    pointer: str | None
    """The way to it as a JSON pointer, if it is known."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message} [{self.code}]"


class PolicyError(ValueError):
    """Policies cannot be used. `str` of it is the full text, as the command line prints it.

    Nothing of a document with an error is used, and nothing in it is skipped.
    """

    diagnostics: tuple[Diagnostic, ...]
    """Every problem of every document, at least one."""

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)


class RequestError(ValueError):
    """A request is none: its principal has no such form, or a directory does not know it."""


@dataclass(frozen=True)
class Shown:
    """A request that a directory allows, as an example."""

    action: str
    """The action."""
    resource: str
    """The resource."""
    keys: Mapping[str, tuple[str, ...]]
    """The keys that it has beside what was given and is known, with values that will do."""
    unless: Mapping[str, tuple[str, ...]]
    """Keys that were not given, with values by which it would be refused."""


@dataclass(frozen=True)
class Way:
    """Somebody who can do something, or may be able to."""

    principal: str
    """The ARN."""
    answer: AnswerWord
    """Whether it can."""
    roles: tuple[str, ...]
    """The roles that it assumes first, one after the other."""
    requests: tuple[Shown, ...]
    """Requests that show it."""
    reasons: tuple[str, ...]
    """Of `unknown`: why."""


@dataclass(frozen=True)
class Ability:
    """What somebody can do by an entry of a policy, or cannot although another entry would allow it."""

    answer: AnswerWord
    """Whether it can."""
    actions: tuple[str, ...]
    """The actions or patterns."""
    all_but_actions: bool
    """All actions but these are meant."""
    resources: tuple[str, ...]
    """The resources or patterns."""
    all_but_resources: bool
    """All resources but these are meant."""
    policy: str | None
    """The policy whose entry it is; none if actions were named."""
    is_exception: bool
    """It is taken away from what another entry allows."""
    requests: tuple[Shown, ...]
    """Requests that show it."""
    reasons: tuple[str, ...]
    """Of `unknown`: why."""


@dataclass(frozen=True)
class Exemption:
    """What an administrator may not do, or only in part."""

    actions: tuple[str, ...]
    """The actions or patterns."""
    all_but_actions: bool
    """All actions but these are meant."""
    answer: AnswerWord
    """`no`, or whether some of it can be done."""


@dataclass(frozen=True)
class Administrator:
    """Somebody who may do anything, or may be able to."""

    principal: str
    """The ARN."""
    answer: AnswerWord
    """Whether it is one."""
    exemptions: tuple[Exemption, ...]
    """What it may not do."""
    requests: tuple[Shown, ...]
    """Requests that show it."""
    reasons: tuple[str, ...]
    """Of `unknown`: why."""


T = TypeVar("T")


@dataclass(frozen=True)
class Answers(Sequence[T], Generic[T]):
    """The answers to a question over a directory, and what they do not rest on.

    A sequence without a truth value: that nothing was found says little where `is_complete` is false.

    >>> answers = Answers((), is_complete=False, missing=("policy X is attached and not there",), not_given=())
    >>> len(answers), answers.is_complete
    (0, False)
    >>> bool(answers)
    Traceback (most recent call last):
        ...
    TypeError: Answers have no truth value: ask `len`, and `is_complete` first
    """

    items: tuple[T, ...]
    """The answers."""
    is_complete: bool
    """False if the directory refers to what is not there, so that an answer may be wrong or missing."""
    missing: tuple[str, ...]
    """What is not there, in words."""
    not_given: tuple[str, ...]
    """Condition keys that policies look at and the question did not give."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __bool__(self) -> NoReturn:
        raise TypeError("Answers have no truth value: ask `len`, and `is_complete` first")


@dataclass(frozen=True)
class Witness:
    """A request that shows the contrary of what was to be proved. The machine has decided it both ways."""

    statement: int
    """The statement that allows it, by index in its document, from 0."""
    sid: str | None
    """The statement's Sid."""
    line: int
    """The line on which the statement begins, from 1."""
    principal: str
    """Who asks, in words: mostly an ARN."""
    action: str
    """The action."""
    resource: str
    """The resource."""
    context: Mapping[str, tuple[str, ...]]
    """The condition keys that matter; none for one that has to be absent."""

    def __str__(self) -> str:
        given = [f"{key} = {', '.join(values)}" for key, values in self.context.items() if values]
        with_keys = f" with {' and '.join(given)}" if given else ""
        return f"{self.principal} asks for {self.action} on {self.resource}{with_keys}"


class _NoTruth:
    """No answer of a proof is a truth value: what is not known is neither yes nor no."""

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} has no truth value: ask isinstance(answer, Proved), or use match"
        )


@dataclass(frozen=True)
class Proved(_NoTruth):
    """It holds of every request.

    >>> if Proved():
    ...     print("fine")
    Traceback (most recent call last):
        ...
    TypeError: Proved has no truth value: ask isinstance(answer, Proved), or use match
    """


@dataclass(frozen=True)
class Refuted(_NoTruth):
    """It does not hold: these requests show it, one for each statement that was found to be involved."""

    witnesses: tuple[Witness, ...]
    """The requests, at least one, in the order of the document."""
    unfinished: tuple[str, ...]
    """Why there may be more; empty if there are no more."""


@dataclass(frozen=True)
class Unknown(_NoTruth):
    """Neither was shown."""

    reasons: tuple[str, ...]
    """Why, at least one."""


Proof = Union[Proved, Refuted, Unknown]
"""The answer of a proof."""
