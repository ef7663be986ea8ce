"""Whatever is given to a public method, a value comes back or one of Python's exceptions."""

from __future__ import annotations

import inspect
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import portcullis
import pytest
from conftest import ANN, GIVEN, OBJECT, POLICY, ROOT
from portcullis import Authorizer, Directory, Policies, Principal, Resource, Strings


class Angry:
    """Raises at whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("iter")

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __str__(self) -> str:
        raise RuntimeError("str")


def deep(levels: int) -> Any:
    own: Any = "x"
    for _ in range(levels):
        own = [own]
    return own


def hostile() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    loop_of_keys: dict[str, Any] = {}
    loop_of_keys["Statement"] = loop_of_keys
    return [
        None, True, 0, -1, 2**63, 2**64, 10**5000, 1.5, float("nan"), "", "\0", "a\0b", "\ud800", "a" * 1_000_000, b"", b"\xff", bytearray(b"a"),
        [], [None], ["\ud800"], ["a"] * 3, [1, 2, 3], (), ("a",), {}, {1: 2}, {"a": None}, {"\ud800": "b"}, {"a": "\ud800"}, {"a": {"b": "c"}},
        {"a": 10**5000}, {"a": loop}, loop, loop_of_keys, deep(100_000), {"a": deep(1000)}, set(), object(), object, lambda: None, Angry(),
        range(3), iter([1]), (own for own in "ab"), memoryview(b"abc"), array("d", [1.0]), array("I", [0, 2]), Exception("x"), Ellipsis,
        NotImplemented, "arn:aws:iam::111122223333:user/ann", "*", "s3:GetObject", "{}", "{", "[" * 200_000, '{"a":' * 200_000,
        portcullis.Decision.ALLOW, portcullis.Document(None, None), portcullis.Document("{}", "\ud800"),  # type: ignore[arg-type]
        Principal.anonymous(), Resource("*"), Strings.from_iterable(["a"]), Principal, Policies,
    ]


def calls() -> list[tuple[str, Callable[..., Any], list[Any]]]:
    """Every public method with arguments that are fine."""
    policies = Policies.from_json(identity=POLICY)
    authorizer = Authorizer(policies)
    query = authorizer.query("s3:GetObject", ["aws:SourceIp"])
    directory = Directory.open(ROOT / "corpus/example-organization/data")
    strings = Strings.from_iterable(["a", "b"])
    request = [ANN, "s3:GetObject", OBJECT, GIVEN]
    ann = Principal.from_arn(ANN)
    session = "arn:aws:sts::111122223333:assumed-role/App/i-1"
    checkout: list[Any] = ["arn:aws:iam::111111111111:role/service/Checkout", "s3:GetObject", "arn:aws:s3:::shop-orders/1", {}]
    return [
        ("Principal.from_arn", Principal.from_arn, [ANN]),
        ("Principal.session", Principal.session, [session, "arn:aws:iam::111122223333:role/App"]),
        ("Principal.federated_user", Principal.federated_user, ["arn:aws:sts::111122223333:federated-user/f", ANN]),
        ("Principal.service", Principal.service, ["lambda.amazonaws.com"]),
        ("Principal.federated", Principal.federated, ["cognito-identity.amazonaws.com"]),
        ("Principal.canonical_user", Principal.canonical_user, ["a" * 64]),
        ("Principal.anonymous", Principal.anonymous, []),
        ("Principal.replace", lambda user_id: ann.replace(user_id=user_id), ["AIDA"]),
        ("Principal.replace", lambda own: ann.replace(management_account=own), [True]),
        ("Resource", Resource, [OBJECT]),
        ("Strings", Strings, [b"ab", array("I", [0, 1, 2])]),
        ("Strings.from_iterable", Strings.from_iterable, [["a"]]),
        ("Strings.__getitem__", strings.__getitem__, [1]),
        ("Policies.from_json", lambda own: Policies.from_json(identity=own), ["{}"]),
        ("Policies.from_json", lambda own: Policies.from_json(identity=[own, own]), ["{}"]),
        ("Policies.from_json", lambda own: Policies.from_json(scps=own), [[["{}"]]]),
        ("Policies.from_json", lambda own: Policies.from_json(trust=own, rcps=[own]), ["{}"]),
        ("Policies.from_files", lambda own: Policies.from_files(identity=own), ["gone.json"]),
        ("Policies.from_files", lambda own: Policies.from_files(scps=own), [["gone.json"]]),
        ("Policies.from_bytes", Policies.from_bytes, [policies.to_bytes()]),
        ("Policies.to_bytes", policies.to_bytes, []),
        ("Policies.explain", policies.explain, request),
        ("Bucket", portcullis.Bucket, ["arn:aws:s3:::b", policies]),
        ("Bucket", lambda own: portcullis.Bucket("b", policies, owner=own), ["111122223333"]),
        ("Authorizer", Authorizer, [policies]),
        ("Authorizer", lambda own: Authorizer(policies, bucket=own), [portcullis.Bucket("b", policies)]),
        ("Authorizer.is_allowed", authorizer.is_allowed, request),
        ("Authorizer.is_allowed", lambda own: authorizer.is_allowed(ANN, "a:b", "*", owner=own), ["111122223333"]),
        ("Authorizer.is_allowed", lambda own: authorizer.is_allowed(ANN, "a:b", "*", external_grant=own), [True]),
        ("Authorizer.decide", authorizer.decide, request),
        ("Authorizer.explain", authorizer.explain, request),
        ("Authorizer.decide_many", authorizer.decide_many, [[tuple(request)]]),
        ("Authorizer.decide_many", lambda own: authorizer.decide_many([own]), [tuple(request)]),
        ("Authorizer.decide_resources", authorizer.decide_resources, [ANN, "a:b", [OBJECT], GIVEN]),
        ("Authorizer.decide_columns", authorizer.decide_columns, [ANN, "a:b", strings, {"k": strings}]),
        ("Authorizer.decide_columns", lambda own: authorizer.decide_columns(ANN, "a:b", strings, owner=own), ["1"]),
        ("Authorizer.action", authorizer.action, ["s3:GetObject"]),
        ("Authorizer.key", authorizer.key, ["aws:SourceIp"]),
        ("Authorizer.principal", authorizer.principal, [ANN]),
        ("Authorizer.query", authorizer.query, ["s3:GetObject", ["aws:SourceIp"]]),
        ("Query.is_allowed", query.is_allowed, [ANN, OBJECT, ["203.0.113.9"]]),
        ("Query.decide", query.decide, [ANN, OBJECT, ["203.0.113.9"]]),
        ("Query.decide", lambda own: query.decide(ANN, OBJECT, [own]), ["203.0.113.9"]),
        ("Query.decide_resources", query.decide_resources, [ANN, [OBJECT], ["203.0.113.9"]]),
        ("Directory.open", Directory.open, [ROOT / "corpus/example-organization/data"]),
        ("Directory.is_allowed", directory.is_allowed, checkout),
        ("Directory.decide", directory.decide, checkout),
        ("Directory.explain", directory.explain, checkout),
        ("Directory.who_can", directory.who_can, ["s3:GetObject", "arn:aws:s3:::shop-orders/1", {}]),
        ("Directory.who_can", lambda own: directory.who_can("s3:GetObject", hops=own, threads=1), [0]),
        ("Directory.what_can", directory.what_can, [checkout[0], ["arn:aws:s3:::shop-orders/1"], {}]),
        ("Directory.what_can", lambda own: directory.what_can(checkout[0], actions=own), [["s3:GetObject"]]),
        ("Directory.admins", directory.admins, [{}]),
        ("check", portcullis.check, ["{}"]),
        ("check", lambda own: portcullis.check("{}", type=own), ["scp"]),
        ("check", lambda own: portcullis.check("{}", resource_type=own), ["AWS::S3::Bucket"]),
        ("prove_no_new_access", portcullis.prove_no_new_access, ['{"Statement": []}', '{"Statement": []}']),
        ("prove_no_new_access", lambda own: portcullis.prove_no_new_access('{"Statement": []}', '{"Statement": []}', type=own), ["scp"]),
        ("prove_not_granted", portcullis.prove_not_granted, ['{"Statement": []}', ["s3:*"], ["*"]]),
        ("prove_not_public", portcullis.prove_not_public, ['{"Statement": []}']),
        ("prove_never", portcullis.prove_never, ['{"Statement": []}', '{"Statement": []}']),
    ]


CALLS = calls()


@pytest.mark.parametrize("number", range(len(CALLS)), ids=[f"{number}-{name}" for number, (name, _, _) in enumerate(CALLS)])
def test_hostile_arguments(number: int) -> None:
    name, call, fine = CALLS[number]
    try:
        call(*fine)
    except portcullis.PolicyError:
        pass  # `{}` is no policy, and files that are not there are none
    for place in range(len(fine)):
        for own in hostile():
            arguments = [*fine]
            arguments[place] = own
            try:
                found = call(*arguments)
            except (TypeError, ValueError, RuntimeError, OverflowError, OSError, RecursionError, IndexError, AttributeError) as error:
                # Every exception says something, in words.
                assert str(error) or isinstance(error, RecursionError), (name, place)
            else:
                # Nothing that is no text grants anything.
                if isinstance(found, bool) and name.endswith("is_allowed") and not isinstance(own, (str, dict, list, tuple, Principal, Resource)):
                    assert own is None or isinstance(own, bool) or found is False, (name, place, own)
    for count in (0, len(fine) + 5):
        if count != len(fine) and not name.startswith(("Bucket", "Authorizer")) and (count or name != "Directory.admins"):
            with pytest.raises(TypeError):
                call(*[None] * count)


def test_every_public_method_is_called() -> None:
    called = {name for name, _, _ in CALLS}
    public = {"check"} | {name for name in portcullis.__all__ if name.startswith("prove_")}
    for name in portcullis.__all__:
        own = getattr(portcullis, name)
        if inspect.isclass(own) and own in vars(portcullis._portcullis).values():
            for member, found in vars(own).items():
                if callable(found) or isinstance(found, staticmethod):
                    if not member.startswith("_"):
                        public.add(f"{name}.{member}")
    told = {"Explanation.to_dict", "Explanation.to_json", "Explanation.to_svg", "Explanation.to_html"}  # take nothing
    assert public - called - told == set()


def test_a_million_resources_are_decided(policies: Policies) -> None:
    authorizer = Authorizer(policies)
    decided = authorizer.decide_resources(ANN, "s3:GetObject", [OBJECT] * 1_000_000, GIVEN)
    assert len(decided) == 1_000_000 and decided[-1] is portcullis.Decision.ALLOW
    context: dict[str, portcullis.ContextValue] = {"aws:SourceIp": ["198.51.100.1"] * 1_000_000}
    assert not authorizer.is_allowed(ANN, "s3:GetObject", OBJECT, context)


def test_a_list_that_changes_while_it_is_read(authorizer: Authorizer) -> None:
    requests: list[Any] = [(ANN, "s3:GetObject", OBJECT)] * 10

    class Shrinking(dict[str, str]):
        pass

    from collections.abc import Mapping

    class Evil(Mapping[str, str]):
        def __getitem__(self, key: str) -> str:
            requests.clear()
            return "v"

        def __iter__(self) -> Iterator[str]:
            requests.clear()
            return iter(["k"])

        def __len__(self) -> int:
            return 1

    requests.insert(0, (ANN, "s3:GetObject", OBJECT, Evil()))
    assert len(authorizer.decide_many(requests)) == 1


def test_an_exception_says_which_request(authorizer: Authorizer) -> None:
    fine = (ANN, "s3:GetObject", OBJECT)
    with pytest.raises(portcullis.RequestError, match="request 1: `nobody`"):
        authorizer.decide_many([fine, ("nobody", "s3:GetObject", OBJECT)])
    with pytest.raises(TypeError, match="request 2: principal must be str or Principal, not NoneType"):
        authorizer.decide_many([fine, fine, (None, "s3:GetObject", OBJECT)])  # type: ignore[list-item]
    with pytest.raises(portcullis.RequestError, match="request 1: `nobody`"):
        authorizer.decide_columns(Strings.from_iterable([ANN, "nobody"]), "a:b", "*")
    with pytest.raises(ValueError, match="columns of 1 and of 2 rows"):
        authorizer.decide_columns(Strings.from_iterable([ANN]), Strings.from_iterable(["a", "b"]), "*")
    with pytest.raises(ValueError, match="at least one as Strings"):
        authorizer.decide_columns(ANN, "a:b", "*")
    with pytest.raises(ValueError, match=r"1 values for 2 keys \(a:b, c:d\)"):
        authorizer.query("s3:GetObject", ["a:b", "c:d"]).decide(ANN, OBJECT, ["x"])


def test_no_bytes_open_as_policies(policies: Policies) -> None:
    good = policies.to_bytes()
    for place in range(0, len(good), 7):
        broken = bytearray(good)
        broken[place] ^= 0xFF
        with pytest.raises(ValueError):
            Policies.from_bytes(broken)
        with pytest.raises(ValueError):
            Policies.from_bytes(good[:place])
