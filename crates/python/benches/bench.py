"""Nanoseconds for a decision from Python: `python benches/bench.py`, with the package installed.

The policy has three statements, one policy variable, IpAddress, StringLike and Bool. Each figure is the least of some rounds, in
which calls follow each other in a loop, in time of the processor; the loop's own cost is taken off, that of the call is not.
"""

from __future__ import annotations

import itertools
import platform
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import portcullis

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from conftest import ANN, GIVEN, OBJECT, POLICY  # noqa: E402

ROUNDS, CALLS, ROWS = 40, 4_000, 20_000


def least(call: Callable[[], object], calls: int = CALLS) -> float:
    """Nanoseconds of the processor a call: others may use it meanwhile."""
    best = float("inf")
    for _ in range(ROUNDS):
        times = itertools.repeat(None, calls)
        start = time.thread_time_ns()
        for _ in times:
            call()
        best = min(best, (time.thread_time_ns() - start) / calls)
    return best


def main() -> None:
    policies = portcullis.Policies.from_json(identity=POLICY)
    authorizer = portcullis.Authorizer(policies)
    is_allowed, decide = authorizer.is_allowed, authorizer.decide
    action, ann, target = authorizer.action("s3:GetObject"), authorizer.principal(ANN), portcullis.Resource(OBJECT)
    query = authorizer.query(action, list(GIVEN))
    prepared, given, values = query.is_allowed, dict(GIVEN), ("203.0.113.9", True)
    assert is_allowed(ANN, "s3:GetObject", OBJECT, given) and prepared(ann, target, values)
    requests = [(ANN, "s3:GetObject", OBJECT, given)] * ROWS
    resources = [f"arn:aws:s3:::reports/ann/{number}.csv" for number in range(ROWS)]
    column = portcullis.Strings.from_iterable(resources)
    people, actions = portcullis.Strings.from_iterable([ANN] * ROWS), portcullis.Strings.from_iterable(["s3:GetObject"] * ROWS)
    addresses = portcullis.Strings.from_iterable(["203.0.113.9"] * ROWS)
    key = action.name.__len__
    loop = least(lambda: None)

    def threads(count: int) -> float:
        best = float("inf")
        for _ in range(ROUNDS):
            own = [threading.Thread(target=authorizer.decide_columns, args=(ann, action, column, given)) for _ in range(count)]
            start = time.perf_counter_ns()
            for one in own:
                one.start()
            for one in own:
                one.join()
            best = min(best, (time.perf_counter_ns() - start) / ROWS / count)
        return best

    rows = {
        "an empty method of a str": least(lambda: key()) - loop,
        "prepared: query.is_allowed(principal, resource, values)": least(lambda: prepared(ann, target, values)) - loop,
        "the same with the resource as text": least(lambda: prepared(ann, OBJECT, values)) - loop,
        "from strings: is_allowed(principal, action, resource, {2 keys})": least(lambda: is_allowed(ANN, "s3:GetObject", OBJECT, given)) - loop,
        "the same, decide": least(lambda: decide(ANN, "s3:GetObject", OBJECT, given)) - loop,
        "from strings without keys": least(lambda: is_allowed(ANN, "s3:GetObject", OBJECT)) - loop,
        "handles with {2 keys}": least(lambda: is_allowed(ann, action, target, given)) - loop,
        "decide_many of tuples": least(lambda: authorizer.decide_many(requests), 1) / ROWS,
        "decide_resources, one principal and action": least(lambda: authorizer.decide_resources(ANN, "s3:GetObject", resources, given), 1) / ROWS,
        "query.decide_resources": least(lambda: query.decide_resources(ann, resources, values), 1) / ROWS,
        "decide_columns, a column of resources": least(lambda: authorizer.decide_columns(ann, action, column, given), 1) / ROWS,
        "decide_columns, four columns": least(
            lambda: authorizer.decide_columns(people, actions, column, {**given, "aws:SourceIp": addresses}), 1
        )
        / ROWS,
        "the same column by two threads, elapsed time": threads(2),
        "Strings.from_iterable": least(lambda: portcullis.Strings.from_iterable(resources), 1) / ROWS,
        "compile the policy": least(lambda: portcullis.Policies.from_json(identity=POLICY), 20),
        "explain": least(lambda: authorizer.explain(ANN, "s3:GetObject", OBJECT), 100),
    }
    print(f"CPython {platform.python_version()}, {platform.machine()}, least of {ROUNDS} rounds")
    for name, nanoseconds in rows.items():
        print(f"{name:66} {nanoseconds:10,.0f} ns")


if __name__ == "__main__":
    main()
