//! What is asked of the flights? Five queries of `examples/flights/queries`, native and SQL.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::show;
use crate::EngineError;
use crate::client::sql::{Rows, ask};
use crate::client::{Client, table};

/// A query, as the example has it.
struct Question {
    title: &'static str,
    text: &'static str,
    native: bool,
}

macro_rules! text_of {
    ($name:literal) => {
        include_str!(concat!("../../../examples/flights/queries/", $name))
    };
}

const QUESTIONS: [Question; 5] = [
    Question {
        title: "Flights a day (native timeseries)",
        text: text_of!("1-flights-a-day.json"),
        native: true,
    },
    Question {
        title: "The busiest airports (native topN)",
        text: text_of!("2-busiest-airports.json"),
        native: true,
    },
    Question {
        title: "Routes that are often an hour late (native groupBy)",
        text: text_of!("3-late-routes.json"),
        native: true,
    },
    Question { title: "Everything in one line (SQL)", text: text_of!("4-count.sql"), native: false },
    Question {
        title: "Long flights by state, joined with the airports (SQL)",
        text: text_of!("5-states.sql"),
        native: false,
    },
];

/// Times each query is asked; the quickest is shown.
const REPEATS: usize = 3;

/// Asks all five; gives their answers as text.
pub(super) fn ask_all(client: &Client, when: &str) -> Result<String, EngineError> {
    let mut told = String::new();
    for question in &QUESTIONS {
        let (rows, took) = answer(client, question)?;
        let millis = took.as_secs_f64() * 1000.0;
        let text = table::render(&rows.columns, &rows.rows);
        // Writing to a string cannot fail.
        let _ = writeln!(told, "\n{}, {when}: {millis:.1} ms\n{text}", question.title);
    }
    Ok(told)
}

/// The first query's answer: flights by day.
pub(super) fn flights_by_day(client: &Client) -> Result<Rows, EngineError> {
    Ok(answer(client, &QUESTIONS[0])?.0)
}

/// The fourth query's answer: the totals.
pub(super) fn totals(client: &Client) -> Result<Rows, EngineError> {
    Ok(answer(client, &QUESTIONS[3])?.0)
}

fn answer(client: &Client, question: &Question) -> Result<(Rows, Duration), EngineError> {
    let mut best = (Rows::default(), Duration::MAX);
    for _ in 0..REPEATS {
        let started = Instant::now();
        let rows = match question.native {
            true => native(client, question.text)?,
            false => ask(client, question.text)?,
        };
        best = (rows, best.1.min(started.elapsed()));
    }
    Ok(best)
}

fn native(client: &Client, text: &str) -> Result<Rows, EngineError> {
    let answer = client.post("/druid/v2", text.as_bytes())?.accepted()?;
    Ok(show::flatten(answer.as_array().map_or(&[] as &[Value], Vec::as_slice)))
}
