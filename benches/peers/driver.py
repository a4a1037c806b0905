"""Peers that run in a process of their own: DuckDB, ClickHouse (chdb), DataFusion, Polars.

`driver.py ENGINE FOLDER THREADS` answers JSON requests, one a line on standard input, with one JSON line each:

{"load": {name, time, clickhouse}, "parquet": path}  -> {"version", "seconds" (null: reads the file itself), "bytes"}
{"run": text, "rows": true|false}                    -> {"ms", "rows"}
{"csv": folder}                                      -> {"files"}: the table as CSV, one file a month (DuckDB)

An error is answered as {"error": text}. A table loaded from the same file before is taken as it is. The time runs
from the call to the answer being whole in this process: JSON lines from chdb, Python rows from DuckDB, Arrow batches
from DataFusion, a frame from Polars.
"""

import datetime
import json
import os
import shutil
import sys
import time

# Engines may print; the answers must not be disturbed.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def plain(value):
    if isinstance(value, datetime.datetime):
        return int(value.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)
    if isinstance(value, datetime.date):
        return plain(datetime.datetime(value.year, value.month, value.day))
    if type(value).__name__ == "Decimal":
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(at, f)) for at, _, files in os.walk(folder) for f in files)


class DuckDB:
    stored = True

    def open(self, folder, threads):
        import duckdb

        self.version = duckdb.__version__
        self.connection = duckdb.connect(f"{folder}/table.db")
        self.connection.execute(f"SET threads={threads}; SET TimeZone='UTC'")

    def load(self, table, parquet):
        name, stamp = table["name"], table["time"]
        self.connection.execute(
            f"CREATE TABLE {name} AS SELECT * REPLACE ({stamp}::TIMESTAMP AS {stamp}) FROM '{parquet}'"
        )
        self.connection.execute("CHECKPOINT")

    def attach(self, table, parquet):
        self.table = table

    def prepare(self, text):
        return lambda: self.connection.execute(text).fetchall()

    def rows(self, result):
        return result

    def csv(self, folder):
        name, stamp = self.table["name"], self.table["time"]
        months = self.connection.execute(
            f"SELECT DISTINCT strftime({stamp}, '%Y-%m-01') FROM {name} ORDER BY 1"
        ).fetchall()
        for (month,) in months:
            self.connection.execute(
                f"COPY (SELECT * REPLACE (epoch_ms({stamp}) AS {stamp}) FROM {name} WHERE {stamp} >= "
                f"TIMESTAMP '{month}' AND {stamp} < TIMESTAMP '{month}' + INTERVAL 1 MONTH) "
                f"TO '{folder}/{month}.csv' (HEADER true)"
            )
        return len(months)


class ClickHouse:
    stored = True

    def open(self, folder, threads):
        import chdb.session

        self.session = chdb.session.Session(f"{folder}/table")
        self.folder = f"{folder}/table"
        self.settings = f" SETTINGS max_threads={threads}, use_query_condition_cache=0, use_query_cache=0"
        self.threads = threads
        self.version = self.text("SELECT version()")

    def text(self, sql):
        return self.session.query(sql, "TSV").bytes().decode().strip()

    def load(self, table, parquet):
        options = table["clickhouse"]
        columns = ", ".join(options["columns"])
        self.text("CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
        self.text(
            f"CREATE TABLE bench.{table['name']} ({columns}) ENGINE = MergeTree "
            f"PARTITION BY {options['partition']} ORDER BY ({options['order']})"
        )
        self.text(
            f"INSERT INTO bench.{table['name']} SELECT * FROM file('{parquet}', Parquet) "
            f"SETTINGS max_threads={self.threads}, max_insert_threads=1, max_insert_block_size=1000000, "
            "min_insert_block_size_bytes=536870912"
        )
        self.text(f"OPTIMIZE TABLE bench.{table['name']} FINAL")

    def attach(self, table, parquet):
        self.text("USE bench")

    def prepare(self, text):
        return lambda: self.session.query(text + self.settings, "JSONCompactEachRow").bytes()

    def rows(self, result):
        return [json.loads(line) for line in result.decode().splitlines()]

    def bytes(self):
        return int(self.text("SELECT sum(bytes_on_disk) FROM system.parts WHERE database = 'bench' AND active"))


class DataFusion:
    stored = False

    def open(self, folder, threads):
        import datafusion

        self.version = datafusion.__version__
        config = datafusion.SessionConfig().with_target_partitions(threads)
        for key, value in {
            "datafusion.execution.parquet.pushdown_filters": "true",
            "datafusion.execution.parquet.reorder_filters": "true",
            "datafusion.sql_parser.enable_ident_normalization": "false",
        }.items():
            config = config.set(key, value)
        self.context = datafusion.SessionContext(config)

    def attach(self, table, parquet):
        self.context.register_parquet(table["name"], parquet)

    def prepare(self, text):
        return lambda: self.context.sql(text).collect()

    def rows(self, result):
        return [row for batch in result for row in zip(*(column.to_pylist() for column in batch.columns))]


class Polars:
    stored = False

    def open(self, folder, threads):
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars

        self.pl = polars
        self.version = polars.__version__

    def attach(self, table, parquet):
        pl = self.pl
        stamp = pl.col(table["time"])

        def date(text):
            return pl.lit(datetime.datetime.fromisoformat(text)).cast(pl.Datetime("ms"))

        self.names = {
            "pl": pl,
            "f": pl.scan_parquet(parquet),
            "t": stamp,
            "c": pl.col,
            "sum": lambda name: pl.col(name).cast(pl.Int64).sum(),
            "between": lambda a, b: (stamp >= date(a)) & (stamp < date(b)),
            "start": stamp.dt.truncate,
        }

    def prepare(self, text):
        frame = eval(text, self.names)  # written in the workload, not taken from outside
        return lambda: frame.collect(engine="streaming")

    def rows(self, result):
        return result.rows()


ENGINES = {"duckdb": DuckDB, "clickhouse": ClickHouse, "datafusion": DataFusion, "polars": Polars}


def load(engine, folder, threads, request):
    """Opens the stored table, anew when it does not come from this file."""
    parquet = request["parquet"]
    seconds = None
    if engine.stored:
        found = os.stat(parquet)
        source = [os.path.realpath(parquet), found.st_size, found.st_mtime_ns, request["load"]]
        stamp = f"{folder}/loaded.json"
        known = json.load(open(stamp)) if os.path.exists(stamp) else {}
        fresh = known.get("source") != source
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
        engine.open(folder, threads)
        if fresh:
            started = time.time()
            engine.load(request["load"], parquet)
            known = {"source": source, "seconds": time.time() - started}
            json.dump(known, open(stamp, "w"))
        seconds = known["seconds"]
    else:
        engine.open(folder, threads)
    engine.attach(request["load"], parquet)
    size = engine.bytes() if hasattr(engine, "bytes") else None
    if size is None:
        size = folder_bytes(folder) if engine.stored else os.path.getsize(parquet)
    return {"version": engine.version, "seconds": seconds, "bytes": size}


def run(engine, request):
    query = engine.prepare(request["run"])
    started = time.perf_counter()
    result = query()
    ms = (time.perf_counter() - started) * 1000
    if not request["rows"]:
        return {"ms": ms}
    return {"ms": ms, "rows": [[plain(value) for value in row] for row in engine.rows(result)]}


def main():
    name, folder, threads = sys.argv[1:]
    engine = ENGINES[name]()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "load" in request:
                answer = load(engine, folder, int(threads), request)
            elif "csv" in request:
                answer = {"files": engine.csv(request["csv"])}
            else:
                answer = run(engine, request)
        except BaseException as error:  # engines raise their own, some not below Exception
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(answer), file=ANSWERS, flush=True)


main()
