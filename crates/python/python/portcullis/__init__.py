"""Decides requests against AWS IAM policies, as AWS documents their evaluation.

>>> import portcullis
>>> policies = portcullis.Policies.from_json(identity='''{
...     "Version": "2012-10-17",
...     "Statement": {
...         "Sid": "ReadOwnFolder",
...         "Effect": "Allow",
...         "Action": "s3:GetObject",
...         "Resource": "arn:aws:s3:::reports/${aws:username}/*",
...         "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
...     }
... }''')
>>> authorizer = portcullis.Authorizer(policies)
>>> ann = "arn:aws:iam::111122223333:user/ann"
>>> authorizer.is_allowed(ann, "s3:GetObject", "arn:aws:s3:::reports/ann/q1.csv", {"aws:SourceIp": "203.0.113.9"})
True
>>> authorizer.decide(ann, "s3:GetObject", "arn:aws:s3:::reports/bob/q1.csv", {"aws:SourceIp": "203.0.113.9"})
<Decision.IMPLICIT_DENY: 0>
"""

from ._portcullis import (
    Action,
    Authorizer,
    Bucket,
    Directory,
    Explanation,
    Key,
    Policies,
    Principal,
    Query,
    Resource,
    Strings,
    __version__,
    check,
    prove_never,
    prove_no_new_access,
    prove_not_granted,
    prove_not_public,
)
from ._types import (
    Ability,
    Administrator,
    Answers,
    AnswerWord,
    ContextValue,
    Decision,
    Diagnostic,
    Document,
    Exemption,
    Finding,
    JsonDocument,
    PolicyError,
    PolicyType,
    Proof,
    Proved,
    Refuted,
    RequestError,
    Shown,
    Unknown,
    Way,
    Witness,
)

__all__ = [
    "Ability",
    "Action",
    "Administrator",
    "AnswerWord",
    "Answers",
    "Authorizer",
    "Bucket",
    "ContextValue",
    "Decision",
    "Diagnostic",
    "Directory",
    "Document",
    "Exemption",
    "Explanation",
    "Finding",
    "JsonDocument",
    "Key",
    "Policies",
    "PolicyError",
    "PolicyType",
    "Principal",
    "Proof",
    "Proved",
    "Query",
    "Refuted",
    "RequestError",
    "Resource",
    "Shown",
    "Strings",
    "Unknown",
    "Way",
    "Witness",
    "__version__",
    "check",
    "prove_never",
    "prove_no_new_access",
    "prove_not_granted",
    "prove_not_public",
]

# What is shown in messages and documentation is where users import it from.
for _own in (
    Ability,
    Administrator,
    Answers,
    Decision,
    Diagnostic,
    Document,
    Exemption,
    Finding,
    PolicyError,
    Proved,
    Refuted,
    RequestError,
    Shown,
    Unknown,
    Way,
    Witness,
):
    _own.__module__ = "portcullis"
del _own
