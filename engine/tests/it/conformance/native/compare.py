#!/usr/bin/env python3
"""Compares a server's answers with the recorded ones: compare.py [-v] [-k] [-t] [-m] [-e] [-s] [-f NAME] [-o FILE] URL FILE...

For each file: how many answers are the same, different, refused (an error where Druid answered) or accepted (an answer
where Druid gave an error). Numbers that are not both integers may differ by 1e-9 of their size; 1 and 1.0 are the same
unless -t; the order of keys does not matter. Errors are the same when `status`, `error`, `errorCode`, `category` and
`persona` are. A request that Druid could not read at all (status 500, "Unhandled exception made it to the top") is refused
rightly by any status from 400 to 499 too. Cases with `"here": "no"` are of what Alluvium does not have.

-v  print each case that is not the same, with the first places that differ
-k  report answers that differ only in the order of an object's keys
-t  an integer and a decimal number (1 and 1.0) are different
-m  errors must have the same message too
-e  an error is an error, whatever its status and body
-s  ids of segments do not matter, and scan batches that follow each other count as one
-f  only cases whose name or features contain NAME
-o  write the counts by feature to FILE as JSON: {"kind name": {"same": [case..], "different": [..], ..}}
"""
import collections
import getopt
import json
import sys

import common

KINDS = "same", "different", "refused", "accepts"


def differences(want, have, strict, path="$", share=1e-9):
    """Places where two values differ, as texts."""
    if isinstance(want, dict) and isinstance(have, dict):
        for key in list(want) + [k for k in have if k not in want]:
            if key not in have:
                yield f"{path}.{key}: missing"
            elif key not in want:
                yield f"{path}.{key}: not wanted: {text(have[key])}"
            else:
                yield from differences(want[key], have[key], strict, f"{path}.{key}", share)
    elif isinstance(want, list) and isinstance(have, list):
        for i, (a, b) in enumerate(zip(want, have)):
            yield from differences(a, b, strict, f"{path}[{i}]", share)
        if len(want) != len(have):
            yield f"{path}: {len(want)} elements wanted, {len(have)} there"
    elif not equal(want, have, strict, share):
        yield f"{path}: wanted {text(want)}, is {text(have)}"


def equal(a, b, strict, share):
    number = lambda x: isinstance(x, (int, float)) and not isinstance(x, bool)
    if number(a) and number(b):
        if isinstance(a, int) and isinstance(b, int):
            return a == b
        if strict and isinstance(a, int) != isinstance(b, int):
            return False
        return a == b or abs(a - b) <= share * max(abs(a), abs(b))
    return type(a) is type(b) and a == b


def text(value):
    value = json.dumps(value, ensure_ascii=False)
    return value if len(value) <= 120 else value[:120] + "..."


def keys(value):
    """The order of all keys of a value."""
    if isinstance(value, dict):
        return [(k, keys(v)) for k, v in value.items()]
    return [keys(v) for v in value] if isinstance(value, list) else None


def loose(answer, request):
    if not isinstance(request, dict) or not isinstance(answer, list):
        return answer
    if request.get("queryType") == "scan":
        joined = []
        for batch in answer:
            batch = {k: v for k, v in batch.items() if k != "segmentId"}
            same = lambda b: [b.get("columns"), b.get("rowSignature")]
            if joined and same(joined[-1]) == same(batch):
                joined[-1]["events"] = joined[-1]["events"] + batch["events"]
            else:
                joined.append(batch)
        return joined
    if request.get("queryType") == "segmentMetadata":
        return [{k: v for k, v in item.items() if k != "id"} for item in answer]
    return answer


def judge(case, status, answer, options):
    want_status, want = case["status"], case["answer"]
    if status >= 400 and want_status < 400:
        return "refused", [f"{status}: {text(answer)}"]
    if status < 400 and want_status >= 400:
        return "accepts", [f"wanted {want_status}: {text(want)}", f"is {text(answer)}"]
    if status >= 400:
        unread = want.get("errorMessage") == "Unhandled exception made it to the top"
        if "-e" in options or (unread and status < 500):
            return "same", []
        places = [] if status == want_status else [f"status: wanted {want_status}, is {status}"]
        if case.get("here") == "no":
            answer = {**answer, "errorMessage": str(answer.get("errorMessage"))[:len(want["errorMessage"])]}
        elif "-m" not in options:
            want, answer = ({k: v for k, v in x.items() if k != "errorMessage"} for x in (want, answer))
        places += differences(want, answer, False)
        return ("different" if places else "same"), places
    if "-s" in options:
        want, answer = loose(want, case["request"]), loose(answer, case["request"])
    for item in answer if isinstance(answer, list) else []:
        for name in case.get("ignore", []):
            item.get("result", {}).pop(name, None)
    places = list(differences(want, answer, "-t" in options, share=case.get("tolerance", 1e-9)))
    return ("different" if places else "same"), places


def main():
    options, arguments = getopt.getopt(sys.argv[1:], "vktmesf:o:")
    options = dict(options)
    if len(arguments) < 2:
        sys.exit(__doc__)
    server = common.Server(arguments[0])
    total, features = collections.Counter(), {}
    for path in arguments[1:]:
        counts, disordered = collections.Counter(), []
        for case in common.read(path):
            wanted = options.get("-f")
            if wanted and wanted not in case["name"] and not any(wanted in f for f in case["features"]):
                continue
            status, answer = common.ask(server, case["request"])
            kind, places = judge(case, status, answer, options)
            counts[kind] += 1
            for feature in case["features"]:
                features.setdefault(feature, {}).setdefault(kind, []).append(case["name"])
            if kind == "same" and status < 400 and keys(case["answer"]) != keys(answer):
                disordered.append(case["name"])
            if kind != "same" and "-v" in options:
                print(f"{case['name']}: {kind}")
                for place in places[:8]:
                    print("   ", place)
                if len(places) > 8:
                    print(f"    and {len(places) - 8} more")
        total += counts
        print(f"{path}:", ", ".join(f"{counts[kind]} {kind}" for kind in KINDS))
        if "-k" in options and disordered:
            print("    other order of keys:", ", ".join(disordered))
    if len(arguments) > 2:
        print("all:", ", ".join(f"{total[kind]} {kind}" for kind in KINDS))
    if "-o" in options:
        with open(options["-o"], "w", encoding="utf-8") as file:
            json.dump(features, file, indent=1, ensure_ascii=False, sort_keys=True)


if __name__ == "__main__":
    main()
