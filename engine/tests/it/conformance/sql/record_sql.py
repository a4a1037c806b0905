#!/usr/bin/env python3
"""record_sql.py URL FILE...: asks a Druid broker for the answer to each record and rewrites the expected part in place.

A query that is refused becomes a `statement error` and the other way round; both are printed, to be looked at.
--only REGEX  only records whose name matches   --new  only records without an expected part
"""
import argparse
import json
import re
import time

import slt


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--only", default="")
    parser.add_argument("--new", action="store_true")
    parser.add_argument("--patience", type=int, default=30, help="tens of seconds to wait for a server that is not there")
    args = parser.parse_args()
    for path in args.files:
        with open(path, encoding="utf-8") as file:
            preamble, records = slt.parse(file.read(), path)
        done = 0
        for record in records:
            if not record.recorded or not re.search(args.only, record.name) or (args.new and record.expected):
                continue
            answer = slt.ask(args.url, record)
            done += 1
            for _ in range(args.patience):  # a server that is starting again
                if answer.error is None or answer.error["status"] != 0:
                    break
                time.sleep(10)
                answer = slt.ask(args.url, record)
            if answer.error is not None and answer.error["status"] == 0:
                raise SystemExit("%s: %s: %s" % (path, record.name, answer.error["errorMessage"]))
            if answer.error is not None:
                if record.kind != "error":
                    print("%s: %s: refused: %s" % (path, record.name, json.dumps(answer.error)[:400]))
                record.kind, record.types = "error", None
                record.expected = [json.dumps(answer.error, separators=(",", ":"), ensure_ascii=False)]
                continue
            if record.kind == "error":
                print("%s: %s: accepted: %s" % (path, record.name, " ".join(answer.rows)[:200]))
                record.kind, record.sort = "query", True
            if record.sort:
                answer.rows.sort()
            record.expected, record.types = answer.rows, answer.types
        with open(path, "w", encoding="utf-8") as file:
            file.write(slt.dump(preamble, records))
        print("%s: %d of %d records asked" % (path, done, len(records)))


main()
