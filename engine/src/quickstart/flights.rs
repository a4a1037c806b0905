//! Which flights are played? Those of `examples/flights`, carried inside the binary.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;

use crate::EngineError;

const FLIGHTS: &[u8] = include_bytes!("../../../examples/flights/flights.json.gz");
const SUPERVISOR: &str = include_str!("../../../examples/flights/supervisor.json");
const AIRPORTS_TASK: &str = include_str!("../../../examples/flights/airports.json");

/// The airports, as CSV.
pub(super) const AIRPORTS: &str = include_str!("../../../examples/flights/airports.csv");

/// The flights as records, and what the queries must find in them.
#[derive(Debug, Default)]
pub(super) struct Flights {
    /// One JSON object each, in the order of time.
    pub(super) lines: Vec<String>,
    /// Sum of the distances, in miles.
    pub(super) miles: i64,
    /// Sum of the delays, in minutes.
    pub(super) minutes_late: i64,
    /// Flights by day (`2001-01-01`).
    pub(super) by_day: BTreeMap<String, i64>,
    /// Flights by origin.
    pub(super) by_origin: BTreeMap<String, i64>,
}

#[derive(Deserialize)]
struct Flight<'l> {
    time: &'l str,
    origin: &'l str,
    distance: i64,
    delay: i64,
}

impl Flights {
    /// Unpacks and counts them.
    pub(super) fn unpack() -> Result<Self, EngineError> {
        let mut flights = Self::default();
        for line in BufReader::new(GzDecoder::new(FLIGHTS)).lines() {
            let line =
                line.map_err(|source| EngineError::Io { action: "unpack the flights".to_owned(), source })?;
            let flight: Flight<'_> = serde_json::from_str(&line).map_err(damaged)?;
            flights.miles += flight.distance;
            flights.minutes_late += flight.delay;
            let day = flight.time.get(..10).unwrap_or_default();
            *flights.by_day.entry(day.to_owned()).or_default() += 1;
            *flights.by_origin.entry(flight.origin.to_owned()).or_default() += 1;
            flights.lines.push(line);
        }
        Ok(flights)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }
}

/// The supervisor spec of the example.
pub(super) fn supervisor_spec() -> Result<Value, EngineError> {
    serde_json::from_str(SUPERVISOR).map_err(damaged)
}

/// The batch task of the example.
pub(super) fn airports_task() -> Result<Value, EngineError> {
    serde_json::from_str(AIRPORTS_TASK).map_err(damaged)
}

fn damaged(error: serde_json::Error) -> EngineError {
    EngineError::Failed(format!("the example inside this binary is damaged: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_whole() {
        let flights = Flights::unpack().unwrap();
        assert_eq!(flights.len(), 212_471);
        assert_eq!(flights.by_day.values().sum::<i64>(), 212_471);
        assert_eq!(flights.by_day.len(), 13);
        assert!(FLIGHTS.len() <= 3 << 20);
        assert!(flights.lines.is_sorted_by_key(|line| line[..30].to_owned()));
        assert_eq!(supervisor_spec().unwrap()["type"], "kafka");
        assert_eq!(airports_task().unwrap()["type"], "index_parallel");
    }
}
