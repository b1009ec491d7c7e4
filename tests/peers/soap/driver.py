#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Driver of the SOAP clients: what their vendors would write to have them tested.

    driver.py CLIENT [--mistake NAME]

CLIENT is a command as in README.md. An order of junkyo (ci/TARGET.md, `soap-call`) comes in on standard input, the
answer goes out as one line. What the clients cannot be told (WS-Addressing, WS-Security) ends with 89.
"""

import json
import subprocess
import sys

CALLER = {"municipality": "131016", "system": "010"}
NOT_SUPPORTED = 89


def command(client, order):
    fields = dict(order["fields"])
    if order["operation"] == "GetResident":
        fields["caller"] = CALLER
    if fields.get("removed") is True:
        fields["removed"] = {}  # an element of an empty type
    return [client[0], order["endpoint"], order["operation"], json.dumps(fields, ensure_ascii=False), *client[1:]]


def report(said):
    """What the client said: values beside its outcome, or what it calls the fault."""
    values = {name: value for name, value in said.items() if name not in ("outcome", "error")}
    fault = values.get("faultcode") if said["outcome"] == "fault" else None
    return {"outcome": said["outcome"], "values": values, "fault": fault, "error": said.get("error")}


def failed(why):
    return {"outcome": "failed", "values": {}, "fault": None, "error": why}


def perform(client, order):
    limit = order["timeout_ms"] / 1000
    try:
        done = subprocess.run(command(client, order), capture_output=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return failed(f"no answer within {limit} s")
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    try:
        return report(json.loads(lines[-1]))
    except (IndexError, ValueError, KeyError, TypeError):
        return failed(f"the client ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-400:]}")


def main():
    order = json.load(sys.stdin)
    if order["action"] != "soap-call" or any(order[what] for what in ("addressing", "callback", "security")):
        sys.exit(NOT_SUPPORTED)
    print(json.dumps(perform(sys.argv[1:], order), ensure_ascii=False))


if __name__ == "__main__":
    main()
