#!/usr/bin/env python3
"""Records the answers of a Druid: record.py BROKER_URL FILE...

Posts each case's request to /druid/v2 and writes `status` and `answer` into the file, one case a line. Cases with
"recorded": false keep what is written in them.
"""
import sys

import common


def main(url, *paths):
    server = common.Server(url)
    for path in paths:
        cases, errors, changed = common.read(path), 0, 0
        for case in cases:
            if case.get("recorded") is False:
                continue
            before = case.pop("status", None), case.pop("answer", None)
            try:
                case["status"], case["answer"] = common.ask(server, case["request"])
            except OSError as error:
                sys.exit(f"{path}: {case['name']}: {error}")
            errors += case["status"] >= 400
            changed += before != (case["status"], case["answer"])
        common.write(path, cases)
        print(f"{path}: {len(cases)} cases, {errors} answered with an error, {changed} changed")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
