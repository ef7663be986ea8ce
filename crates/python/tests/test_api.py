"""What the package promises of its own."""

from __future__ import annotations

import copy
import pickle
import threading
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import portcullis
import pytest
from conftest import ANN, GIVEN, OBJECT, POLICY, ROOT
from portcullis import (
    Authorizer,
    Decision,
    Directory,
    Document,
    Policies,
    PolicyError,
    Principal,
    Proved,
    Refuted,
    Resource,
    Strings,
    Unknown,
)


def test_a_decision_is_no_truth_value() -> None:
    for decision in Decision:
        with pytest.raises(TypeError, match="is_allowed"):
            bool(decision)
        assert decision.is_allowed is (decision is Decision.ALLOW)
        number: object = decision.value
        assert decision != number
        assert pickle.loads(pickle.dumps(decision)) is decision
    assert [(own.name, own.value) for own in Decision] == [("IMPLICIT_DENY", 0), ("ALLOW", 1), ("EXPLICIT_DENY", 2)]


def test_no_answer_of_a_proof_is_a_truth_value() -> None:
    for answer in [Proved(), Refuted((), ()), Unknown(("work",)), portcullis.Answers((), True, (), ())]:
        with pytest.raises(TypeError, match="truth value"):
            bool(answer)


def test_every_way_decides_the_same(authorizer: Authorizer) -> None:
    no_tls = {**GIVEN, "aws:SecureTransport": False}
    for context, expected in [(GIVEN, Decision.ALLOW), ({}, Decision.IMPLICIT_DENY), (no_tls, Decision.EXPLICIT_DENY)]:
        assert authorizer.decide(ANN, "s3:GetObject", OBJECT, context) is expected
        assert authorizer.decide_many([(ANN, "s3:GetObject", OBJECT, context)]) == [expected]
        assert authorizer.decide_resources(ANN, "s3:GetObject", [OBJECT, Resource(OBJECT)], context) == [expected] * 2
        query = authorizer.query("s3:GetObject", list(context))
        values = list(context.values())
        assert query.decide(ANN, OBJECT, values) is expected
        assert query.is_allowed(ANN, OBJECT, tuple(values)) is expected.is_allowed
        assert query.decide_resources(ANN, (OBJECT for _ in range(3)), values) == [expected] * 3
        rows = Strings.from_iterable([OBJECT] * 5)
        assert authorizer.decide_columns(ANN, "s3:GetObject", rows, context) == bytes([expected.value] * 5)
        columns = {key: Strings.from_iterable([str(value).lower()] * 5) for key, value in context.items()}
        actions, people = Strings.from_iterable(["s3:GetObject"] * 5), Strings.from_iterable([ANN] * 5)
        assert authorizer.decide_columns(people, actions, rows, columns) == bytes([expected.value] * 5)
        why = authorizer.explain(ANN, "s3:GetObject", OBJECT, context)
        assert why.decision is expected and why.to_dict()["decision"] == str(expected)


def test_values_are_what_their_texts_are() -> None:
    def decided(operator: str, test: Any, value: Any) -> bool:
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"app:key": test}}}
        policies = Policies.from_json(identity={"Version": "2012-10-17", "Statement": statement})
        return Authorizer(policies).is_allowed(ANN, "s3:GetObject", OBJECT, {"APP:Key": value})

    assert decided("NumericLessThan", "10", 9) and not decided("NumericLessThan", "10", 10)
    assert decided("StringEquals", str(2**80), 2**80) and decided("StringEquals", "-5", -5)
    assert decided("Bool", "true", True) and decided("StringEquals", "true", True)
    assert decided("ForAllValues:StringEquals", ["a", "b"], ["a", "b"])
    assert not decided("ForAllValues:StringEquals", ["a", "b"], ("a", "c"))
    assert decided("ForAnyValue:StringEquals", ["7", "true"], ["x", 7]) and decided("StringEquals", "a", ["a"])
    assert decided("Null", "true", []) and not decided("Null", "true", "")


def test_handles_of_another_authorizer_decide_what_their_names_do(authorizer: Authorizer) -> None:
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    other = Authorizer(Policies.from_json(identity=everything, boundary=everything))
    ann, action = other.principal(ANN), other.action("s3:GetObject")
    assert authorizer.is_allowed(ann, action, OBJECT, GIVEN)
    assert not authorizer.is_allowed(ann, action, OBJECT)
    assert not authorizer.query(action, [other.key("aws:SourceIp")]).is_allowed(ann, OBJECT, ["198.51.100.1"])
    assert other.query("s3:GetObject").is_allowed(authorizer.principal(ANN), OBJECT)


def test_layers_that_are_present_limit(policies: Policies) -> None:
    assert Authorizer(policies).is_allowed(ANN, "s3:GetObject", OBJECT, GIVEN)
    for layer in ("boundary", "session", "vpc_endpoint"):
        own: dict[str, Any] = {layer: []}
        limited = Authorizer(policies, Policies.from_json(**own))
        # A session policy limits a session; a user has none.
        assert limited.is_allowed(ANN, "s3:GetObject", OBJECT, GIVEN) is (layer == "session"), layer
    assert not Authorizer(policies, Policies.from_json(scps=[[], []])).is_allowed(ANN, "s3:GetObject", OBJECT, GIVEN)


def test_problems_have_their_places() -> None:
    with pytest.raises(PolicyError) as caught:
        Policies.from_json(identity=[Document('{"Statement": [],\n "Sttement": 1}', name="mine"), "{"])
    first = caught.value.diagnostics[0]
    assert (first.path, first.line, first.column, first.severity) == ("mine", 2, 2, "error")
    assert {one.path for one in caught.value.diagnostics} == {"mine", "identity[1]"}
    text = str(caught.value)
    assert all(str(one) in text for one in caught.value.diagnostics) and "--> mine:2:2" in text
    assert isinstance(caught.value, ValueError)


def test_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(POLICY)
    (tmp_path / "more.iam").write_text('policy p {\n  allow sqs:SendMessage on "*"\n}\n')
    files = Policies.from_files(identity=[tmp_path / "own.json", str(tmp_path / "more.iam")])
    authorizer = Authorizer(files)
    assert authorizer.is_allowed(ANN, "s3:GetObject", OBJECT, GIVEN)
    assert authorizer.is_allowed(ANN, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:jobs")
    with pytest.raises(PolicyError) as caught:
        Policies.from_files(identity=tmp_path / "gone.json")
    assert caught.value.diagnostics[0].code == "UNREADABLE_FILE"


def test_explanations(policies: Policies, authorizer: Authorizer) -> None:
    why = policies.explain(ANN, "s3:GetObject", OBJECT, {"aws:SourceIp": "198.51.100.1"})
    assert "would have to change" in str(why) and "Own" in str(why)
    assert why.message is not None and "not authorized" in why.message
    assert why.to_svg().startswith("<svg") and "<html" in why.to_html()
    notebook = why._repr_html_()
    assert notebook.startswith("<iframe sandbox srcdoc=") and notebook.count('"') == 4
    assert authorizer.explain(ANN, "s3:GetObject", OBJECT, GIVEN).message is None
    with pytest.raises(ValueError, match="no documents"):
        Policies.from_bytes(policies.to_bytes()).explain(ANN, "s3:GetObject", OBJECT)


def test_documents_are_checked() -> None:
    found = portcullis.check(Document('{"Statement": {"Effect": "Allow",\n"Action": "iam:PassRole", "Resource": "*"}}', "p"))
    assert ("PASS_ROLE_WITH_STAR_IN_RESOURCE", "p", 2) in [(own.code, own.path, own.line) for own in found]
    assert [own.code for own in found].count("MISSING_VERSION") == 1
    assert any(own.group == "load" and own.level == "ERROR" for own in portcullis.check("{"))
    with pytest.raises(ValueError, match="type must be one of"):
        portcullis.check("{}", type="group")  # type: ignore[arg-type]


def test_proofs() -> None:
    def allow(*actions: str) -> dict[str, object]:
        return {"Version": "2012-10-17", "Statement": [{"Sid": "S", "Effect": "Allow", "Action": list(actions), "Resource": "*"}]}

    assert portcullis.prove_no_new_access(allow("s3:*"), allow("s3:Get*")) == Proved()
    answer = portcullis.prove_no_new_access(allow("s3:Get*"), allow("s3:*"))
    assert isinstance(answer, Refuted)
    assert answer.witnesses[0].sid == "S" and answer.witnesses[0].action.startswith("s3:")
    assert portcullis.prove_not_granted([allow("s3:Get*")], "iam:*") == Proved()
    assert isinstance(portcullis.prove_not_granted(allow("*"), ["iam:*"], ["arn:aws:iam::*:role/x"]), Refuted)
    public = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}}
    shown = portcullis.prove_not_public(public)
    assert isinstance(shown, Refuted) and "s3:GetObject" in str(shown.witnesses[0])
    with pytest.raises(PolicyError) as caught:
        portcullis.prove_no_new_access("{", allow("s3:*"))
    assert caught.value.diagnostics[0].path == "old"
    wrongs: list[Callable[[], object]] = [
        lambda: portcullis.prove_not_granted(allow("s3:*")),
        lambda: portcullis.prove_never(allow("s3:*"), allow("s3:*")),
        lambda: portcullis.prove_not_public(allow("s3:*"), type="identity"),
        lambda: portcullis.prove_no_new_access([], allow("s3:*")),
    ]
    for wrong in wrongs:
        with pytest.raises(ValueError):
            wrong()


def test_directories(directory: Directory, tmp_path: Path) -> None:
    checkout = "arn:aws:iam::111111111111:role/service/Checkout"
    order = "arn:aws:s3:::shop-orders/2026/1.json"
    assert directory.is_complete and directory.missing == ()
    assert checkout in directory.principals
    assert directory.decide(checkout, "s3:GetObject", order) is Decision.ALLOW
    why = directory.explain("arn:aws:iam::222222222222:user/noor", "s3:DeleteObject", order)
    assert not why.decision.is_allowed and "noor" in str(why)
    ways = directory.who_can("s3:GetObject", order, threads=1)
    assert checkout in [way.principal for way in ways] and ways.is_complete
    assert "aws:multifactorauthpresent" in ways.not_given
    assert "arn:aws:iam::111111111111:user/ci-legacy" not in [own.principal for own in ways if own.answer == "no"]
    abilities = directory.what_can(checkout, order)
    assert any(own.answer == "yes" and own.policy for own in abilities)
    named = directory.what_can(checkout, order, actions=["s3:GetObject", "s3:DeleteBucket"])
    assert [own.answer for own in named] == ["yes", "no"]
    admins = directory.admins(threads=2)
    assert len(admins) > 0 and all(own.answer in ("yes", "if", "unknown") for own in admins)
    with pytest.raises(portcullis.RequestError, match="Chekout"):
        directory.decide("arn:aws:iam::111111111111:role/Chekout", "s3:GetObject", order)
    with pytest.raises(portcullis.RequestError):
        directory.what_can("arn:aws:iam::111111111111:role/Chekout")
    with pytest.raises(ValueError):
        directory.who_can("no action")
    with pytest.raises(PolicyError):
        Directory.open(tmp_path / "gone")


def test_what_a_directory_lacks_is_told(tmp_path: Path) -> None:
    (tmp_path / "dump.json").write_text("""{"UserDetailList": [{"Path": "/", "UserName": "ann", "UserId": "AIDAA",
        "Arn": "arn:aws:iam::111122223333:user/ann", "GroupList": [], "AttachedManagedPolicies": [
        {"PolicyName": "Gone", "PolicyArn": "arn:aws:iam::111122223333:policy/Gone"}]}],
        "GroupDetailList": [], "RoleDetailList": [], "Policies": []}""")
    with pytest.raises(PolicyError):
        Directory.open(tmp_path)
    directory = Directory.open(tmp_path, allow_missing=True)
    assert not directory.is_complete and "Gone" in directory.missing[0]
    answers = directory.who_can("s3:GetObject")
    assert not answers.is_complete and answers.missing == directory.missing


def test_nothing_is_pickled_copied_or_subclassed(policies: Policies, authorizer: Authorizer, directory: Directory) -> None:
    own = [policies, authorizer, directory, Principal.anonymous(), Resource("*"), Strings.from_iterable([]),
           authorizer.action("a:b"), authorizer.key("a:b"), authorizer.query("a:b"),
           authorizer.explain(ANN, "a:b", "*"), portcullis.Bucket("arn:aws:s3:::b", policies)]
    for one in own:
        ways: list[Callable[[object], object]] = [pickle.dumps, copy.copy, copy.deepcopy]
        for way in ways:
            with pytest.raises(TypeError, match="cannot be pickled or copied"):
                way(one)
        with pytest.raises(TypeError, match="not an acceptable base type"):
            type("Mine", (type(one),), {})
        with pytest.raises((AttributeError, TypeError)):
            setattr(one, "extra", 1)


def test_columns_run_beside_python(authorizer: Authorizer) -> None:
    rows = Strings.from_iterable([OBJECT] * 300_000)
    ticks, is_done, most = 0, threading.Event(), 0

    def decide() -> None:
        nonlocal most
        codes = authorizer.decide_columns(ANN, "s3:GetObject", rows, GIVEN)
        most = max(codes)
        is_done.set()

    workers = [threading.Thread(target=decide) for _ in range(2)]
    for worker in workers:
        worker.start()
    while not is_done.is_set():
        ticks += 1
    for worker in workers:
        worker.join()
    assert most == 1 and ticks > 100


def test_threads_share_everything(authorizer: Authorizer, directory: Directory) -> None:
    query, ann = authorizer.query("s3:GetObject", list(GIVEN)), authorizer.principal(ANN)
    checkout, order = "arn:aws:iam::111111111111:role/service/Checkout", "arn:aws:s3:::shop-orders/2026/1.json"
    wrong: list[object] = []

    def work() -> None:
        for _ in range(2_000):
            own = (
                query.is_allowed(ann, OBJECT, list(GIVEN.values())),
                authorizer.is_allowed(ANN, "s3:GetObject", OBJECT, GIVEN),
                directory.is_allowed(checkout, "s3:GetObject", order),
            )
            if own != (True, True, True):
                wrong.append(own)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_strings_are_checked() -> None:
    for data, offsets in [
        (b"ab", array("I", [])), (b"ab", array("I", [0, 3])), (b"ab", array("I", [2, 0])), ("é".encode(), array("I", [0, 1])),
        (b"\xff", array("I", [0, 1])), (b"ab", array("i", [-1, 2])), (b"ab", array("q", [0, 2**40])), (b"\xed\xa0\x80", array("I", [0, 3])),
    ]:
        with pytest.raises(ValueError):
            Strings(data, offsets)
    for code in "iIqQlL":
        own = Strings(bytearray("aéb".encode()), memoryview(array(code, [0, 1, 3, 4])))
        assert list(own) == ["a", "é", "b"]
    assert list(Strings(b"", array("I", [0]))) == []


def test_nothing_leaks(authorizer: Authorizer) -> None:
    import resource
    import tracemalloc

    def work(times: int) -> None:
        query, ann = authorizer.query("s3:GetObject", list(GIVEN)), authorizer.principal(ANN)
        for number in range(times):
            authorizer.decide(ANN, "s3:GetObject", OBJECT, GIVEN)
            authorizer.is_allowed(ANN, "s3:GetObject", f"{OBJECT}{number}", {"k": ["a", number]})
            query.is_allowed(ann, OBJECT, list(GIVEN.values()))
            try:
                authorizer.is_allowed("nobody", "s3:GetObject", OBJECT)
            except portcullis.RequestError:
                pass
            if number % 100 == 0:
                authorizer.explain(ANN, "s3:GetObject", OBJECT).to_dict()
                authorizer.decide_columns(ANN, "a:b", Strings.from_iterable([OBJECT] * 10))

    work(2_000)
    tracemalloc.start()
    before, resident = tracemalloc.get_traced_memory()[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work(25_000)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 200_000, after - before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident < 40_000  # KiB


def test_the_examples_of_pages_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for page in ["crates/python/README.md", "docs/how-to/python.md"]:
        text = (ROOT / page).read_text(encoding="utf-8")
        blocks = [part.split("```")[0] for part in text.split("```python\n")[1:]]
        assert blocks, page
        scope: dict[str, object] = {}
        for block in blocks:
            exec(compile(block, page, "exec"), scope)
    assert "s3:PutObject" in capsys.readouterr().out
