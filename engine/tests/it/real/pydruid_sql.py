# What does pydruid's SQLAlchemy dialect see of the tables, and what do its queries and those of its DB-API cursor give, into
# pandas as well?

import warnings

import pandas
import sqlalchemy
from pydruid.db import connect
from sqlalchemy import (
    MetaData,
    Table,
    and_,
    case,
    column,
    create_engine,
    distinct,
    func,
    inspect,
    literal_column,
    not_,
    or_,
    select,
    text,
)

import raw
from raw import DAY, HOUR, edits, fails, flights, floor, groups, instant, same, total

warnings.simplefilter("ignore")
engine = create_engine(f"druid://{raw.HOST}:{raw.PORT}/druid/v2/sql/")
typed = create_engine(f"druid://{raw.HOST}:{raw.PORT}/druid/v2/sql/?header=true")


def inspection():
    found = inspect(engine)
    same("schemas", {"druid", "sys", "lookup", "view"} <= set(found.get_schema_names()), True)
    same("tables", sorted(found.get_table_names(schema="druid")), ["flights", "wikipedia"])
    same("views", found.get_view_names(), [])
    for name, rows in (("wikipedia", edits), ("flights", flights)):
        types = {one["name"]: type(one["type"]).__name__ for one in found.get_columns(name, schema="druid")}
        wanted = {
            name: "TIMESTAMP" if name == "__time" else "BigInteger" if isinstance(value, int) else "String"
            for name, value in rows[0].items()
        }
        same(f"columns of {name}", types, wanted)
        nullable = {one["name"]: one["nullable"] for one in found.get_columns(name, schema="druid")}
        same(f"nulls of {name}", nullable, {name: name != "__time" for name in rows[0]})
    same(
        "keys",
        [
            found.get_pk_constraint("flights", schema="druid")["constrained_columns"],
            found.get_foreign_keys("flights", schema="druid"),
            found.get_indexes("flights", schema="druid"),
        ],
        [[], [], []],
    )


def rows_of(statement, of=engine):
    with of.connect() as connection:
        return [list(row) for row in connection.execute(statement)]


def queries():
    tables = MetaData(schema="druid")
    wiki = Table("wikipedia", tables, autoload_with=engine)
    flying = Table("flights", tables, autoload_with=engine)
    w, f = wiki.c, flying.c
    count, added = func.count().label("n"), func.sum(w.added).label("added")
    channels = sorted(
        ([name, len(rows), total(rows, "added")] for name, rows in groups(edits, lambda row: row["channel"]).items()),
        key=lambda row: -row[1],
    )
    top = select(w.channel, count, added).group_by(w.channel).order_by(count.desc()).limit(8)
    for of in (engine, typed):
        same("top", rows_of(top, of), channels[:8])
    same(
        "having",
        rows_of(
            select(w.channel, count)
            .group_by(w.channel)
            .having(func.count() > 1000)
            .order_by(literal_column("n").desc())
        ),
        [row[:2] for row in channels if row[1] > 1000],
    )
    conditions = {
        "equal": (w.channel == "#fr.wikipedia", lambda row: row["channel"] == "#fr.wikipedia"),
        "unequal": (w.channel != "#fr.wikipedia", lambda row: row["channel"] != "#fr.wikipedia"),
        "quoted": (w.page == "It's a Wonderful Life", lambda row: row["page"] == "It's a Wonderful Life"),
        "null": (w.cityName.is_(None), lambda row: row["cityName"] is None),
        "not null": (w.cityName.isnot(None), lambda row: row["cityName"] is not None),
        "in": (w.namespace.in_(["Talk", "User"]), lambda row: row["namespace"] in ("Talk", "User")),
        "not in": (w.namespace.notin_(["Main", "User"]), lambda row: row["namespace"] not in ("Main", "User")),
        "like": (w.page.like("List%"), lambda row: row["page"].startswith("List")),
        "contains": (w.page.contains("bot"), lambda row: "bot" in row["page"]),
        "ilike": (func.lower(w.user).like("%bot"), lambda row: row["user"].lower().endswith("bot")),
        "between": (w.added.between(100, 200), lambda row: 100 <= row["added"] <= 200),
        "and or not": (
            and_(w.isNew == "false", or_(w.added > 50, not_(w.isRobot == "true"))),
            lambda row: row["isNew"] == "false" and (row["added"] > 50 or row["isRobot"] != "true"),
        ),
        "sum": (w.added - w.deleted > 500, lambda row: row["added"] - row["deleted"] > 500),
        "text as time": (
            w["__time"] >= text("'2015-09-12 12:00:00.000000'"),
            lambda row: row["__time"] % DAY >= 12 * HOUR,
        ),
        "time": (w["__time"] < text("TIMESTAMP '2015-09-12 06:30:00'"), lambda row: row["__time"] % DAY < 6.5 * HOUR),
    }
    for name, (condition, holds) in conditions.items():
        rows = [row for row in edits if holds(row)]
        wanted = [[len(rows), total(rows, "added") if rows else None]]
        same(f"where {name}", rows_of(select(count, added).where(condition)), wanted)
    hours = groups(edits, lambda row: floor(row, HOUR))
    hour = func.time_floor(w["__time"], "PT1H").label("hour")
    found = rows_of(select(hour, count).group_by(hour).order_by(hour))
    same(
        "hours", [[instant(time), n] for time, n in found], [[time, len(rows)] for time, rows in sorted(hours.items())]
    )
    kind = case((w.isRobot == "true", "robot"), else_="person").label("kind")
    kinds = groups(edits, lambda row: "robot" if row["isRobot"] == "true" else "person")
    same(
        "case",
        rows_of(select(kind, count).group_by(kind).order_by(kind)),
        [[name, len(rows)] for name, rows in sorted(kinds.items())],
    )
    same(
        "parts",
        rows_of(select(func.min(w.delta), func.max(w.delta), func.count(w.cityName))),
        [
            [
                min(row["delta"] for row in edits),
                max(row["delta"] for row in edits),
                sum(row["cityName"] is not None for row in edits),
            ]
        ],
    )
    same("distinct", len(rows_of(select(w.channel).distinct())), len(channels))
    users = rows_of(select(func.count(distinct(w.user))))[0][0]
    exact = len({row["user"] for row in edits})
    same("distinct users within 3 %", exact if abs(users - exact) <= 0.03 * exact else users, exact)
    busy = select(f.origin, func.count().label("n")).group_by(f.origin).having(func.count() > 5000).subquery("busy")
    joined = (
        select(f.origin, func.sum(f.distance).label("miles")).join(busy, busy.c.origin == f.origin).group_by(f.origin)
    )
    airports = {
        name: total(rows, "distance")
        for name, rows in groups(flights, lambda row: row["origin"]).items()
        if len(rows) > 5000
    }
    same("join", sorted(rows_of(joined)), sorted([name, miles] for name, miles in airports.items()))
    far = select(f.destination).where(f.distance > 4000).distinct()
    names = {row["destination"] for row in flights if row["distance"] > 4000}
    same(
        "in a subquery",
        rows_of(select(func.count()).where(f.destination.in_(far))),
        [[sum(row["destination"] in names for row in flights)]],
    )
    either = select(f.origin).where(f.delay > 900).union_all(select(f.destination).where(f.delay < -90))
    same(
        "union all",
        sorted(rows_of(either)),
        sorted(
            [[row["origin"]] for row in flights if row["delay"] > 900]
            + [[row["destination"]] for row in flights if row["delay"] < -90]
        ),
    )
    page = (
        select(f.origin, func.count().label("n"))
        .group_by(f.origin)
        .order_by(literal_column("n").desc())
        .limit(3)
        .offset(2)
    )
    best = sorted(
        ([name, len(rows)] for name, rows in groups(flights, lambda row: row["origin"]).items()),
        key=lambda row: -row[1],
    )
    same("offset", rows_of(page), best[2:5])


def frames():
    days = groups(flights, lambda row: floor(row, DAY))
    sql = 'SELECT FLOOR(__time TO DAY) AS "day", COUNT(*) AS n, SUM(distance) AS miles, AVG(CAST(delay AS DOUBLE)) AS delay FROM flights GROUP BY 1 ORDER BY 1'
    with engine.connect() as connection:
        table = pandas.read_sql(text(sql), connection)
    wanted = [
        [day, len(rows), total(rows, "distance"), total(rows, "delay") / len(rows)]
        for day, rows in sorted(days.items())
    ]
    same(
        "data frame",
        [[instant(row["day"]), row["n"], row["miles"], row["delay"]] for row in table.to_dict("records")],
        wanted,
    )
    with typed.connect() as connection:
        empty = pandas.read_sql(text("SELECT page, added FROM wikipedia WHERE channel = 'none'"), connection)
    same("empty data frame", [list(empty.columns), len(empty)], [["page", "added"], 0])


def cursors():
    for header in (False, True):
        name = "cursor with header" if header else "cursor"
        connection = connect(host=raw.HOST, port=int(raw.PORT), path="/druid/v2/sql/", header=header)
        cursor = connection.cursor()
        cursor.execute(
            'SELECT channel, COUNT(*) AS edits, SUM(added) AS added, SUM("delta") AS "delta" FROM wikipedia GROUP BY 1'
        )
        same(f"{name}: names", [one[0] for one in cursor.description], ["channel", "edits", "added", "delta"])
        wanted = [
            [channel, len(rows), total(rows, "added"), total(rows, "delta")]
            for channel, rows in groups(edits, lambda row: row["channel"]).items()
        ]
        same(f"{name}: rows", sorted(list(row) for row in cursor.fetchall()), sorted(wanted))
        cursor.execute(
            "SELECT COUNT(*) AS n FROM wikipedia WHERE channel = %(channel)s AND added > %(added)s AND __time >= '2015-09-12'",
            {"channel": "#en.wikipedia", "added": 7},
        )
        same(
            f"{name}: parameters",
            list(cursor.fetchone()),
            [sum(row["channel"] == "#en.wikipedia" and row["added"] > 7 for row in edits)],
        )
        cursor.execute("SELECT \"user\", added, cityName FROM wikipedia WHERE countryName = 'Japan'")
        same(
            f"{name}: nulls",
            sorted((list(row) for row in cursor), key=str),
            sorted(
                ([row["user"], row["added"], row["cityName"]] for row in edits if row["countryName"] == "Japan"),
                key=str,
            ),
        )
        cursor.execute("SELECT origin, delay FROM flights")
        many = 0
        delays = 0
        while part := cursor.fetchmany(10_000):
            many += len(part)
            delays += sum(row.delay for row in part)
        same(f"{name}: many rows", [many, delays], [len(flights), total(flights, "delay")])
        cursor.execute("SELECT page FROM wikipedia WHERE FALSE")
        same(
            f"{name}: no rows",
            [cursor.description and [one[0] for one in cursor.description], cursor.fetchall()],
            [["page"] if header else None, []],
        )
        # The error comes with the first row, at the latest.
        fails(
            f"{name}: unknown column",
            lambda: cursor.execute("SELECT nope FROM wikipedia") and cursor.fetchall(),
            "Column 'nope' not found",
        )
        fails(f"{name}: bad SQL", lambda: cursor.execute("SELECT FROM") and cursor.fetchall(), "INVALID_INPUT")
        connection.close()


print(f"SQLAlchemy {sqlalchemy.__version__}, pandas {pandas.__version__}")
for part in (inspection, queries, frames, cursors):
    part()
raw.close("pydruid, SQL")
