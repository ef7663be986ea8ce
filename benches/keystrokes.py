#!/usr/bin/env python3
"""How long `portcullis lsp` takes from a keystroke in a long document to what it finds in it.

Usage: benches/keystrokes.py [PORTCULLIS] [LINES]
"""

import json
import os
import statistics
import subprocess
import sys
import time

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/release/portcullis"
LINES = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
KEYSTROKES = 50


def documents():
    """A long document of each notation, with findings here and there, and where to type in it."""
    statements = []
    text = []
    number = 0
    while len(text) < LINES:
        number += 1
        statement = {
            "Sid": f"S{number}",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"] + (["s3:Get*"] if number % 10 == 0 else []),
            "Resource": [f"arn:aws:s3:::bucket-{number}/*"],
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": [f"team-{number}"]}},
        }
        statements.append(statement)
        text = json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2).splitlines() if number % 100 == 0 else text
    middle = next(i for i in range(len(text) // 2, len(text)) if "arn:aws" in text[i])
    yield "policy.json", "\n".join(text), middle, text[middle].index("bucket")
    lines = ["policy long {"]
    while len(lines) < LINES:
        number += 1
        lines += [
            f"  S{number}: allow s3:GetObject, s3:PutObject",
            f"    on arn:aws:s3:::bucket-{number}/*",
            f"    when aws:PrincipalTag/team = team-{number}",
            "",
        ]
    lines.append("}")
    middle = next(i for i in range(len(lines) // 2, len(lines)) if "arn:aws" in lines[i])
    yield "policy.iam", "\n".join(lines), middle, lines[middle].index("bucket")


class Client:
    def __init__(self):
        self.process = subprocess.Popen([PROGRAM, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def work(self):
        """What its processor did for it so far, in milliseconds."""
        try:
            with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            return 0
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def send(self, **message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline().strip()):
            if line.startswith(b"Content-Length: "):
                length = int(line[16:])
        return json.loads(self.process.stdout.read(length))


client = Client()
client.send(id=1, method="initialize", params={"capabilities": {}})
client.receive()
client.send(method="initialized", params={})
slow = False
for name, text, line, character in documents():
    uri = f"file:///{name}"
    start = time.perf_counter()
    client.send(
        method="textDocument/didOpen",
        params={"textDocument": {"uri": uri, "languageId": "json", "version": 0, "text": text}},
    )
    found = client.receive()["params"]["diagnostics"]
    opened = time.perf_counter() - start
    times = []
    before = client.work()
    for version in range(1, KEYSTROKES + 1):
        place = {"line": line, "character": character + version - 1}
        change = {"range": {"start": place, "end": place}, "text": "x"}
        start = time.perf_counter()
        client.send(
            method="textDocument/didChange",
            params={"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]},
        )
        client.receive()
        times.append((time.perf_counter() - start) * 1000)
    work = (client.work() - before) / KEYSTROKES
    median, worst = statistics.median(times), max(times)
    slow |= median > 50
    print(
        f"{name}: {text.count(chr(10)) + 1} lines, {len(found)} findings, opened in {opened * 1000:.0f} ms, "
        f"a keystroke {median:.1f} ms in the middle, {worst:.1f} ms at worst, of which {work:.1f} ms are work"
    )
client.send(id=2, method="shutdown")
client.receive()
client.send(method="exit")
sys.exit(slow)
