//! Is every flight counted exactly once? The checks of the quickstart; any of them failing fails the command.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::flights::Flights;
use super::{DATASOURCE, PATIENCE, questions};
use crate::EngineError;
use crate::client::Client;
use crate::client::sql::ask;

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(50);

/// Waits for a condition.
pub(super) fn wait_until(
    what: &str,
    mut condition: impl FnMut() -> Result<bool, EngineError>,
) -> Result<(), EngineError> {
    let deadline = Instant::now() + PATIENCE;
    while !condition()? {
        if Instant::now() > deadline {
            let seconds = PATIENCE.as_secs();
            return Err(EngineError::Failed(format!("after {seconds} s it is still not true that {what}")));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// Waits until as many flights can be asked as were sent.
pub(super) fn all_visible(client: &Client, flights: &Flights) -> Result<(), EngineError> {
    wait_until("all flights are visible", || Ok(count(client)? >= flights.len() as i64))
}

/// Waits until no flight is live any more.
pub(super) fn all_sealed(client: &Client) -> Result<(), EngineError> {
    let sql =
        format!("SELECT COUNT(*) FROM sys.segments WHERE datasource = '{DATASOURCE}' AND is_realtime = 1");
    wait_until("all segments are sealed", || Ok(number(client, &sql)? == 0))
}

/// Compares totals, days and origins with the file.
pub(super) fn counted_once(client: &Client, flights: &Flights) -> Result<(), EngineError> {
    let totals = questions::totals(client)?;
    let found = totals.rows.first().map(|row| row.iter().take(3).cloned().collect()).unwrap_or_default();
    same(
        "flights, miles and minutes",
        vec![json!(flights.len()), json!(flights.miles), json!(flights.minutes_late)],
        found,
    )?;

    let days = questions::flights_by_day(client)?;
    let expected: Vec<Value> = flights.by_day.iter().map(|(day, n)| json!([day, n])).collect();
    let found = days.rows.iter().map(|row| json!([row[0].as_str().and_then(|t| t.get(..10)), row[1]]));
    same("flights by day", expected, found.collect())?;

    let origins = ask(client, &format!("SELECT origin, COUNT(*) FROM {DATASOURCE} GROUP BY 1 ORDER BY 1"))?;
    let expected: Vec<Value> = flights.by_origin.iter().map(|(origin, n)| json!([origin, n])).collect();
    same("flights by origin", expected, origins.rows.into_iter().map(Value::from).collect())
}

/// How many flights can be asked now; 0 before the first.
pub(super) fn count(client: &Client) -> Result<i64, EngineError> {
    let names = client.get_json("/druid/v2/datasources")?;
    match names.as_array().is_some_and(|names| names.iter().any(|n| n == DATASOURCE)) {
        true => number(client, &format!("SELECT COUNT(*) FROM {DATASOURCE}")),
        false => Ok(0),
    }
}

fn number(client: &Client, sql: &str) -> Result<i64, EngineError> {
    let rows = ask(client, sql)?.rows;
    // A table about tables answers no row where it has none to count.
    if rows.is_empty() {
        return Ok(0);
    }
    let value = rows.first().and_then(|row| row.first()).and_then(Value::as_i64);
    value.ok_or_else(|| EngineError::Failed(format!("no number in the answer to `{sql}`")))
}

fn same(what: &str, expected: Vec<Value>, found: Vec<Value>) -> Result<(), EngineError> {
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (Value::from(expected), Value::from(found));
    Err(EngineError::Failed(format!("{what} differ: the file has {expected}, the answer is {found}")))
}
