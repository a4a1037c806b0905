//! Page views as a web-analytics service gets them, and the questions of its dashboards and analysts, in the manner of
//! ClickBench. The rows are synthetic.

use super::{Column, ColumnKind, Query, Workload};
use crate::generate::events::{NUMBERS, TEXTS, user_id};

const EXACT: &[(&str, bool)] = &[("useApproximateCountDistinct", false), ("useApproximateTopN", false)];
/// What dashboards look at.
const DASHBOARD: &str = "CounterID = 62 AND {time} >= {date 2013-07-01} AND {time} < {date 2013-08-01}";

/// The page views.
#[must_use]
pub fn workload(rows: u64, granularity: &str) -> Workload {
    let mut columns =
        vec![Column { name: "EventTime", kind: ColumnKind::Time, clickhouse: "DateTime('UTC')" }];
    columns.extend(NUMBERS.map(|name| match name {
        "UserID" | "CounterID" => Column { name, kind: ColumnKind::Key, clickhouse: "Int64" },
        _ => Column::long(name, "Int64"),
    }));
    columns.extend(TEXTS.map(|name| Column::text(name, "String")));
    Workload {
        name: format!("events-{rows}"),
        table: "hits",
        time: "EventTime",
        columns,
        clickhouse: ["tuple()", "CounterID, toDate(EventTime), UserID, EventTime"],
        granularity: granularity.to_owned(),
        projections: Vec::new(),
        queries: queries(),
        groups: &[],
        published: Vec::new(),
    }
}

fn queries() -> Vec<Query> {
    let mut all = totals();
    all.extend(top_lists());
    all.extend(rows_found());
    all.extend(dashboards());
    all.into_iter().map(|query| query.context(EXACT)).collect()
}

fn totals() -> Vec<Query> {
    vec![
        Query::new("advertised", "n", "SELECT COUNT(*) AS c FROM {table} WHERE AdvEngineID <> 0"),
        Query::new(
            "sums",
            "nnf",
            "SELECT SUM(AdvEngineID) AS a, COUNT(*) AS c, {average ResolutionWidth} AS w FROM {table}",
        ),
        Query::new("users", "n", "SELECT {distinct UserID} AS u FROM {table}"),
        Query::new("phrases", "n", "SELECT {distinct SearchPhrase} AS u FROM {table}"),
        Query::new(
            "users by day, approximately",
            "ta",
            "SELECT {day} AS d, {approximate_distinct UserID} AS u FROM {table} GROUP BY {day} ORDER BY d",
        ),
        Query::new("URL with google", "n", "SELECT COUNT(*) AS c FROM {table} WHERE URL LIKE '%google%'"),
    ]
}

/// The ten keys with the largest value, which stands behind them.
fn top(name: &'static str, kinds: &'static str, keys: &str, value: &str, filter: &str) -> Query {
    let by = keys.split(", ").count();
    let filter = if filter.is_empty() { String::new() } else { format!(" WHERE {filter}") };
    Query::new(
        name,
        kinds,
        format!(
            "SELECT {keys}, {value} AS c FROM {{table}}{filter} GROUP BY {keys} ORDER BY c DESC LIMIT 10"
        ),
    )
    .cut_by(by)
}

fn top_lists() -> Vec<Query> {
    vec![
        top("regions by users", "nn", "RegionID", "{distinct UserID}", ""),
        top("phones by users", "sn", "MobilePhoneModel", "{distinct UserID}", "MobilePhoneModel <> ''"),
        top("top phrases", "sn", "SearchPhrase", "COUNT(*)", "SearchPhrase <> ''"),
        top("top users", "nn", "UserID", "COUNT(*)", ""),
        top("top users and phrases", "nsn", "UserID, SearchPhrase", "COUNT(*)", ""),
        top("top URLs", "sn", "URL", "COUNT(*)", ""),
        top("top addresses", "nnn", "ClientIP, RegionID", "COUNT(*)", ""),
    ]
}

fn rows_found() -> Vec<Query> {
    vec![
        Query::new(
            "one user",
            "tns",
            format!("SELECT {{time}}, CounterID, URL FROM {{table}} WHERE UserID = {}", user_id(1000)),
        ),
        Query::new(
            "newest searches",
            "ts",
            "SELECT {time}, SearchPhrase FROM {table} WHERE SearchPhrase <> '' ORDER BY {time} DESC LIMIT 10",
        )
        .cut_by(0),
    ]
}

fn dashboards() -> Vec<Query> {
    let counted = format!("{DASHBOARD} AND DontCountHits = 0 AND IsRefresh = 0");
    vec![
        top("one site: URLs", "sn", "URL", "COUNT(*)", &counted),
        top(
            "one site: sources",
            "nnnsn",
            "TraficSourceID, SearchEngineID, AdvEngineID, URL",
            "COUNT(*)",
            DASHBOARD,
        ),
        Query::new(
            "one site: minutes",
            "tn",
            "SELECT {minute} AS m, COUNT(*) AS c FROM {table} WHERE CounterID = 62 \
             AND {time} >= {date 2013-07-14} AND {time} < {date 2013-07-16} GROUP BY {minute} ORDER BY m",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn every_query_can_be_written_in_every_dialect() {
        let events = workload(1000, "DAY");
        for query in &events.queries {
            for dialect in [Dialect::Druid, Dialect::ClickHouse, Dialect::Exact, Dialect::DataFusion] {
                let sql = dialect.render(&query.sql, events.table()).unwrap();
                assert!(sql.contains("FROM hits"), "{sql}");
            }
            assert!(query.cut.is_none_or(|by| by < query.kinds.len()), "{}", query.name);
        }
    }
}
