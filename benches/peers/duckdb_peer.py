"""DuckDB in process, driven over pipes: one JSON request a line in, one JSON answer a line out.

{"load": [parquet path, table, time column]} loads a table; {"sql": text} answers {"ms": wall time, "rows": [[...]]}.
"""

import datetime
import json
import sys
import time

import duckdb

connection = duckdb.connect()


def plain(value):
    if isinstance(value, datetime.datetime):
        return int(value.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)
    return float(value) if type(value).__name__ == "Decimal" else value


for line in sys.stdin:
    request = json.loads(line)
    if "load" in request:
        path, table, time_column = request["load"]
        connection.execute(
            f"CREATE TABLE {table} AS SELECT {time_column} AS t, * EXCLUDE ({time_column}) FROM read_parquet('{path}')"
        )
        answer = {"version": duckdb.__version__}
    else:
        started = time.perf_counter()
        rows = connection.execute(request["sql"]).fetchall()
        elapsed_ms = (time.perf_counter() - started) * 1000
        answer = {"ms": elapsed_ms, "rows": [[plain(value) for value in row] for row in rows]}
    print(json.dumps(answer), flush=True)
