//! How does the quickstart speak? Native answers as rows, and the lines that say how to go on.

use serde_json::Value;

use crate::client::sql::Rows;

/// The elements of a native answer as rows: a timeseries' `timestamp` and `result`, a topN's list of `result`s,
/// a groupBy's `event`.
pub(super) fn flatten(answer: &[Value]) -> Rows {
    let mut rows = Rows::default();
    for element in answer {
        let stamp = element.get("timestamp");
        match (element.get("result"), element.get("event")) {
            (Some(Value::Array(results)), _) => results.iter().for_each(|r| push(&mut rows, None, r)),
            (Some(result), _) => push(&mut rows, stamp, result),
            (None, Some(event)) => push(&mut rows, None, event),
            (None, None) => push(&mut rows, None, element),
        }
    }
    rows
}

fn push(rows: &mut Rows, stamp: Option<&Value>, fields: &Value) {
    let Some(fields) = fields.as_object() else { return };
    if rows.columns.is_empty() {
        let time = stamp.map(|_| "timestamp".to_owned());
        rows.columns = time.into_iter().chain(fields.keys().cloned()).collect();
    }
    rows.rows.push(stamp.into_iter().chain(fields.values()).cloned().collect());
}

/// What a stranger can type next.
pub(super) fn how_to_go_on(url: &str) {
    println!(
        "
How to go on, while this runs (Ctrl-C stops it):

  {url}/    the status page

  alluvium sql --url {url} \"SELECT origin, COUNT(*) AS flights FROM flights GROUP BY 1 ORDER BY 2 DESC LIMIT 5\"

  curl -s {url}/druid/v2/sql -H 'Content-Type: application/json' \\
    -d '{{\"query\":\"SELECT TIME_FLOOR(__time, '\\''P1D'\\'') AS day, COUNT(*) AS flights FROM flights GROUP BY 1\"}}'

  curl -s {url}/druid/v2 -H 'Content-Type: application/json' \\
    -d '{{\"queryType\":\"timeBoundary\",\"dataSource\":\"flights\"}}'

  curl -s {url}/druid/indexer/v1/supervisor/flights/status
"
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn native_answers_become_rows() {
        let series = flatten(&[json!({"timestamp": "t", "result": {"n": 1}})]);
        assert_eq!(series.columns, ["timestamp", "n"]);
        assert_eq!(series.rows, [[json!("t"), json!(1)]]);
        let top = flatten(&[json!({"timestamp": "t", "result": [{"d": "a", "n": 2}, {"d": "b", "n": 1}]})]);
        assert_eq!((top.columns.len(), top.rows.len()), (2, 2));
        let group = flatten(&[json!({"version": "v1", "timestamp": "t", "event": {"d": "a"}})]);
        assert_eq!(group.rows, [[json!("a")]]);
    }
}
