"""What users write: `mypy --strict` accepts all of it."""

from __future__ import annotations

from array import array
from pathlib import Path

from typing_extensions import assert_never, assert_type

import portcullis
from portcullis import Answers, Authorizer, Decision, Document, Policies, Proved, Refuted, Strings, Unknown, Way

document = {"Version": "2012-10-17", "Statement": []}
policies = Policies.from_json(
    identity=["{}", "{}"], boundary=document, session=Document("{}", name="s"), scps=["{}", ["{}", "{}"]]
)
files = Policies.from_files(identity=[Path("a.json"), "b.iam"], scps=[["root.json"], "unit.json"])
authorizer = Authorizer(policies, files, bucket=portcullis.Bucket("arn:aws:s3:::b", policies, owner="1"))
ann = authorizer.principal("arn:aws:iam::111122223333:user/ann")
assert_type(authorizer.is_allowed(ann, "s3:GetObject", "*"), bool)
assert_type(authorizer.decide("a", authorizer.action("s3:GetObject"), portcullis.Resource("*")), Decision)
authorizer.is_allowed(ann, "s3:GetObject", "*", {"a": "b", "c": True, "d": 1, "e": ["f", "g"], "h": (1, True)}, owner="1")
query = authorizer.query("s3:GetObject", ["aws:SourceIp", authorizer.key("aws:SecureTransport")])
assert_type(query.is_allowed(ann, "*", ("203.0.113.9", True)), bool)
assert_type(query.decide_resources(ann, ["a", portcullis.Resource("b")], ("203.0.113.9", True)), list[Decision])
authorizer.decide_many([("a", "b", "c"), (ann, "b", "c", {"k": "v"})])
authorizer.decide_columns("a", Strings.from_iterable(["b"]), Strings(b"c", array("I", [0, 1])), {"k": Strings.from_iterable(["v"])})
directory = portcullis.Directory.open(Path("dumps"), allow_missing=True)
ways = directory.who_can("s3:*", hops=2)
assert_type(ways, Answers[Way])
assert_type(ways[0].principal, str)
error: ValueError = portcullis.PolicyError("text")
assert_type(portcullis.PolicyError("text").diagnostics, tuple[portcullis.Diagnostic, ...])


def told(answer: portcullis.Proof) -> str:
    if isinstance(answer, Proved):
        return "proved"
    if isinstance(answer, Refuted):
        return str(answer.witnesses[0])
    if isinstance(answer, Unknown):
        return answer.reasons[0]
    assert_never(answer)


def word(decision: Decision) -> str:
    if decision is Decision.ALLOW:
        return "in"
    if decision is Decision.EXPLICIT_DENY or decision is Decision.IMPLICIT_DENY:
        return "out"
    assert_never(decision)


told(portcullis.prove_no_new_access(document, "{}", type="scp"))
portcullis.check("{}", type="resource", resource_type="AWS::S3::Bucket")[0].line
