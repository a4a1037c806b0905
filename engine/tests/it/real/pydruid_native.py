# What do pydruid's builders of native queries give, as pandas data frames: every type of query, filter, dimension, aggregator,
# post-aggregator and having that they build?

import urllib.request  # pydruid leaves it to others.

import pandas
from pydruid.client import PyDruid
from pydruid.utils import aggregators as agg
from pydruid.utils import having, postaggregator as post
from pydruid.utils.dimensions import (
    DimensionSpec,
    ListFilteredSpec,
    MapLookupExtraction,
    PartialExtraction,
    RegexExtraction,
    RegexFilteredSpec,
    TimeFormatExtraction,
)
from pydruid.utils.filters import Bound, Dimension, Filter, Interval, JavaScript

import raw
from raw import DAY, HOUR, edits, fails, flights, floor, groups, instant, same, total

client = PyDruid(raw.URL, "druid/v2/")
DAYS = {"datasource": "wikipedia", "intervals": "2015-09-12/P1D"}
SUMS = {"edits": agg.count("edits"), "added": agg.longsum("added")}


def sums():
    """Fresh ones: pydruid writes names into what it is given."""
    return {name: dict(one) for name, one in SUMS.items()}


def frame(query, *columns):
    """Rows of the data frame, times in milliseconds."""
    table = query.export_pandas()
    assert isinstance(table, pandas.DataFrame)
    if table.empty:
        return []
    table = table.astype(object).where(table.notna(), None)
    rows = [list(row) for row in table[list(columns)].itertuples(index=False)]
    return [[instant(value) if name == "timestamp" else value for name, value in zip(columns, row)] for row in rows]


def measured(rows):
    return [len(rows), total(rows, "added")]


def timeseries():
    hours = groups(edits, lambda row: floor(row, HOUR))
    query = client.timeseries(
        **DAYS,
        granularity="hour",
        aggregations=sums(),
        post_aggregations={"mean": post.Field("added") / post.Field("edits")},
    )
    wanted = [[hour, *measured(rows), total(rows, "added") / len(rows)] for hour, rows in sorted(hours.items())]
    same("timeseries", frame(query, "timestamp", "edits", "added", "mean"), wanted)
    query = client.timeseries(**DAYS, granularity="hour", aggregations=sums(), descending=True)
    same("timeseries backwards", frame(query, "timestamp", "edits"), [row[:2] for row in reversed(wanted)])
    period = {"type": "period", "period": "PT6H", "timeZone": "Asia/Tokyo"}
    parts = groups(edits, lambda row: (row["__time"] + 3 * HOUR) // (6 * HOUR) * 6 * HOUR - 3 * HOUR)
    query = client.timeseries(
        datasource="wikipedia",
        intervals="2015-09-11T15:00Z/2015-09-13T15:00Z",
        granularity=period,
        aggregations=sums(),
        context={"skipEmptyBuckets": "true"},
    )
    same(
        "timeseries in Tokyo",
        frame(query, "timestamp", "edits", "added"),
        [[part, *measured(rows)] for part, rows in sorted(parts.items())],
    )
    virtual = [{"type": "expression", "name": "net", "expression": "added - deleted", "outputType": "LONG"}]
    query = client.timeseries(
        **DAYS, granularity="all", aggregations={"net": agg.longsum("net")}, virtualColumns=virtual
    )
    same("virtual column", frame(query, "net"), [[total(edits, "added") - total(edits, "deleted")]])
    query = client.timeseries(
        datasource=["wikipedia", "flights"],
        intervals="2000/2020",
        granularity="all",
        aggregations={"rows": agg.count("rows")},
    )
    same("union", frame(query, "rows"), [[len(edits) + len(flights)]])


def aggregations():
    late = max(edits, key=lambda row: row["__time"])
    first = min(edits, key=lambda row: row["__time"])
    robots = Filter(dimension="isRobot", value="true")
    cases = {
        "longSum": (agg.longsum("delta"), total(edits, "delta")),
        "longMin": (agg.longmin("delta"), min(row["delta"] for row in edits)),
        "longMax": (agg.longmax("delta"), max(row["delta"] for row in edits)),
        "doubleSum": (agg.doublesum("added"), float(total(edits, "added"))),
        "doubleMin": (agg.doublemin("added"), float(min(row["added"] for row in edits))),
        "doubleMax": (agg.doublemax("added"), float(max(row["added"] for row in edits))),
        "stringFirst": (agg.stringfirst("page"), first["page"]),
        "stringLast": (agg.stringlast("page"), late["page"]),
        "filtered": (
            agg.filtered(robots, agg.longsum("added")),
            sum(row["added"] for row in edits if row["isRobot"] == "true"),
        ),
    }
    query = client.timeseries(**DAYS, granularity="all", aggregations={name: one for name, (one, _) in cases.items()})
    same("aggregators", frame(query, *cases), [[exact for _, exact in cases.values()]])
    users = len({row["user"] for row in edits})
    pairs = len({(row["user"], row["channel"]) for row in edits})
    estimates = {
        "users": (agg.cardinality("user"), users),
        "pairs": (agg.cardinality(["user", "channel"], by_row=True), pairs),
        "theta": (agg.thetasketch("user"), users),
    }
    query = client.timeseries(
        **DAYS, granularity="all", aggregations={name: one for name, (one, _) in estimates.items()}
    )
    for found, (name, (_, exact)) in zip(frame(query, *estimates)[0], estimates.items()):
        same(f"{name} within 3 %", exact if abs(found - exact) <= 0.03 * exact else found, exact)
    tokyo = Filter(dimension="channel", value="#ja.wikipedia")
    english = Filter(dimension="channel", value="#en.wikipedia")
    sketches = {"a": agg.filtered(tokyo, agg.thetasketch("user")), "b": agg.filtered(english, agg.thetasketch("user"))}
    a, b = (
        {row["user"] for row in edits if row["channel"] == channel} for channel in ("#ja.wikipedia", "#en.wikipedia")
    )
    operations = {
        "both": post.ThetaSketch("a") & post.ThetaSketch("b"),
        "either": post.ThetaSketch("a") | post.ThetaSketch("b"),
        "only": post.ThetaSketch("a") != post.ThetaSketch("b"),
    }
    query = client.timeseries(
        **DAYS,
        granularity="all",
        aggregations=sketches,
        post_aggregations={name: post.ThetaSketchEstimate(one) for name, one in operations.items()},
    )
    # Fewer users than the sketch has room for: they are counted.
    same("theta sketches", frame(query, *operations), [[len(a & b), len(a | b), len(a - b)]])
    query = client.timeseries(
        datasource="flights",
        intervals="2001/2002",
        granularity="all",
        aggregations={"sketch": agg.quantilesDoublesSketch("delay", 1024)},
        post_aggregations={
            f"q{part}": post.QuantilesDoublesSketchToQuantile(f"q{part}", "sketch", part / 100) for part in (10, 50, 99)
        },
    )
    delays = sorted(row["delay"] for row in flights)
    for found, part in zip(frame(query, "q10", "q50", "q99")[0], (10, 50, 99)):
        near = [delays[round(len(delays) * min(1, max(0, part / 100 + step)) - 0.5)] for step in (-0.005, 0.005)]
        same(f"quantile {part} within 0.5 %", near[0] <= found <= near[1], True)
    query = client.timeseries(
        datasource="wikipedia",
        intervals="2015-09-12/P1D",
        granularity="all",
        aggregations={"u": agg.cardinality("channel")},
        post_aggregations={"n": post.HyperUniqueCardinality("u")},
    )
    channels = len({row["channel"] for row in edits})
    same("hyperUniqueCardinality", round(frame(query, "n")[0][0]), channels)


def postaggregations():
    fields = {"edits": len(edits), "added": total(edits, "added")}
    edit, added, two = post.Field("edits"), post.Field("added"), post.Const(2)
    cases = {
        "times": (edit * two, 2 * fields["edits"]),
        "less": (added - edit, fields["added"] - fields["edits"]),
        "plus": (added + two, fields["added"] + 2),
        "mean": (added / edit, fields["added"] / fields["edits"]),
        "longGreatest": (post.LongGreatest([edit, added]), max(fields.values())),
        "longLeast": (post.LongLeast([edit, added]), min(fields.values())),
        "doubleGreatest": (post.DoubleGreatest([edit, added]), max(fields.values())),
        "doubleLeast": (post.DoubleLeast([edit, added, two]), 2),
    }
    query = client.timeseries(
        **DAYS,
        granularity="all",
        aggregations=sums(),
        post_aggregations={name: one for name, (one, _) in cases.items()},
    )
    same("post-aggregators", frame(query, *cases), [[exact for _, exact in cases.values()]])


def filters():
    lookup = MapLookupExtraction({"#en.wikipedia": "English", "#fr.wikipedia": "French"})
    noon = "2015-09-12T12:00Z/PT2H"
    english = Dimension("channel") == "#en.wikipedia"
    robot = Dimension("isRobot") == "true"
    cases = {
        "selector": (english, lambda row: row["channel"] == "#en.wikipedia"),
        "not selector": (Dimension("channel") != "#en.wikipedia", lambda row: row["channel"] != "#en.wikipedia"),
        "selector null": (Dimension("cityName") == None, lambda row: row["cityName"] is None),
        "and": (english & robot, lambda row: row["channel"] == "#en.wikipedia" and row["isRobot"] == "true"),
        "or": (english | robot, lambda row: row["channel"] == "#en.wikipedia" or row["isRobot"] == "true"),
        "not": (
            ~(Filter(dimension="isNew", value="true") | robot),
            lambda row: row["isNew"] != "true" and row["isRobot"] != "true",
        ),
        "in": (
            Filter(type="in", dimension="namespace", values=["Talk", "User", None]),
            lambda row: row["namespace"] in ("Talk", "User"),
        ),
        "regex": (
            Filter(type="regex", dimension="page", pattern="^[A-C].*[0-9]$"),
            lambda row: row["page"][:1] in "ABC"
            and row["page"][-1:] in "0123456789"
            and len(row["page"]) > 1
            and "\n" not in row["page"],
        ),
        "bound": (
            Bound("channel", lower="#d", upper="#fr.wikipedia"),
            lambda row: "#d" <= row["channel"] <= "#fr.wikipedia",
        ),
        "strict bound": (
            Bound("channel", lower="#en.wikipedia", lowerStrict=True),
            lambda row: row["channel"] > "#en.wikipedia",
        ),
        "numeric bound": (
            Bound("added", lower="100", upper="1000", upperStrict=True, ordering="numeric"),
            lambda row: 100 <= row["added"] < 1000,
        ),
        "alphanumeric bound": (
            Bound("added", lower="100", upper="1000", alphaNumeric=True, ordering="alphanumeric"),
            lambda row: 100 <= row["added"] <= 1000,
        ),
        "interval": (Interval("__time", [noon]), lambda row: 12 <= row["__time"] % DAY / HOUR < 14),
        "columnComparison": (
            Filter(type="columnComparison", dimensions=["isNew", DimensionSpec("isRobot", "r")]),
            lambda row: row["isNew"] == row["isRobot"],
        ),
        "search": (Filter(type="search", dimension="page", value="list"), lambda row: "list" in row["page"].lower()),
        "search exactly": (
            Filter(type="search", dimension="page", value="List", caseSensitive="true"),
            lambda row: "List" in row["page"],
        ),
        "like": (Filter(type="like", dimension="user", pattern="%bot"), lambda row: row["user"].endswith("bot")),
        "selector of a map": (
            Filter(dimension="channel", value="French", extraction_function=lookup),
            lambda row: row["channel"] == "#fr.wikipedia",
        ),
        "extraction": (
            Filter(type="extraction", dimension="channel", value="fr", extraction_function=RegexExtraction("#(..)[.]")),
            lambda row: row["channel"].startswith("#fr."),
        ),
        "in of times": (
            Filter(
                type="in",
                dimension="__time",
                values=["03", "04"],
                extraction_function=TimeFormatExtraction("HH", time_zone="UTC"),
            ),
            lambda row: row["__time"] % DAY // HOUR in (3, 4),
        ),
        "bound of parts": (
            Bound("channel", lower="e", upper="f", extraction_function=RegexExtraction("#(.)")),
            lambda row: row["channel"][1] in "ef",
        ),
    }
    for name, (one, holds) in cases.items():
        query = client.timeseries(**DAYS, granularity="all", aggregations=sums(), filter=one)
        same(f"filter {name}", frame(query, "edits", "added"), [measured([row for row in edits if holds(row)])])
    scripts = JavaScript("page") == "function(x) { return x > 'a' }"
    fails(
        "filter javascript",
        lambda: client.timeseries(**DAYS, granularity="all", aggregations=sums(), filter=scripts),
        "JavaScript is disabled",
    )


def dimensions():
    cases = {
        "default": (DimensionSpec("channel", "d"), lambda row: row["channel"]),
        "regex": (
            DimensionSpec("channel", "d", RegexExtraction("#([a-z]+)[.]")),
            lambda row: row["channel"][1:].split(".")[0],
        ),
        "partial": (
            DimensionSpec("user", "d", PartialExtraction("^[A-M].*bot$")),
            lambda row: row["user"] if "A" <= row["user"][:1] <= "M" and row["user"].endswith("bot") else None,
        ),
        "timeFormat": (
            DimensionSpec("__time", "d", TimeFormatExtraction("EEE HH", "en-US", "UTC")),
            lambda row: f"Sat {row['__time'] % DAY // HOUR:02}",
        ),
        "map": (
            DimensionSpec("isRobot", "d", MapLookupExtraction({"true": "robot"}, replace_missing_values="person")),
            lambda row: "robot" if row["isRobot"] == "true" else "person",
        ),
        "map that keeps": (
            DimensionSpec(
                "channel", "d", MapLookupExtraction({"#en.wikipedia": "English"}, retain_missing_values=True)
            ),
            lambda row: "English" if row["channel"] == "#en.wikipedia" else row["channel"],
        ),
        "number": (DimensionSpec("added", "d"), lambda row: str(row["added"])),
    }
    for name, (one, key) in cases.items():
        query = client.groupby(**DAYS, granularity="all", dimensions=[one], aggregations=sums())
        wanted = [[value, *measured(rows)] for value, rows in groups(edits, key).items()]
        order = lambda row: (row[0] is not None, row[0] or "")
        same(f"dimension {name}", sorted(frame(query, "d", "edits", "added"), key=order), sorted(wanted, key=order))
    few = DimensionSpec("channel", "d", filter_spec=ListFilteredSpec(["#en.wikipedia", "#fr.wikipedia"]))
    fewer = DimensionSpec("channel", "d", filter_spec=RegexFilteredSpec("#[ef]r.*"))
    # Druid leaves rows without any of the values as null; there are none with several.
    for name, one, holds in (
        ("listFiltered", few, lambda value: value in ("#en.wikipedia", "#fr.wikipedia")),
        ("regexFiltered", fewer, lambda value: value.startswith(("#er", "#fr"))),
    ):
        query = client.topn(**DAYS, granularity="all", dimension=one, metric="edits", threshold=60, aggregations=sums())
        wanted = {
            value: measured(rows) for value, rows in groups(edits, lambda row: row["channel"]).items() if holds(value)
        }
        same(
            f"dimension {name}",
            {row[0]: row[1:] for row in frame(query, "d", "edits", "added") if row[0] is not None},
            wanted,
        )


def top():
    channels = sorted(
        ([name, *measured(rows)] for name, rows in groups(edits, lambda row: row["channel"]).items()),
        key=lambda row: -row[1],
    )
    query = client.topn(
        **DAYS, granularity="all", dimension="channel", metric="edits", threshold=6, aggregations=sums()
    )
    same("topN", frame(query, "channel", "edits", "added"), channels[:6])
    query = client.topn(
        **DAYS,
        granularity="all",
        dimension="channel",
        metric={"type": "inverted", "metric": "edits"},
        threshold=1,
        aggregations=sums(),
    )
    same("topN inverted", [row[1:] for row in frame(query, "channel", "edits")], [[channels[-1][1]]])
    query = client.topn(
        **DAYS,
        granularity="all",
        dimension="channel",
        metric={"type": "dimension", "ordering": "lexicographic"},
        threshold=4,
        aggregations=sums(),
    )
    same("topN by name", frame(query, "channel", "edits"), [row[:2] for row in sorted(channels)[:4]])
    query = client.topn(
        **DAYS,
        granularity={"type": "period", "period": "PT12H"},
        dimension="namespace",
        metric="added",
        threshold=2,
        aggregations=sums(),
    )
    halves = groups(edits, lambda row: floor(row, 12 * HOUR))
    wanted = []
    for half, rows in sorted(halves.items()):
        best = sorted(
            ([half, name, *measured(own)] for name, own in groups(rows, lambda row: row["namespace"]).items()),
            key=lambda row: -row[3],
        )
        wanted += best[:2]
    same("topN a half day", frame(query, "timestamp", "namespace", "edits", "added"), wanted)
    airports = sorted(
        (
            [name, len(rows), total(rows, "distance")]
            for name, rows in groups(flights, lambda row: row["origin"]).items()
        ),
        key=lambda row: -row[1],
    )
    query = client.topn(
        datasource="flights",
        intervals="2001-01-01/2001-02-01",
        granularity="all",
        dimension="origin",
        metric="n",
        threshold=20,
        aggregations={"n": agg.count("n"), "miles": agg.longsum("distance")},
    )
    same("topN of flights", frame(query, "origin", "n", "miles"), airports[:20])


def grouped():
    both = groups(edits, lambda row: (row["channel"], row["isRobot"]))
    wanted = sorted([*key, *measured(rows)] for key, rows in both.items())
    query = client.groupby(**DAYS, granularity="all", dimensions=["channel", "isRobot"], aggregations=sums())
    same("groupBy", sorted(frame(query, "channel", "isRobot", "edits", "added")), wanted)
    limit = {"type": "default", "limit": 5, "columns": [{"dimension": "added", "direction": "descending"}]}
    query = client.groupby(
        **DAYS, granularity="all", dimensions=["channel", "isRobot"], aggregations=sums(), limit_spec=limit
    )
    same(
        "groupBy with a limit",
        frame(query, "channel", "isRobot", "added"),
        [[*row[:2], row[3]] for row in sorted(wanted, key=lambda row: -row[3])[:5]],
    )
    edits_of, channel = having.Aggregation("edits"), having.Dimension("channel")
    cases = {
        "greaterThan": (edits_of > 1000, lambda row: row[2] > 1000),
        "lessThan": (edits_of < 10, lambda row: row[2] < 10),
        "equalTo": (edits_of == 1, lambda row: row[2] == 1),
        "dimSelector": (channel == "#en.wikipedia", lambda row: row[0] == "#en.wikipedia"),
        "and": ((edits_of > 100) & (edits_of < 1000), lambda row: 100 < row[2] < 1000),
        "or": ((edits_of > 1000) | (edits_of < 3), lambda row: row[2] > 1000 or row[2] < 3),
        "not": (~(edits_of > 10), lambda row: row[2] <= 10),
        "filter": (
            having.Having(
                type="filter", filter={"type": "bound", "dimension": "edits", "lower": "500", "ordering": "numeric"}
            ),
            lambda row: row[2] >= 500,
        ),
    }
    for name, (one, holds) in cases.items():
        query = client.groupby(
            **DAYS, granularity="all", dimensions=["channel", "isRobot"], aggregations=sums(), having=one
        )
        same(
            f"having {name}",
            sorted(frame(query, "channel", "isRobot", "edits", "added")),
            [row for row in wanted if holds(row)],
        )
    days = groups(flights, lambda row: (floor(row, DAY), row["origin"]))
    query = client.groupby(
        datasource="flights",
        intervals="2001/2002",
        granularity="day",
        dimensions=["origin"],
        aggregations={"n": agg.count("n"), "worst": agg.longmax("delay")},
    )
    same(
        "groupBy of flights",
        sorted(frame(query, "timestamp", "origin", "n", "worst")),
        sorted([*key, len(rows), max(row["delay"] for row in rows)] for key, rows in days.items()),
    )
    inner = client.sub_query(**DAYS, granularity="all", dimensions=["user"], aggregations={"n": agg.count("n")})
    query = client.groupby(
        datasource=inner,
        intervals="2015/2016",
        granularity="all",
        dimensions=[],
        aggregations={"most": agg.longmax("n"), "users": agg.count("users")},
    )
    users = groups(edits, lambda row: row["user"])
    same(
        "groupBy of a groupBy", frame(query, "most", "users"), [[max(len(rows) for rows in users.values()), len(users)]]
    )


def rest():
    query = client.scan(
        **DAYS,
        granularity="all",
        columns=["__time", "page", "added", "cityName"],
        filter=Dimension("countryName") == "Japan",
        limit=10_000,
    )
    wanted = sorted(
        ([row["__time"], row["page"], row["added"], row["cityName"]] for row in edits if row["countryName"] == "Japan"),
        key=str,
    )
    same("scan", sorted(frame(query, "__time", "page", "added", "cityName"), key=str), wanted)
    query = client.scan(**DAYS, granularity="all", columns=["__time"], limit=3, offset=2, order="ascending")
    same("scan in order", frame(query, "__time"), [[time] for time in sorted(row["__time"] for row in edits)[2:5]])
    same(
        "scan of all",
        len(
            frame(
                client.scan(
                    datasource="flights", intervals="2001/2002", granularity="all", columns=["origin"], limit=1_000_000
                ),
                "origin",
            )
        ),
        len(flights),
    )
    span = client.time_boundary(datasource="flights").result[0]["result"]
    same(
        "timeBoundary",
        [instant(span["minTime"]), instant(span["maxTime"])],
        [flights[0]["__time"], flights[-1]["__time"]],
    )
    parts = client.segment_metadata(
        datasource="wikipedia", intervals="2015/2016", analysisTypes=["cardinality", "minmax"], merge=True
    ).result
    same(
        "segmentMetadata",
        {name: one["type"] for name, one in parts[0]["columns"].items()},
        {name: "LONG" if name == "__time" or isinstance(value, int) else "STRING" for name, value in edits[0].items()},
    )
    same("rows of segmentMetadata", parts[0]["numRows"], len(edits))
    # The client itself has no method for it.
    search = {
        **DAYS,
        "granularity": "all",
        "searchDimensions": ["channel", "namespace"],
        "query": {"type": "insensitive_contains", "value": "WIKI"},
        "limit": 1000,
    }
    found = client._post(client.query_builder.search(search)).result
    counts = {
        ("channel", name): len(rows)
        for name, rows in groups(edits, lambda row: row["channel"]).items()
        if "wiki" in name.lower()
    }
    counts |= {
        ("namespace", name): len(rows)
        for name, rows in groups(edits, lambda row: row["namespace"]).items()
        if "wiki" in name.lower()
    }
    same(
        "search",
        sorted([one["dimension"], one["value"], one["count"]] for one in found[0]["result"]),
        sorted([*key, count] for key, count in counts.items()),
    )
    # The query that Druid gave up; pydruid still builds it.
    fails(
        "select",
        lambda: client.select(
            **DAYS, granularity="all", dimensions=[], metrics=[], paging_spec={"pagingIdentifiers": {}, "threshold": 5}
        ),
        "select",
    )
    fails(
        "unknown aggregator",
        lambda: client.timeseries(**DAYS, granularity="all", aggregations={"a": {"type": "nope"}}),
        "nope",
    )


for part in (timeseries, aggregations, postaggregations, filters, dimensions, top, grouped, rest):
    part()
raw.close("pydruid, native")
