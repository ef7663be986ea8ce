"""The cases of `corpus/decisions`, decided through the package."""

from __future__ import annotations

import json
from typing import Any

import portcullis
from conftest import ROOT
from portcullis import Authorizer, Bucket, Policies, Principal

LAYERS = {
    "identity": "identity",
    "boundary": "boundary",
    "session": "session",
    "resource": "resource",
    "trust": "trust",
    "vpcEndpoint": "vpc_endpoint",
    "scps": "scps",
    "rcps": "rcps",
}


class Lossy(float):
    """A number whose digits are lost."""


def has_lossy(own: Any) -> bool:
    if isinstance(own, dict):
        return any(map(has_lossy, own.values()))
    return any(map(has_lossy, own)) if isinstance(own, list) else isinstance(own, Lossy)


def policies_of(case: dict[str, Any]) -> dict[str, Any] | None:
    given = {}
    for name, found in case.get("policies", {}).items():
        if name == "bucket":
            continue
        if name not in LAYERS:
            return None
        if found is not None:
            given[LAYERS[name]] = found
    return given


def principal_of(request: dict[str, Any]) -> str | Principal | None:
    own = request["principal"]
    role = request.get("roleArn")
    if isinstance(own, dict) and set(own) == {"arn"}:
        own = own["arn"]
    if own == "anonymous":
        return Principal.anonymous()
    if not isinstance(own, str) or not own.startswith("arn:"):
        return None
    for key in request["context"]:
        # There a case says the role of a session.
        if key.lower() == "aws:principalarn" and ":assumed-role/" in own:
            return None
    return Principal.session(own, role) if role else own


KNOWN = {"name", "principal", "roleArn", "action", "resource", "context", "resourceAccount", "expect",
         "restrictPublicBuckets", "externalGrant"}


def test_cases_are_decided_as_they_expect() -> None:
    decided, left_out, wrong = 0, 0, []
    for file in sorted((ROOT / "corpus/decisions").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            # A dictionary of Python has lost the digits of a number such as 0.50, which the text has.
            case = json.loads(line, parse_float=Lossy)
            layers = policies_of(case)
            requests = case.get("requests") or [{**case["request"], "expect": case["expect"]}]
            if layers is None or "bucket" in case["policies"] or has_lossy(layers):
                left_out += len(requests)
                continue
            try:
                authorizer = Authorizer(Policies.from_json(**layers))
            except portcullis.PolicyError as error:
                wrong.append(f"{case['name']}: {error}")
                continue
            for request in requests:
                request = {"context": {}, **request}
                context = request["context"]
                principal = principal_of(request)
                values = [item for own in context.values() for item in (own if isinstance(own, list) else [own])]
                if principal is None or set(request) - KNOWN or not all(isinstance(own, (str, int)) for own in values):
                    left_out += 1
                    continue
                decided += 1
                names = (principal, request["action"], request["resource"])
                owner = request.get("resourceAccount")
                found = authorizer.decide(
                    *names,
                    context,
                    owner=owner,
                    restrict_public_buckets=request.get("restrictPublicBuckets", False),
                    external_grant=request.get("externalGrant", False),
                )
                ways = {"decide": found}
                if "restrictPublicBuckets" not in request and "externalGrant" not in request:
                    rest: dict[str, Any] = {"owner": owner}
                    query = authorizer.query(request["action"], list(context))
                    ann = authorizer.principal(principal)
                    ways["query"] = query.decide(ann, request["resource"], list(context.values()), **rest)
                    action = authorizer.action(request["action"])
                    ways["handles"] = authorizer.decide(ann, action, portcullis.Resource(names[2]), context, **rest)
                    column = portcullis.Strings.from_iterable([names[2]])
                    codes = authorizer.decide_columns(principal, names[1], column, context, **rest)
                    ways["columns"] = portcullis.Decision(codes[0])
                wrong += [
                    f"{case['name']} / {request.get('name')}: {way} says {own}, not {request['expect']}"
                    for way, own in ways.items()
                    if str(own) != request["expect"]
                ]
    assert not wrong, "\n".join(wrong[:20])
    assert decided > 1000, (decided, left_out)


def test_an_access_point_asks_its_bucket() -> None:
    everything: dict[str, Any] = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
    identity = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    point = Policies.from_json(identity=identity, resource=everything)
    object = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports/object/q1.csv"
    for effect, expected in [("Allow", True), ("Deny", False)]:
        own = {"Statement": {**everything["Statement"], "Effect": effect}}
        bucket = Bucket("arn:aws:s3:::data", Policies.from_json(identity=identity, resource=own))
        authorizer = Authorizer(point, bucket=bucket)
        assert authorizer.is_allowed("arn:aws:iam::111122223333:user/ann", "s3:GetObject", object) is expected


def test_documents_that_must_not_load_are_refused_with_their_places() -> None:
    count = 0
    layers = {"scp": "scps", "rcp": "rcps", "vpc-endpoint": "vpc_endpoint"}
    for file in sorted((ROOT / "corpus/invalid").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            name = layers.get(case["kind"], case["kind"])
            document: Any = [case["text"]] if name in ("scps", "rcps") else case["text"]
            try:
                case["text"].encode()
                Policies.from_json(**{name: document})
            except portcullis.PolicyError as error:
                found = [(one.code, one.line, one.column) for one in error.diagnostics if one.severity == "error"]
                for own in case["errors"]:
                    places = [place for place in found if place[0] == own["code"]]
                    assert places, (case["name"], own, found)
                    # A document in a string is one of the forms of AWS's commands: its places are those within.
                    if "line" in own and not case["text"].lstrip().startswith('"'):
                        assert (own["code"], own["line"], own["column"]) in places, (case["name"], own, places)
                assert str(error)
                count += 1
            except UnicodeEncodeError:
                pass
            else:
                raise AssertionError(f"{case['name']} loads")
    assert count > 100, count
