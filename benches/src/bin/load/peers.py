"""Loads one file into one engine and prints the seconds of the load, the rows and a sum.
usage: peers.py clickhouse|duckdb json|parquet:TIME:COLUMN FILE THREADS"""
import json, shutil, sys, tempfile, time

engine, what, file, threads = sys.argv[1:]
TEXTS = [f's{i}' for i in range(10)] + ['note']
NUMBERS = [f'n{i}' for i in range(8)]
folder = tempfile.mkdtemp(prefix='alluvium-peer-')


def clickhouse():
    import chdb.session
    session = chdb.session.Session(folder + '/chdb')
    ask = lambda sql: session.query(sql, 'TSV').bytes().decode().strip()
    ask('CREATE DATABASE d ENGINE = Atomic')
    if what == 'json':
        key, column = 'time', 'n1'
        schema = ', '.join(["time DateTime64(3, 'UTC')"] + [f'{t} LowCardinality(String)' for t in TEXTS] + [f'{n} Int64' for n in NUMBERS])
        source = f"""file('{file}', JSONEachRow, '{schema.replace("'", "''")}')"""
    else:
        _, key, column = what.split(':')
        source = f"file('{file}', Parquet)"
        kinds = [line.split('\t')[:2] for line in ask(f'DESCRIBE {source}').splitlines()]
        plain = lambda kind: kind.removeprefix('Nullable(').removesuffix(')') if kind.startswith('Nullable(') else kind
        # Texts of few values are dictionary-encoded, as its users would have them.
        few = {n for n, k in kinds if plain(k.replace('\\', '')) == 'String' and int(ask(f'SELECT uniq({n}) FROM (SELECT {n} FROM {source} LIMIT 500000)')) < 10000}
        schema = ', '.join(f"{n} {'LowCardinality(String)' if n in few else plain(k).replace(chr(92), '')}" for n, k in kinds)
    # The year is its usual partition for such a table.
    parts = '' if what == 'json' else f'PARTITION BY toYear({key})'
    begun = time.time()
    ask(f'CREATE TABLE d.t ({schema}) ENGINE = MergeTree {parts} ORDER BY {key}')
    ask(f"INSERT INTO d.t SELECT * FROM {source} SETTINGS max_threads={threads}, max_insert_threads={threads}, max_parsing_threads={threads}, date_time_input_format='best_effort', "
        'max_insert_block_size=1000000, min_insert_block_size_bytes=536870912')
    if what != 'json':
        ask('OPTIMIZE TABLE d.t FINAL')
    seconds = time.time() - begun
    rows, total = ask(f'SELECT count(), sum({column}) FROM d.t').split('\t')
    return seconds, rows, total


def duckdb():
    import duckdb
    c = duckdb.connect(folder + '/t.db')
    c.execute(f"SET threads={threads}; SET TimeZone='UTC'")
    begun = time.time()
    if what == 'json':
        column = 'n1'
        columns = {'time': 'TIMESTAMP', **{t: 'VARCHAR' for t in TEXTS}, **{n: 'BIGINT' for n in NUMBERS}}
        c.execute(f"CREATE TABLE t AS SELECT * FROM read_json('{file}', format='newline_delimited', columns={columns})")
    else:
        column = what.split(':')[2]
        c.execute(f"CREATE TABLE t AS SELECT * FROM '{file}'")
        c.execute('CHECKPOINT')
    seconds = time.time() - begun
    rows, total = c.execute(f'SELECT count(*), sum({column}) FROM t').fetchone()
    return seconds, rows, total


try:
    seconds, rows, total = {'clickhouse': clickhouse, 'duckdb': duckdb}[engine]()
    print(json.dumps({'seconds': seconds, 'rows': int(rows), 'sum': int(total)}))
finally:
    shutil.rmtree(folder, ignore_errors=True)
