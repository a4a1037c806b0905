//! Do random statements of SQL (scans, joins, groups, grouping sets, windows, subqueries, unions) give the rows that
//! DuckDB gives? Each is written in both dialects at once.

mod dialect;
mod expression;
mod names;
mod query;

use fastrand::Rng;
use serde_json::{Value, json};

use self::dialect::Sql;
use super::data::{DAYS, Row, rows_of_day};
use super::duckdb;
use super::segments::Random;

/// How many are asked; `.ci/full` asks more.
const STATEMENTS: usize = 1500;
const SEED: u64 = 20_241_126;

#[test]
fn random_statements_agree_with_duckdb() {
    let Some(python) = crate::real::part("DuckDB", "ALLUVIUM_PYTHON") else { return };
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let count = number("ALLUVIUM_STATEMENTS").map_or(STATEMENTS, |n| n as usize);
    let seed = number("ALLUVIUM_SEED").unwrap_or(SEED);
    let mut rng = Rng::with_seed(seed);
    let days: Vec<Vec<Row>> = (0..DAYS).map(|day| rows_of_day(&mut rng, day, 60)).collect();
    let ours = Random::build(&days, true);
    let names = names::rows(&mut rng);
    ours.add("names", &names::batch(&names));
    let asked: Vec<Sql> = (0..count).map(|_| query::statement(&mut rng)).collect();
    let work = json!({
        "tables": {
            "rows": {
                "types": "t BIGINT, s VARCHAR, h VARCHAR, l BIGINT, d DOUBLE",
                "rows": days.iter().flatten().map(|r| json!([r.t, r.s, r.h, r.l, r.d])).collect::<Vec<_>>(),
            },
            "named": {
                "types": "t BIGINT, name VARCHAR, place BIGINT, big BIGINT, weight DOUBLE",
                "rows": names.iter().map(names::Name::json).collect::<Vec<_>>(),
            },
        },
        "more": [
            "CREATE TABLE random AS SELECT make_timestamp(t * 1000) AS __time, s, h, l, d FROM rows",
            "CREATE TABLE names AS SELECT make_timestamp(t * 1000) AS __time, name, place, big, weight FROM named",
        ],
        "questions": asked.iter().map(|sql| &sql.theirs).collect::<Vec<_>>(),
    });
    let wanted = duckdb::answers(&python, &work);
    assert_eq!(wanted.len(), asked.len());
    let (mut differences, mut refused, mut full) = (Vec::new(), Vec::new(), 0);
    for (sql, wanted) in asked.iter().zip(wanted) {
        let told = |found: &str| format!("{found}\n  ours:   {}\n  theirs: {}", sql.ours, sql.theirs);
        let wanted: Vec<Vec<Value>> = match serde_json::from_value(wanted.clone()) {
            Ok(rows) => rows,
            Err(_) => {
                differences.push(told(&format!("DuckDB: {wanted}")));
                continue;
            }
        };
        let context = json!({"useApproximateCountDistinct": false});
        match ours.sql(&sql.ours, &context) {
            Ok(rows) => {
                full += usize::from(!wanted.is_empty());
                let (found, wanted) = (super::canonical(rows), super::canonical(wanted));
                if found != wanted {
                    differences.push(told(&first_difference(&found, &wanted)));
                }
            }
            Err(error) => refused.push(told(&error)),
        }
    }
    println!(
        "{count} statements (seed {seed}): {} different, {} refused, {full} with rows",
        differences.len(),
        refused.len()
    );
    let shown = |lines: &[String]| lines.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
    assert!(
        differences.is_empty() && refused.is_empty(),
        "different:\n{}\nrefused:\n{}",
        shown(&differences),
        shown(&refused)
    );
    assert!(full * 10 >= count * 7, "only {full} of {count} have rows");
}

fn first_difference(found: &[String], wanted: &[String]) -> String {
    let at = found.iter().zip(wanted).position(|(a, b)| a != b).unwrap_or(found.len().min(wanted.len()));
    let row = |rows: &[String]| rows.get(at).map_or("none".to_owned(), |row| format!("[{row}]"));
    format!("{} rows for {}: found {}, wanted {}", found.len(), wanted.len(), row(found), row(wanted))
}
