#!/usr/bin/env python3
"""Whether `portcullis check` takes time in proportion to a document: each document of docs/lint in which something is found is
made longer in every list that it has, and again four times as long. Prints what takes more than six times as long for it.

Usage: benches/growth.py [PORTCULLIS]
"""

import copy
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/release/portcullis"
FEW, MANY = 2_000, 8_000
# What takes less is not measured well.
LEAST = 0.05
MOST = 6.0
TYPES = {"service control": "scp", "resource control": "rcp", "bucket": "resource", "endpoint": "vpc-endpoint"}


def documents():
    """The documents of the pages, with their types."""
    for page in sorted(pathlib.Path("docs/lint").glob("*.md")):
        for kind, text in re.findall(r"\* Found in this ([a-z ]+) policy[^`]*`(\{.*?\})`", page.read_text()):
            try:
                yield TYPES.get(kind, kind), json.loads(text)
            except ValueError:
                # Some are about what is no JSON.
                continue


def longer(values, count):
    """So many different values like these."""
    values = values if isinstance(values, list) else [values]
    return [value + str(i) if isinstance(value, str) else value for i in range(count) for value in values][:count]


def shapes(statements):
    """Ways to make statements longer: a name, and a function of how long."""
    yield "statements", lambda count: (statements * count)[:count]

    def each(change):
        changed = copy.deepcopy(statements)
        for statement in changed:
            change(statement)
        return changed

    for member in ("Action", "NotAction", "Resource", "NotResource"):
        if any(member in statement for statement in statements):
            def entries(count, member=member):
                return each(lambda own: own.update({member: longer(own[member], count)} if member in own else {}))
            yield member, entries
    tests = [own["Condition"] for own in statements if isinstance(own.get("Condition"), dict)]
    if any(isinstance(keys, dict) and keys for test in tests for keys in test.values()):
        def operators(own):
            return [keys for keys in own.get("Condition", {}).values() if isinstance(keys, dict)]

        def values(count):
            return each(lambda own: [keys.update({key: longer(value, count) for key, value in keys.items()}) for keys in operators(own)])

        def names(count):
            return each(lambda own: [keys.update({f"{key}{i}": value for i in range(count) for key, value in list(keys.items())}) for keys in operators(own)])
        yield "values", values
        yield "keys", names


def seconds(folder, kind, document):
    """Seconds of the processor that a check takes."""
    path = os.path.join(folder, "policy.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [PROGRAM, "check", "--type", kind, path]
    run = subprocess.run(command, capture_output=True, timeout=300, check=False)
    # 1: problems were found; 3: it does not load.
    if run.returncode not in (0, 1, 3):
        sys.exit(f"{' '.join(command)}: {run.stderr.decode(errors='replace')}")
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main():
    tried, grown = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for kind, document in documents():
            statements = document.get("Statement")
            statements = statements if isinstance(statements, list) else [statements]
            if not all(isinstance(statement, dict) for statement in statements):
                continue
            for name, shape in shapes(statements):
                tried += 1
                few = seconds(folder, kind, {**document, "Statement": shape(FEW)})
                if few < LEAST:
                    continue
                many = seconds(folder, kind, {**document, "Statement": shape(MANY)})
                if many > MOST * few:
                    grown += 1
                    print(f"{few:.2f} s become {many:.2f} s with more {name}: {json.dumps(document)}", flush=True)
    print(f"{tried} documents, {grown} of which take more than {MOST} times as long to be {MANY // FEW} times as long")
    sys.exit(grown > 0)


main()
