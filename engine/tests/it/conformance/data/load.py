#!/usr/bin/env python3
"""Loads the datasources of this directory into Druid (or a server with its API) and waits until their rows are there.

load.py COORDINATOR_URL BROKER_URL [DATASOURCE...]
load.py --print DATASOURCE       writes the task spec with its rows in it to standard output
"""
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ALL = ["plain", "typed", "sketched", "places", "extras", "discovered", "delimited"]


def call(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read().decode()
    return json.loads(text) if text.strip() else None


def spec_of(name):
    spec = json.loads((HERE / f"{name}.spec.json").read_text())
    source = spec["spec"]["ioConfig"]["inputSource"]
    source["data"] = (HERE / source["data"].removeprefix("@")).read_text()
    return spec


def main(arguments):
    if arguments[:1] == ["--print"]:
        print(json.dumps(spec_of(arguments[1]), ensure_ascii=False))
        return
    coordinator, broker, names = arguments[0], arguments[1], arguments[2:] or ALL
    for name in names:
        task = call(f"{coordinator}/druid/indexer/v1/task", spec_of(name))["task"]
        while True:
            status = call(f"{coordinator}/druid/indexer/v1/task/{task}/status")["status"]
            if status["status"] != "RUNNING":
                break
            time.sleep(1)
        print(name, status["status"], status.get("errorMsg") or "")
    if "plain" in names:
        try:
            for body in ({}, json.loads((HERE / "lookups.json").read_text())):
                call(f"{coordinator}/druid/coordinator/v1/lookups/config", body)
        except urllib.error.HTTPError as error:
            print("lookups:", error, error.read().decode()[:300])
    for name in names:
        # Rows may be served a little after the task has ended.
        query = {"queryType": "timeseries", "dataSource": name, "intervals": ["2024-01-01/2025-01-01"],
                 "granularity": "all", "aggregations": [{"type": "count", "name": "rows"}]}
        for _ in range(120):
            rows = call(f"{broker}/druid/v2", query)
            if rows and rows[0]["result"]["rows"] == ROWS[name]:
                break
            time.sleep(1)
        print(name, rows)


# Rows stored; `sketched` rolls its 30 input rows up.
ROWS = {"plain": 40, "typed": 20, "sketched": 22, "places": 8, "extras": 7, "discovered": 5, "delimited": 5}

if __name__ == "__main__":
    main(sys.argv[1:])
