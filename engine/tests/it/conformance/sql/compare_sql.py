#!/usr/bin/env python3
"""compare_sql.py URL FILE...: asks a server each record and compares with what Druid answered.

same: the same rows, or an error of the same status, code and category   different: other rows, or another error
refused: an error where Druid answered   accepts: an answer where Druid refused   types: of "same", other SQL types
-v prints the differences; --types counts other types as different; --strict tells 1 from 1.0; --messages compares error messages
"""
import argparse
import json
import math
import re

import slt


def equal(a, b, strict):
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b or (type(a) is type(b) and a == b)
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        if strict and type(a) is not type(b):
            return False
        if isinstance(a, int) and isinstance(b, int):
            return a == b
        return a == b or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-300)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(equal(x, y, strict) for x, y in zip(a, b))
    if isinstance(a, str) and isinstance(b, str):
        if a == b:
            return True
        if a[:1] in ("[", "{") and b[:1] == a[:1]:  # JSON text within a string: doubles in it may differ in the last digits
            try:
                return equal(load(a), load(b), strict)
            except ValueError:
                return False
        return False
    return type(a) is type(b) and a == b


def load(text):
    return json.loads(text, object_pairs_hook=tuple)


def key(row):
    if isinstance(row, float) or isinstance(row, int) and not isinstance(row, bool):
        return "%.6e" % row
    if isinstance(row, (list, tuple)):
        return "[" + ",".join(key(x) for x in row) + "]"
    return json.dumps(row)


def verdict(record, answer, args):
    """(verdict, other types)"""
    if record.kind == "error":
        if answer.error is None:
            return "accepts", False
        expected = json.loads(record.expected[0])
        fields = ["status", "errorCode", "category"] + (["errorMessage"] if args.messages else [])
        same = all(expected.get(f) == answer.error.get(f) for f in fields)
        return ("same" if same else "different"), False
    if answer.error is not None:
        return "refused", False
    if record.request is not None:
        same = record.expected == answer.rows or len(record.expected) == len(answer.rows) and all(
            lenient(e, a, args.strict) for e, a in zip(record.expected, answer.rows))
        return ("same" if same else "different"), False
    expected, rows = [load(r) for r in record.expected], [load(r) for r in answer.rows]
    if record.sort:
        expected.sort(key=key)
        rows.sort(key=key)
    types = record.types is not None and record.types != answer.types
    if len(expected) != len(rows) or not all(equal(e, r, args.strict) for e, r in zip(expected, rows)):
        return "different", types
    return ("different" if types and args.types else "same"), types


def lenient(a, b, strict):
    try:
        return equal(load(a), load(b), strict)
    except ValueError:
        return a == b


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("files", nargs="+")
    parser.add_argument("-v", action="store_true")
    parser.add_argument("--types", action="store_true")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--messages", action="store_true")
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    names = ("same", "different", "refused", "accepts", "types")
    total = dict.fromkeys(names, 0)
    for path in args.files:
        with open(path, encoding="utf-8") as file:
            _, records = slt.parse(file.read(), path)
        counts = dict.fromkeys(names, 0)
        for record in records:
            if not re.search(args.only, record.name):
                continue
            answer = slt.ask(args.url, record)
            said, types = verdict(record, answer, args)
            counts[said] += 1
            counts["types"] += types and said == "same"
            if args.v and (said != "same" or types):
                print("%s %s: %s%s" % (path, record.name, said, " (types)" if types else ""))
                print("  " + record.sql.replace("\n", "\n  "))
                if record.context:
                    print("  context " + json.dumps(record.context))
                if types and said != "refused":
                    print("  types druid %s\n        here %s" % (record.types, answer.types))
                if said != "same":
                    here = [json.dumps(answer.error, ensure_ascii=False)] if answer.error is not None else answer.rows
                    druid = record.expected
                    if record.sort and answer.error is None:
                        here = sorted(here)
                    for a, b in list(zip(druid + [None] * len(here), here + [None] * len(druid)))[:max(len(here), len(druid))]:
                        if a != b:
                            print("    druid %s\n    here  %s" % (a, b))
        print("%-28s" % path + "  ".join("%s %d" % (n, counts[n]) for n in names))
        for n in names:
            total[n] += counts[n]
    print("%-28s" % "all" + "  ".join("%s %d" % (n, total[n]) for n in names))


main()
