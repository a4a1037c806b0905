//! Which random questions are asked? An abstract aggregation, written as a native query, as Druid SQL, and as
//! SQL for the referee (SQLite or DuckDB), which sees the tables `rows(id, t, s, h, l, d)` and `tags(id, tag)`.

use fastrand::Rng;
use serde_json::{Value, json};

use super::data::{DAYS, FIRST_DAY, SMALL, TAGS};
use alluvium_segments::time::{DAY_MS, format_iso};

/// One question. All answers have the columns: group keys, then aggregates.
#[derive(Debug, Clone)]
pub(super) struct Question {
    keys: Vec<Key>,
    aggregates: Vec<Aggregate>,
    filter: Option<Condition>,
    limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Key {
    Hour,
    Day,
    S,
    H,
    Tags,
    L,
}

#[derive(Debug, Clone)]
enum Aggregate {
    Count,
    SumL,
    MinL,
    MaxD,
    SumD,
    /// Rows where a condition holds.
    CountIf(Condition),
}

#[derive(Debug, Clone)]
enum Condition {
    Equals(&'static str, String),
    In(&'static str, Vec<String>),
    Null(&'static str),
    Like(&'static str, String),
    AtLeast(&'static str, String),
    LongBetween(i64, i64),
    DoubleBelow(f64),
    TimeFrom(i64),
    HasTag(String),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
}

/// Draws a question.
pub(super) fn question(rng: &mut Rng) -> Question {
    let mut keys: Vec<Key> = Vec::new();
    for _ in 0..rng.usize(..4) {
        let key = [Key::Hour, Key::Day, Key::S, Key::S, Key::H, Key::Tags, Key::L][rng.usize(..7)];
        let second_time =
            matches!(key, Key::Hour | Key::Day) && keys.iter().any(|k| matches!(k, Key::Hour | Key::Day));
        if !keys.contains(&key) && !second_time {
            keys.push(key);
        }
    }
    keys.sort_by_key(|key| !matches!(key, Key::Hour | Key::Day));
    let aggregates = (0..=rng.usize(..3)).map(|_| aggregate(rng)).collect();
    let filter = (rng.u8(..4) > 0).then(|| condition(rng, 2));
    let limit = (!keys.is_empty() && rng.u8(..3) == 0).then(|| rng.usize(1..20));
    Question { keys, aggregates, filter, limit }
}

fn aggregate(rng: &mut Rng) -> Aggregate {
    match rng.u8(..6) {
        0 => Aggregate::Count,
        1 => Aggregate::SumL,
        2 => Aggregate::MinL,
        3 => Aggregate::MaxD,
        4 => Aggregate::SumD,
        _ => Aggregate::CountIf(condition(rng, 1)),
    }
}

fn text_column(rng: &mut Rng) -> (&'static str, String) {
    if rng.bool() {
        ("s", SMALL[rng.usize(..SMALL.len())].to_owned())
    } else {
        ("h", format!("h{}", rng.u16(..400)))
    }
}

fn condition(rng: &mut Rng, depth: u8) -> Condition {
    let parts = |rng: &mut Rng| (0..2 + rng.usize(..2)).map(|_| condition(rng, depth - 1)).collect();
    let (column, value) = text_column(rng);
    match rng.u8(..if depth == 0 { 10 } else { 14 }) {
        0 => Condition::Equals(column, value),
        1 => Condition::In(
            column,
            (0..4).map(|_| text_column(rng)).filter(|c| c.0 == column).map(|c| c.1).chain([value]).collect(),
        ),
        2 => Condition::Null(column),
        3 => Condition::Like(
            column,
            [format!("{value}%"), "%1%".to_owned(), "_".to_owned()][rng.usize(..3)].clone(),
        ),
        4 | 5 => Condition::AtLeast(column, value),
        6 => {
            let low = rng.i64(-60..100);
            Condition::LongBetween(low, low + rng.i64(0..120))
        }
        7 => Condition::DoubleBelow(f64::from(rng.i32(-200..400)) / 4.0),
        8 => Condition::TimeFrom(FIRST_DAY + rng.i64(0..DAYS * DAY_MS)),
        9 => Condition::HasTag(TAGS[rng.usize(..TAGS.len())].to_owned()),
        10 => Condition::And(parts(rng)),
        11 | 12 => Condition::Or(parts(rng)),
        _ => Condition::Not(Box::new(without_tags(condition(rng, depth - 1)))),
    }
}

/// NOT over a multi-value column means something else in SQL with a table of values: left out there.
fn without_tags(condition: Condition) -> Condition {
    match condition {
        Condition::HasTag(_) => Condition::Null("s"),
        Condition::And(parts) => Condition::And(parts.into_iter().map(without_tags).collect()),
        Condition::Or(parts) => Condition::Or(parts.into_iter().map(without_tags).collect()),
        Condition::Not(inner) => Condition::Not(Box::new(without_tags(*inner))),
        other => other,
    }
}

impl Question {
    /// For SQLite and DuckDB.
    pub(super) fn referee_sql(&self) -> String {
        let keys: Vec<&str> = self.keys.iter().map(|key| key.referee_sql()).collect();
        let aggregates = self.aggregates.iter().map(|a| a.sql(Dialect::Referee));
        let select: Vec<String> = keys.iter().map(|k| (*k).to_owned()).chain(aggregates).collect();
        let mut sql = format!("SELECT {} FROM rows", select.join(", "));
        if self.keys.contains(&Key::Tags) {
            sql += " LEFT JOIN tags ON tags.id = rows.id";
        }
        self.finish_sql(sql, Dialect::Referee, " NULLS FIRST")
    }

    /// For `/druid/v2/sql`.
    pub(super) fn druid_sql(&self) -> String {
        let keys = self.keys.iter().map(|key| key.druid_sql().to_owned());
        let select: Vec<String> = keys.chain(self.aggregates.iter().map(|a| a.sql(Dialect::Druid))).collect();
        self.finish_sql(format!("SELECT {} FROM random", select.join(", ")), Dialect::Druid, "")
    }

    fn finish_sql(&self, mut sql: String, dialect: Dialect, nulls: &str) -> String {
        if let Some(filter) = &self.filter {
            sql += &format!(" WHERE {}", filter.sql(dialect));
        }
        let ordinals: Vec<String> = (1..=self.keys.len()).map(|n| n.to_string()).collect();
        if !ordinals.is_empty() {
            sql += &format!(" GROUP BY {}", ordinals.join(", "));
        }
        if let Some(limit) = self.limit {
            let order: Vec<String> = ordinals.iter().map(|n| format!("{n}{nulls}")).collect();
            sql += &format!(" ORDER BY {} LIMIT {limit}", order.join(", "));
        }
        sql
    }

    /// For `/druid/v2`: a timeseries where only time or nothing is grouped by, else a groupBy.
    pub(super) fn native(&self) -> Value {
        let time = self.keys.iter().find(|key| matches!(key, Key::Hour | Key::Day));
        let granularity = match time {
            Some(Key::Hour) => "hour",
            Some(_) => "day",
            None => "all",
        };
        let aggregations: Vec<Value> = self.aggregates.iter().enumerate().map(|(n, a)| a.native(n)).collect();
        let mut query = json!({
            "queryType": "timeseries", "dataSource": "random", "granularity": granularity,
            "intervals": ["2024-01-01/2025-01-01"], "aggregations": aggregations,
            "context": {"skipEmptyBuckets": time.is_some()}
        });
        if let Some(filter) = &self.filter {
            query["filter"] = filter.native();
        }
        let dimensions: Vec<Value> = self.keys.iter().filter_map(|key| key.dimension()).collect();
        if !dimensions.is_empty() || self.limit.is_some() {
            query["queryType"] = json!("groupBy");
            query["dimensions"] = json!(dimensions);
        }
        if let Some(limit) = self.limit {
            query["limitSpec"] = json!({"type": "default", "limit": limit, "columns": []});
        }
        query
    }

    /// Rows of a native answer in the common form.
    pub(super) fn native_rows(&self, answer: &Value) -> Vec<Vec<Value>> {
        let aggregate_names: Vec<String> = (0..self.aggregates.len()).map(|n| format!("a{n}")).collect();
        let row = |element: &Value| {
            let values = element.get("event").unwrap_or(&element["result"]);
            let keys = self.keys.iter().map(|key| match key {
                Key::Hour | Key::Day => element["timestamp"].clone(),
                other => values[other.name()].clone(),
            });
            keys.chain(aggregate_names.iter().map(|name| values[name].clone())).collect()
        };
        answer.as_array().into_iter().flatten().map(row).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Dialect {
    Referee,
    Druid,
}

impl Key {
    fn name(self) -> &'static str {
        match self {
            Self::Hour | Self::Day => "__time",
            Self::S => "s",
            Self::H => "h",
            Self::Tags => "tags",
            Self::L => "l",
        }
    }

    fn referee_sql(self) -> &'static str {
        match self {
            Self::Hour => "t - t % 3600000",
            Self::Day => "t - t % 86400000",
            Self::Tags => "tag",
            other => other.name(),
        }
    }

    fn druid_sql(self) -> &'static str {
        match self {
            Self::Hour => "TIME_FLOOR(__time, 'PT1H')",
            Self::Day => "FLOOR(__time TO DAY)",
            other => other.name(),
        }
    }

    fn dimension(self) -> Option<Value> {
        match self {
            Self::Hour | Self::Day => None,
            Self::L => {
                Some(json!({"type": "default", "dimension": "l", "outputName": "l", "outputType": "LONG"}))
            }
            other => Some(json!(other.name())),
        }
    }
}

impl Aggregate {
    fn sql(&self, dialect: Dialect) -> String {
        match self {
            Self::Count => "COUNT(*)".to_owned(),
            Self::SumL => "SUM(l)".to_owned(),
            Self::MinL => "MIN(l)".to_owned(),
            Self::MaxD => "MAX(d)".to_owned(),
            Self::SumD => "SUM(d)".to_owned(),
            Self::CountIf(condition) => format!("COUNT(*) FILTER (WHERE {})", condition.sql(dialect)),
        }
    }

    fn native(&self, n: usize) -> Value {
        let name = format!("a{n}");
        match self {
            Self::Count => json!({"type": "count", "name": name}),
            Self::SumL => json!({"type": "longSum", "name": name, "fieldName": "l"}),
            Self::MinL => json!({"type": "longMin", "name": name, "fieldName": "l"}),
            Self::MaxD => json!({"type": "doubleMax", "name": name, "fieldName": "d"}),
            Self::SumD => json!({"type": "doubleSum", "name": name, "fieldName": "d"}),
            Self::CountIf(condition) => json!({
                "type": "filtered", "filter": condition.native(), "aggregator": {"type": "count", "name": name}
            }),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Condition {
    fn sql(&self, dialect: Dialect) -> String {
        let all = |parts: &[Self], word: &str| {
            let parts: Vec<String> = parts.iter().map(|part| part.sql(dialect)).collect();
            format!("({})", parts.join(word))
        };
        match self {
            Self::Equals(column, value) => format!("{column} = {}", quoted(value)),
            Self::In(column, values) => {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                format!("{column} IN ({})", values.join(", "))
            }
            Self::Null(column) => format!("{column} IS NULL"),
            Self::Like(column, pattern) => format!("{column} LIKE {}", quoted(pattern)),
            Self::AtLeast(column, value) => format!("{column} >= {}", quoted(value)),
            Self::LongBetween(low, high) => format!("l BETWEEN {low} AND {high}"),
            Self::DoubleBelow(bound) => format!("d < {bound:?}"),
            Self::TimeFrom(t) if dialect == Dialect::Referee => format!("t >= {t}"),
            Self::TimeFrom(t) => {
                format!("__time >= TIMESTAMP '{}'", format_iso(*t).replace('T', " ").trim_end_matches('Z'))
            }
            Self::HasTag(tag) if dialect == Dialect::Referee => {
                format!("EXISTS (SELECT 1 FROM tags x WHERE x.id = rows.id AND x.tag = {})", quoted(tag))
            }
            Self::HasTag(tag) => format!("MV_CONTAINS(tags, {})", quoted(tag)),
            Self::And(parts) => all(parts, " AND "),
            Self::Or(parts) => all(parts, " OR "),
            Self::Not(inner) => format!("NOT ({})", inner.sql(dialect)),
        }
    }

    fn native(&self) -> Value {
        let all = |parts: &[Self]| parts.iter().map(Self::native).collect::<Vec<_>>();
        match self {
            Self::Equals(column, value) => {
                json!({"type": "equals", "column": column, "matchValueType": "STRING", "matchValue": value})
            }
            Self::In(column, values) => json!({"type": "in", "dimension": column, "values": values}),
            Self::Null(column) => json!({"type": "null", "column": column}),
            Self::Like(column, pattern) => json!({"type": "like", "dimension": column, "pattern": pattern}),
            Self::AtLeast(column, value) => json!({"type": "bound", "dimension": column, "lower": value}),
            Self::LongBetween(low, high) => {
                json!({"type": "range", "column": "l", "matchValueType": "LONG", "lower": low, "upper": high})
            }
            Self::DoubleBelow(bound) => json!({
                "type": "range", "column": "d", "matchValueType": "DOUBLE", "upper": bound, "upperOpen": true
            }),
            Self::TimeFrom(t) => {
                json!({"type": "interval", "dimension": "__time", "intervals": [format!("{}/3000", format_iso(*t))]})
            }
            Self::HasTag(tag) => json!({"type": "selector", "dimension": "tags", "value": tag}),
            Self::And(parts) => json!({"type": "and", "fields": all(parts)}),
            Self::Or(parts) => json!({"type": "or", "fields": all(parts)}),
            Self::Not(inner) => json!({"type": "not", "field": inner.native()}),
        }
    }
}
