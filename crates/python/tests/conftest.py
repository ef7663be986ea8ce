"""What tests share."""

from __future__ import annotations

from pathlib import Path

import portcullis
import pytest

ROOT = Path(__file__).resolve().parents[3]
ANN = "arn:aws:iam::111122223333:user/ann"
OBJECT = "arn:aws:s3:::reports/ann/q1.csv"
# Three statements, one policy variable, IpAddress, StringLike and Bool: what docs/how-to/python.md has figures of.
POLICY = """{
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Own", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/${aws:username}/*",
         "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
        {"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::reports",
         "Condition": {"StringLike": {"s3:prefix": "public/*"}}},
        {"Sid": "Tls", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    ]
}"""
GIVEN: dict[str, portcullis.ContextValue] = {"aws:SourceIp": "203.0.113.9", "aws:SecureTransport": "true"}


@pytest.fixture
def policies() -> portcullis.Policies:
    return portcullis.Policies.from_json(identity=POLICY)


@pytest.fixture
def authorizer(policies: portcullis.Policies) -> portcullis.Authorizer:
    return portcullis.Authorizer(policies)


@pytest.fixture(scope="session")
def directory() -> portcullis.Directory:
    return portcullis.Directory.open(ROOT / "corpus/example-organization/data")
