//! Three million real flights within the United States: native queries of every kind, and SQL.

use serde_json::{Value, json};

use super::{Column, ColumnKind, Query, Workload};

/// The flights; the file has the columns `date`, `delay`, `distance`, `origin` and `destination`.
#[must_use]
pub fn workload(granularity: &str) -> Workload {
    Workload {
        name: "flights".to_owned(),
        table: "flights",
        time: "date",
        columns: vec![
            Column { name: "date", kind: ColumnKind::Time, clickhouse: "DateTime('UTC')" },
            Column::long("delay", "Int32"),
            Column::long("distance", "Int32"),
            Column::text("origin", "LowCardinality(String)"),
            Column::text("destination", "LowCardinality(String)"),
        ],
        clickhouse: ["toYear(date)", "date"],
        granularity: granularity.to_owned(),
        projections: Vec::new(),
        queries: queries(),
        groups: &[],
        published: Vec::new(),
    }
}

fn queries() -> Vec<Query> {
    let mut all = series_and_tops();
    all.extend(groups_and_scans());
    all.extend(statements());
    all
}

fn series_and_tops() -> Vec<Query> {
    let atlanta = json!({"type": "selector", "dimension": "origin", "value": "ATL"});
    let filled = json!({"aggregations": sums(), "filter": atlanta, "context": {"skipEmptyBuckets": true}});
    let top = json!({"dimension": "origin", "metric": "n", "threshold": 10, "aggregations": sums()});
    let totals = "count(*), sum(delay), sum(distance)";
    vec![
        Query::new("timeseries: day", "nnn", format!("SELECT {totals} FROM {{table}} GROUP BY {{day}}"))
            .native(native("timeseries", "day", json!({"aggregations": sums()})), timeseries_rows)
            .polars("f.group_by(start('1d')).agg(pl.len(), sum('delay'), sum('distance')).select(pl.exclude('date'))"),
        Query::new(
            "timeseries: hour, one origin",
            "nnn",
            format!("SELECT {totals} FROM {{table}} WHERE origin = 'ATL' GROUP BY {{hour}}"),
        )
        .native(native("timeseries", "hour", filled), timeseries_rows)
        .polars(
            "f.filter(c('origin')=='ATL').group_by(start('1h')).agg(pl.len(), sum('delay'), sum('distance'))\
             .select(pl.exclude('date'))",
        ),
        Query::new(
            "topN: origin by flights",
            "snnn",
            "SELECT origin, count(*) AS n, sum(delay) AS delay, sum(distance) AS distance FROM {table} \
             GROUP BY origin ORDER BY n DESC LIMIT 10",
        )
        .cut_by(1)
        .native(native("topN", "all", top), top_n_rows)
        .polars(
            "f.group_by('origin').agg(pl.len().alias('n'), sum('delay'), sum('distance'))\
             .sort('n', descending=True).head(10)",
        ),
    ]
}

fn groups_and_scans() -> Vec<Query> {
    let late = json!({"type": "and", "fields": [
        {"type": "equals", "column": "origin", "matchValueType": "STRING", "matchValue": "SFO"},
        {"type": "range", "column": "delay", "matchValueType": "LONG", "lower": 180}
    ]});
    let pairs = json!({"dimensions": ["origin", "destination"], "aggregations": sums()});
    let columns = json!({
        "columns": ["__time", "origin", "destination", "delay"], "filter": late, "resultFormat": "compactedList"
    });
    vec![
        Query::new(
            "groupBy: origin, destination",
            "ssnnn",
            "SELECT origin, destination, count(*), sum(delay), sum(distance) FROM {table} \
             GROUP BY origin, destination",
        )
        .native(native("groupBy", "all", pairs), group_by_rows)
        .polars("f.group_by('origin', 'destination').agg(pl.len(), sum('delay'), sum('distance'))"),
        Query::new(
            "scan: filtered",
            "tssn",
            "SELECT {time}, origin, destination, delay FROM {table} WHERE origin = 'SFO' AND delay >= 180",
        )
        .native(native("scan", "all", columns), scan_rows)
        .polars(
            "f.filter((c('origin')=='SFO') & (c('delay')>=180)).select(t, 'origin', 'destination', 'delay')",
        ),
    ]
}

fn statements() -> Vec<Query> {
    vec![
        Query::new(
            "SQL: month, origin, late",
            "tsnn",
            "SELECT {month} AS m, origin, COUNT(*) AS n, MAX(delay) AS latest FROM {table} WHERE delay > 60 \
             GROUP BY {month}, origin",
        )
        .polars(
            "f.filter(c('delay')>60).group_by(start('1mo').alias('m'), 'origin').agg(pl.len(), c('delay').max().alias('latest'))",
        ),
        Query::new(
            "SQL: count with IN and range",
            "nn",
            "SELECT COUNT(*) AS n, SUM(distance) AS miles FROM {table} WHERE destination IN ('LAX', 'JFK', 'ORD') \
             AND delay BETWEEN 10 AND 30",
        )
        .polars(
            "f.filter(c('destination').is_in(['LAX','JFK','ORD']) & c('delay').is_between(10,30))\
             .select(pl.len(), sum('distance'))",
        ),
    ]
}

fn native(query_type: &str, granularity: &str, rest: Value) -> Value {
    let mut query = json!({
        "queryType": query_type, "dataSource": "flights", "granularity": granularity,
        "intervals": ["2000-01-01/2003-01-01"]
    });
    if let (Some(query), Value::Object(rest)) = (query.as_object_mut(), rest) {
        query.extend(rest);
    }
    query
}

fn sums() -> Value {
    json!([
        {"type": "count", "name": "n"},
        {"type": "longSum", "name": "delay", "fieldName": "delay"},
        {"type": "longSum", "name": "distance", "fieldName": "distance"}
    ])
}

fn objects<'v>(rows: impl Iterator<Item = &'v Value>) -> Vec<Value> {
    rows.filter_map(Value::as_object).map(|o| Value::Array(o.values().cloned().collect())).collect()
}

fn timeseries_rows(answer: &Value) -> Vec<Value> {
    objects(answer.as_array().into_iter().flatten().map(|bucket| &bucket["result"]))
}

fn top_n_rows(answer: &Value) -> Vec<Value> {
    objects(answer[0]["result"].as_array().into_iter().flatten())
}

fn group_by_rows(answer: &Value) -> Vec<Value> {
    objects(answer.as_array().into_iter().flatten().map(|row| &row["event"]))
}

fn scan_rows(answer: &Value) -> Vec<Value> {
    let batches = answer.as_array().into_iter().flatten();
    batches.flat_map(|batch| batch["events"].as_array().into_iter().flatten()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn native_answers_become_rows() {
        let series = json!([{"timestamp": "x", "result": {"n": 1, "delay": 2}}]);
        assert_eq!(timeseries_rows(&series), [json!([1, 2])]);
        let top = json!([{"timestamp": "x", "result": [{"origin": "ATL", "n": 1}]}]);
        assert_eq!(top_n_rows(&top), [json!(["ATL", 1])]);
        let groups = json!([{"version": "v1", "event": {"origin": "ATL", "n": 1}}]);
        assert_eq!(group_by_rows(&groups), [json!(["ATL", 1])]);
        let scan = json!([{"segmentId": "s", "events": [[1, "ATL"], [2, "LAX"]]}]);
        assert_eq!(scan_rows(&scan).len(), 2);
    }
}
