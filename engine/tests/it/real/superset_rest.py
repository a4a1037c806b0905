# What does Superset, whole and unmodified, get through its REST API: a database, its schemas and tables, datasets, chart data
# with time grains, filters and the best series, and SQL Lab? It runs in this process, over a SQLite file.

import os
import tempfile

import raw
from raw import DAY, HOUR, SECOND, edits, fails, flights, floor, groups, same, total

home = tempfile.TemporaryDirectory()
settings = os.path.join(home.name, "superset_config.py")
with open(settings, "w") as file:
    file.write(
        "SECRET_KEY = 'of no use but for this test, 42 letters long'\n"
        f"SQLALCHEMY_DATABASE_URI = 'sqlite:///{home.name}/superset.db'\n"
        "WTF_CSRF_ENABLED = False\nTALISMAN_ENABLED = False\nRATELIMIT_ENABLED = False\n"
    )
os.environ["SUPERSET_CONFIG_PATH"] = settings
os.environ["SUPERSET_HOME"] = home.name

import logging

logging.disable(logging.WARNING)
from flask_appbuilder import Model
from superset.app import create_app

app = create_app()
with app.app_context():
    from superset.extensions import appbuilder, db

    Model.metadata.create_all(db.engine)
    appbuilder.add_permissions(update_perms=True)
    appbuilder.sm.sync_role_definitions()
    appbuilder.sm.add_user(
        "ann", "Ann", "Other", "ann@example.org", appbuilder.sm.find_role("Admin"), password="secret"
    )
client = app.test_client()
login = {"username": "ann", "password": "secret", "provider": "db"}
TOKEN = {"Authorization": "Bearer " + client.post("/api/v1/security/login", json=login).json["access_token"]}


def call(method, path, body=None):
    answer = client.open(path, method=method, json=body, headers=TOKEN)
    if answer.status_code >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.get_data(as_text=True)}")
    return answer.json


URI = f"druid://{raw.HOST}:{raw.PORT}/druid/v2/sql/"
DATABASE = {"database_name": "alluvium", "sqlalchemy_uri": URI}


def catalogue():
    """Creates the database and a dataset a table; gives their numbers."""
    call("POST", "/api/v1/database/test_connection/", DATABASE)
    database = call("POST", "/api/v1/database/", {**DATABASE, "expose_in_sqllab": True})["id"]
    base = f"/api/v1/database/{database}"
    same("schemas", "druid" in call("GET", f"{base}/schemas/")["result"], True)
    tables = call("GET", f"{base}/tables/?q=(schema_name:druid)")["result"]
    same("tables", sorted(one["value"] for one in tables), ["flights", "wikipedia"])
    table = call("GET", f"{base}/table_metadata/?name=flights&schema=druid")
    wanted = {
        "__time": "TIMESTAMP",
        "origin": "VARCHAR",
        "destination": "VARCHAR",
        "distance": "BIGINT",
        "delay": "BIGINT",
    }
    same("columns of a table", {one["name"]: one["type"] for one in table["columns"]}, wanted)
    sets = {}
    for name, rows in (("wikipedia", edits), ("flights", flights)):
        made = call("POST", "/api/v1/dataset/", {"database": database, "schema": "druid", "table_name": name})["id"]
        columns = call("GET", f"/api/v1/dataset/{made}")["result"]["columns"]
        same(f"columns of {name}", sorted(one["column_name"] for one in columns), sorted(rows[0]))
        same(f"time of {name}", [one["column_name"] for one in columns if one["is_dttm"]], ["__time"])
        call("PUT", f"/api/v1/dataset/{made}/refresh")
        sets[name] = made
    return database, sets


def metric(aggregate, column, label):
    return {"expressionType": "SIMPLE", "aggregate": aggregate, "column": {"column_name": column}, "label": label}


def chart(dataset, **query):
    """The rows of a chart over a dataset."""
    query = {"filters": [], "orderby": [], "row_limit": 50_000, "metrics": ["count"], "columns": [], **query}
    body = {
        "datasource": {"id": dataset, "type": "table"},
        "queries": [query],
        "force": True,
        "result_format": "json",
        "result_type": "full",
    }
    result = call("POST", "/api/v1/chart/data", body)["result"][0]
    if result["error"]:
        raise RuntimeError(result["error"])
    return result["data"]


ADDED = metric("SUM", "added", "added")


def measured(rows):
    return {"count": len(rows), "added": total(rows, "added")}


def grains(wiki):
    """Edits by every time grain that Superset has for Druid."""
    axis = {"columnType": "BASE_AXIS", "expressionType": "SQL", "label": "__time", "sqlExpression": "__time"}
    periods = {
        "PT1S": 1,
        "PT5S": 5,
        "PT30S": 30,
        "PT1M": 60,
        "PT5M": 300,
        "PT10M": 600,
        "PT15M": 900,
        "PT30M": 1800,
        "PT1H": 3600,
        "PT6H": 21600,
        "P1D": 86400,
    }
    starts = {
        "P1W": "2015-09-07",
        "P1M": "2015-09-01",
        "P3M": "2015-07-01",
        "P1Y": "2015-01-01",
        "1969-12-28T00:00:00Z/P1W": "2015-09-06",
        "P1W/1970-01-03T00:00:00Z": "2015-09-12",
    }
    wanted = {grain: groups(edits, lambda row: floor(row, seconds * SECOND)) for grain, seconds in periods.items()}
    wanted |= {grain: {raw.instant(start): edits} for grain, start in starts.items()}
    for grain, hours in wanted.items():
        found = chart(wiki, columns=[{**axis, "timeGrain": grain}], metrics=["count", ADDED])
        rows = sorted((round(row["__time"]), row["count"], row["added"]) for row in found)
        same(f"grain {grain}", rows, sorted((time, len(rows), total(rows, "added")) for time, rows in hours.items()))


def filters(wiki):
    """Each operator of Superset's filters, against the same condition on the raw rows."""
    cases = [
        ("channel", "==", "#fr.wikipedia", lambda value: value == "#fr.wikipedia"),
        ("channel", "!=", "#en.wikipedia", lambda value: value != "#en.wikipedia"),
        (
            "channel",
            "IN",
            ["#fr.wikipedia", "#de.wikipedia"],
            lambda value: value in ("#fr.wikipedia", "#de.wikipedia"),
        ),
        (
            "channel",
            "NOT IN",
            ["#en.wikipedia", "#vi.wikipedia"],
            lambda value: value not in ("#en.wikipedia", "#vi.wikipedia"),
        ),
        ("cityName", "IS NULL", None, lambda value: value is None),
        ("cityName", "IS NOT NULL", None, lambda value: value is not None),
        ("page", "LIKE", "List%", lambda value: value.startswith("List")),
        ("page", "NOT LIKE", "List%", lambda value: not value.startswith("List")),
        ("page", "ILIKE", "%list%", lambda value: "list" in value.lower()),
        ("added", ">", 1000, lambda value: value > 1000),
        ("added", ">=", 36, lambda value: value >= 36),
        ("delta", "<", -100, lambda value: value < -100),
        ("delta", "<=", 0, lambda value: value <= 0),
        ("added", "==", 36, lambda value: value == 36),
        ("added", "IN", [1, 2, 36], lambda value: value in (1, 2, 36)),
        ("user", "==", "O'Dea", lambda value: value == "O'Dea"),
        (
            "__time",
            "TEMPORAL_RANGE",
            "2015-09-12T03:00:00 : 2015-09-12T04:30:00",
            lambda value: 3 <= value % DAY / HOUR < 4.5,
        ),
    ]
    for column, operator, value, holds in cases:
        found = chart(wiki, metrics=["count"], filters=[{"col": column, "op": operator, "val": value}])
        same(f"filter {column} {operator} {value}", found, [{"count": sum(holds(row[column]) for row in edits)}])
    robots = [row for row in edits if row["isRobot"] == "true" and row["added"] > 10]
    found = chart(wiki, metrics=["count", ADDED], extras={"where": "(isRobot = 'true') AND (added > 10)"})
    same("custom WHERE", found, [measured(robots)])
    busy = {name: rows for name, rows in groups(edits, lambda row: row["channel"]).items() if len(rows) > 1000}
    found = chart(
        wiki,
        columns=["channel"],
        metrics=["count", ADDED],
        extras={"having": "COUNT(*) > 1000"},
        orderby=[["count", False]],
    )
    wanted = [{"channel": name, **measured(rows)} for name, rows in busy.items()]
    same("custom HAVING", found, sorted(wanted, key=lambda row: -row["count"]))


def tables(wiki):
    """Tables, pages, raw rows, calculated columns and metrics."""
    channels = [{"channel": name, **measured(rows)} for name, rows in groups(edits, lambda row: row["channel"]).items()]
    by_count = sorted(channels, key=lambda row: -row["count"])
    found = chart(wiki, columns=["channel"], metrics=["count", ADDED], orderby=[["count", False]], row_limit=6)
    same("table", found, by_count[:6])
    own = {"expressionType": "SQL", "sqlExpression": "1.0 * SUM(added) / COUNT(*)", "label": "mean"}
    found = chart(wiki, columns=["channel"], metrics=[own], orderby=[[own, False]], row_limit=4)
    means = sorted(
        ({"channel": row["channel"], "mean": row["added"] / row["count"]} for row in channels),
        key=lambda row: -row["mean"],
    )
    same("metric in SQL", found, means[:4])
    language = {"expressionType": "SQL", "sqlExpression": "SUBSTRING(channel, 2, 2)", "label": "language"}
    found = chart(wiki, columns=[language], orderby=[["count", False]], row_limit=5)
    wanted = [
        {"language": name, "count": len(rows)} for name, rows in groups(edits, lambda row: row["channel"][1:3]).items()
    ]
    same("calculated column", found, sorted(wanted, key=lambda row: -row["count"])[:5])
    users = chart(wiki, metrics=[metric("COUNT_DISTINCT", "user", "users")])[0]["users"]
    exact = len({row["user"] for row in edits})
    same("distinct users within 3 %", exact if abs(users - exact) <= 0.03 * exact else users, exact)
    aggregates = {"MIN": min, "MAX": max, "SUM": sum, "COUNT": len}
    found = chart(wiki, metrics=[metric(name, "delta", name) for name in aggregates])
    same("aggregates", found, [{name: exact([row["delta"] for row in edits]) for name, exact in aggregates.items()}])
    some = chart(
        wiki,
        metrics=[],
        columns=["__time", "page", "user", "added"],
        filters=[{"col": "countryName", "op": "==", "val": "Japan"}],
    )
    wanted = [[row["__time"], row["page"], row["user"], row["added"]] for row in edits if row["countryName"] == "Japan"]
    same(
        "raw rows",
        sorted([raw.instant(row["__time"]), row["page"], row["user"], row["added"]] for row in some),
        sorted(wanted),
    )


def series(flying):
    """A line a destination, for the three with the most flights."""
    axis = {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "label": "__time",
        "sqlExpression": "__time",
        "timeGrain": "P1D",
    }
    miles = metric("SUM", "distance", "miles")
    best = sorted(groups(flights, lambda row: row["destination"]).items(), key=lambda pair: -len(pair[1]))[:3]
    span = {"col": "__time", "op": "TEMPORAL_RANGE", "val": "2001-01-02 : 2001-01-12"}
    inside = [
        row
        for row in flights
        if raw.instant("2001-01-02T00:00:00Z") <= row["__time"] < raw.instant("2001-01-12T00:00:00Z")
    ]
    best = sorted(groups(inside, lambda row: row["destination"]).items(), key=lambda pair: -len(pair[1]))[:3]
    found = chart(
        flying,
        columns=[axis, "destination"],
        metrics=["count", miles],
        series_columns=["destination"],
        series_limit=3,
        series_limit_metric="count",
        filters=[span],
        extras={"time_grain_sqla": "P1D"},
    )
    wanted = [
        [day, name, len(rows), total(rows, "distance")]
        for name, all_rows in best
        for day, rows in groups(all_rows, lambda row: floor(row, DAY)).items()
    ]
    rows = sorted([round(row["__time"]), row["destination"], row["count"], row["miles"]] for row in found)
    same("best series", rows, sorted(wanted))
    days = chart(flying, columns=[axis], metrics=["count"])
    wanted = {day: len(rows) for day, rows in groups(flights, lambda row: floor(row, DAY)).items()}
    same("flights a day", {round(row["__time"]): row["count"] for row in days}, wanted)
    late = [row for row in flights if row["delay"] > 60]
    found = chart(
        flying,
        columns=["origin"],
        filters=[{"col": "delay", "op": ">", "val": 60}],
        orderby=[["count", False]],
        row_limit=3,
    )
    wanted = sorted(
        ({"origin": name, "count": len(rows)} for name, rows in groups(late, lambda row: row["origin"]).items()),
        key=lambda row: -row["count"],
    )
    same("late airports", found, wanted[:3])


def lab(database, sets):
    """Queries of SQL Lab, and a dataset that is one."""

    def run(sql, limit=1000):
        return call(
            "POST",
            "/api/v1/sqllab/execute/",
            {"database_id": database, "sql": sql, "schema": "druid", "runAsync": False, "queryLimit": limit},
        )

    busy = {name: len(rows) for name, rows in groups(edits, lambda row: row["namespace"]).items() if len(rows) > 500}
    found = run(
        "SELECT namespace, COUNT(*) AS edits FROM wikipedia GROUP BY 1 HAVING COUNT(*) > 500 ORDER BY edits DESC"
    )["data"]
    same("SQL Lab", {row["namespace"]: row["edits"] for row in found}, busy)
    sql = (
        "WITH busy AS (SELECT destination FROM flights GROUP BY 1 ORDER BY COUNT(*) DESC LIMIT 3) "
        "SELECT f.destination, MAX(f.distance) AS most FROM flights f JOIN busy b ON b.destination = f.destination GROUP BY 1"
    )
    best = sorted(groups(flights, lambda row: row["destination"]).items(), key=lambda pair: -len(pair[1]))[:3]
    found = {row["destination"]: row["most"] for row in run(sql)["data"]}
    same("SQL Lab join", found, {name: max(row["distance"] for row in rows) for name, rows in best})
    same("SQL Lab rows", len(run("SELECT * FROM wikipedia", 700)["data"]), 700)
    fails("SQL Lab error", lambda: run("SELECT nope FROM wikipedia"), "Column 'nope' not found")
    virtual = {
        "database": database,
        "schema": "druid",
        "table_name": "long_pages",
        "sql": "SELECT __time, channel, added FROM wikipedia WHERE CHAR_LENGTH(page) > 50",
    }
    made = call("POST", "/api/v1/dataset/", virtual)["id"]
    long = [row for row in edits if len(row["page"].encode("utf-16-le")) // 2 > 50]
    same("dataset in SQL", chart(made, metrics=["count", ADDED]), [measured(long)])
    fails("chart error", lambda: chart(sets["wikipedia"], extras={"where": "nope = 1"}), "nope")


database, sets = catalogue()
grains(sets["wikipedia"])
filters(sets["wikipedia"])
tables(sets["wikipedia"])
series(sets["flights"])
lab(database, sets)
raw.close("Superset")
