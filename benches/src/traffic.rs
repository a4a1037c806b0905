//! What do many clients ask at the same time, and how long do they wait? Small queries over the flat Star Schema
//! Benchmark with random parameters; one thread and one keep-alive connection a client.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::engine::NO_CACHES;
use crate::generate::{NATIONS, REGIONS};
use crate::http::{Connection, request};
use crate::report::percentile;

/// The small queries, as the comparison calls them.
pub const SMALL: [&str; 4] = ["S1", "S2", "S7", "S8"];

/// What some clients saw.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// How long each answer took, in milliseconds.
    pub times_ms: Vec<f64>,
    /// Answers with another status than 200, and broken connections.
    pub errors: u64,
    /// The first error.
    pub first_error: Option<String>,
    /// How long the clients asked, in seconds.
    pub seconds: f64,
}

impl Seen {
    /// Answers a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.times_ms.len() as f64 / self.seconds
    }

    /// Milliseconds that a part of all answers did not exceed.
    #[must_use]
    pub fn percentile_ms(&self, part: f64) -> f64 {
        percentile(&self.times_ms, part).unwrap_or(f64::NAN)
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "requests": self.times_ms.len(), "seconds": self.seconds, "qps": self.per_second(),
            "p50_ms": self.percentile_ms(0.5), "p90_ms": self.percentile_ms(0.9),
            "p99_ms": self.percentile_ms(0.99), "max_ms": self.percentile_ms(1.0), "errors": self.errors
        })
    }

    /// For people: rate, p50, p90, p99, maximum, errors.
    #[must_use]
    pub fn line(&self) -> String {
        let [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1.0].map(|part| self.percentile_ms(part));
        let first = self.first_error.as_deref().map_or_else(String::new, |e| format!(" ({e})"));
        format!(
            "{:>9.1} qps  p50 {p50:>8.2}  p90 {p90:>8.2}  p99 {p99:>8.2}  max {max:>8.2} ms  errors {}{first}",
            self.per_second(),
            self.errors
        )
    }

    fn join(&mut self, other: Self) {
        self.times_ms.extend(other.times_ms);
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
        self.seconds = self.seconds.max(other.seconds);
    }
}

/// Asks with some clients at the same time; each takes its queries from `ask` with its own random numbers.
///
/// # Errors
/// When a connection cannot be opened.
pub fn drive(
    url: &str,
    clients: usize,
    length: Duration,
    ask: impl Fn(&mut Rng) -> String + Sync,
) -> Result<Seen, String> {
    let until = Instant::now() + length;
    let go_on = || Instant::now() < until;
    std::thread::scope(|scope| {
        let (ask, go_on) = (&ask, &go_on);
        let all: Vec<_> =
            (0..clients).map(|id| scope.spawn(move || one_client(url, id as u64, go_on, ask))).collect();
        let mut seen = Seen::default();
        for client in all {
            seen.join(client.join().map_err(|_| "a client thread ended early".to_owned())??);
        }
        Ok(seen)
    })
}

/// Small queries of some clients while one more asks a heavy query again and again: what the small ones saw, and
/// what the heavy one saw.
///
/// # Errors
/// When a connection cannot be opened.
pub fn drive_beside(
    url: &str,
    clients: usize,
    length: Duration,
    ask: impl Fn(&mut Rng) -> String + Sync,
    heavy: &str,
) -> Result<(Seen, Seen), String> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let going = || !over.load(Ordering::Relaxed);
        let beside = scope.spawn(move || one_client(url, u64::MAX, going, |_: &mut Rng| heavy.to_owned()));
        let small = drive(url, clients, length, ask);
        over.store(true, Ordering::Relaxed);
        let heavy = beside.join().map_err(|_| "the heavy client's thread ended early".to_owned())?;
        Ok((small?, heavy?))
    })
}

fn one_client(
    url: &str,
    id: u64,
    go_on: impl Fn() -> bool,
    ask: impl Fn(&mut Rng) -> String,
) -> Result<Seen, String> {
    let mut rng = Rng::with_seed(id.wrapping_mul(7919).wrapping_add(1000));
    let mut connection = Connection::open(url)?;
    let mut seen = Seen::default();
    let started = Instant::now();
    while go_on() {
        let bytes = request("POST", "/druid/v2/sql", &ask(&mut rng));
        match connection.send(&bytes) {
            Ok(answer) if answer.status == 200 => seen.times_ms.push(answer.elapsed.as_secs_f64() * 1000.0),
            Ok(answer) => {
                seen.errors += 1;
                let body = || String::from_utf8_lossy(answer.body).chars().take(200).collect();
                seen.first_error.get_or_insert_with(body);
            }
            Err(error) => {
                seen.errors += 1;
                seen.first_error.get_or_insert_with(|| error.to_string());
                connection = Connection::open(url)?;
            }
        }
    }
    seen.seconds = started.elapsed().as_secs_f64();
    Ok(seen)
}

/// The body of a request for an SQL text, result caches off.
#[must_use]
pub fn sql_body(text: &str) -> String {
    let mut context: Map<String, Value> =
        NO_CACHES.map(|(k, v)| (k.to_owned(), Value::from(v))).into_iter().collect();
    context.insert("sqlTimeZone".to_owned(), Value::from("UTC"));
    json!({"query": text, "resultFormat": "array", "context": context}).to_string()
}

/// One of the small queries ([`SMALL`]; S8 for any other name) with random parameters, as Druid SQL.
#[must_use]
pub fn small_query(name: &str, table: &str, rng: &mut Rng) -> String {
    match name {
        "S1" => format!(
            "SELECT FLOOR(__time TO DAY) AS d, SUM(LO_REVENUE) AS revenue FROM {table} WHERE C_REGION = '{}' \
             GROUP BY FLOOR(__time TO DAY) ORDER BY d",
            REGIONS[rng.usize(..REGIONS.len())]
        ),
        "S2" => {
            let (year, month) = (rng.u32(1992..=1997), rng.u32(1..=12));
            let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            format!(
                "SELECT P_BRAND, SUM(LO_REVENUE) AS revenue FROM {table} \
                 WHERE __time >= TIMESTAMP '{year}-{month:02}-01 00:00:00' \
                 AND __time < TIMESTAMP '{next_year}-{next:02}-01 00:00:00' \
                 GROUP BY P_BRAND ORDER BY revenue DESC LIMIT 10"
            )
        }
        "S7" => {
            let customer = rng.u32(1..29_999);
            // Every third customer has no rows.
            let customer = if customer.is_multiple_of(3) { customer + 1 } else { customer };
            format!(
                "SELECT FLOOR(__time TO MONTH) AS m, SUM(LO_REVENUE) AS revenue FROM {table} \
                 WHERE LO_CUSTKEY = {customer} GROUP BY FLOOR(__time TO MONTH) ORDER BY m"
            )
        }
        _ => {
            let mut brand = || format!("'MFGR#{}{}{}'", rng.u8(1..=5), rng.u8(1..=5), rng.u8(1..=40));
            let brands: Vec<String> = (0..20).map(|_| brand()).collect();
            format!(
                "SELECT FLOOR(__time TO DAY) AS d, SUM(LO_REVENUE) AS revenue, COUNT(*) AS c FROM {table} \
                 WHERE P_BRAND IN ({}) AND S_NATION = '{}' GROUP BY FLOOR(__time TO DAY) ORDER BY d",
                brands.join(","),
                NATIONS[rng.usize(..NATIONS.len())].0
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_queries_differ_by_draw_and_repeat_by_seed() {
        for name in SMALL {
            let draw = |seed| small_query(name, "t", &mut Rng::with_seed(seed));
            assert_eq!(draw(1), draw(1));
            assert!((2..20).any(|seed| draw(seed) != draw(1)), "{name}");
            assert!(draw(1).contains("FROM t "));
        }
    }

    #[test]
    fn percentiles_of_what_was_seen() {
        let mut seen = Seen { times_ms: vec![1.0, 2.0], seconds: 2.0, ..Seen::default() };
        seen.join(Seen { times_ms: vec![3.0, 4.0], errors: 1, seconds: 1.0, ..Seen::default() });
        assert_eq!((seen.per_second(), seen.percentile_ms(0.5), seen.errors), (2.0, 2.0, 1));
        assert!(seen.line().contains("errors 1"));
    }
}
