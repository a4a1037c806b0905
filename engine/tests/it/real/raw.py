# What do the raw files say, and does a client's answer say the same? Read by the scripts beside it, which are run as
# `python SCRIPT URL EDITS.json.gz FLIGHTS.json.gz`.

import datetime
import gzip
import json
import math
import sys

URL, EDITS, FLIGHTS = sys.argv[1:4]
HOST, PORT = URL.removeprefix("http://").split(":")
UTC = datetime.timezone.utc


def instant(value):
    """A time as milliseconds since 1970, from a text, a datetime or a number."""
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        return round(value.timestamp() * 1000)
    return int(value)


def read(path):
    """Rows as the server has them: `__time` in milliseconds, truth values as text."""
    rows = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            raw = json.loads(line)
            row = {"__time": instant(raw.pop("time"))}
            for name, value in raw.items():
                row[name] = str(value).lower() if isinstance(value, bool) else value
            rows.append(row)
    return rows


edits = read(EDITS)
flights = read(FLIGHTS)
SECOND = 1000
HOUR = 3600 * SECOND
DAY = 24 * HOUR


def floor(row, period):
    return row["__time"] // period * period


def groups(rows, key):
    """Rows by what a function says of them."""
    found = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def total(rows, column):
    return sum(row[column] for row in rows)


compared = {"values": 0, "answers": 0, "different": 0}


def same(name, got, wanted):
    """Notes whether both are the same: numbers to the twelfth digit."""
    compared["answers"] += 1
    before = compared["values"]
    try:
        compare(name, got, wanted)
        print(f"{name}: {compared['values'] - before} values")
    except AssertionError as error:
        failed(str(error))


def compare(where, got, wanted):
    if isinstance(wanted, (list, tuple)) and isinstance(got, (list, tuple)):
        assert len(got) == len(
            wanted
        ), f"{where}: {len(got)} entries, not {len(wanted)}: {got!r:.500} instead of {wanted!r:.500}"
        for number, (one, other) in enumerate(zip(got, wanted)):
            compare(f"{where}.{number}", one, other)
        return
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in sorted({*got, *wanted}):
            compare(f"{where}.{key}", got.get(key), wanted.get(key))
        return
    compared["values"] += 1
    number = isinstance(got, (int, float)) and isinstance(wanted, (int, float))
    near = number and math.isclose(got, wanted, rel_tol=1e-12)
    assert near or got == wanted, f"{where}: {got!r:.500} instead of {wanted!r:.500}"


def failed(words):
    compared["different"] += 1
    print(f"DIFFERENT {words}")


def fails(name, call, words):
    """Notes whether the call fails, with this in its message."""
    compared["answers"] += 1
    compared["values"] += 1
    try:
        message = f"no error but {call()!r:.300}"
    except Exception as error:
        message = str(error)
    if words in message:
        print(f"{name}: fails with {words}")
    else:
        failed(f"{name}: {message} instead of {words}")


def close(client):
    """The closing line; ends the script, with an error if anything differed."""
    values, answers, different = compared["values"], compared["answers"], compared["different"]
    print(f"{client}: compared {values} values in {answers} answers, {different} differ", flush=True)
    sys.exit(min(different, 1))
