//! Do random aggregations, native and SQL, agree with SQLite (and, where Python has it, with DuckDB) over the
//! same rows? The rows lie in several segments with different dictionaries, part of them live.

mod data;
mod duckdb;
mod generate;
mod referee;
mod segments;
mod statements;

use alluvium_segments::time::parse_iso;
use fastrand::Rng;
use serde_json::{Value, json};

use self::data::{DAYS, Row, rows_of_day};
use self::generate::{Question, question};
use self::referee::Sqlite;
use self::segments::Random;

const QUESTIONS: usize = 2000;
const KEPT: u64 = 200;
const SEED: u64 = 20_240_301;

/// How we are asked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Language {
    Native,
    Sql,
}

#[test]
fn random_aggregations_agree_with_sqlite() {
    let mut rng = Rng::with_seed(SEED);
    let days: Vec<Vec<Row>> = (0..DAYS).map(|day| rows_of_day(&mut rng, day, 700)).collect();
    let sqlite = Sqlite::load(&days.concat());
    let ours = Random::build(&days, true);
    let (mut answered, mut errors) = (0, Vec::new());
    let mut differences = Vec::new();
    let mut asked = Vec::new();
    for n in 0..QUESTIONS {
        let question = question(&mut rng);
        let language = if n % 2 == 0 { Language::Native } else { Language::Sql };
        let expected = canonical(sqlite.ask(&question.referee_sql()));
        match ask(&ours, &question, language) {
            Ok(rows) => {
                answered += usize::from(!rows.is_empty());
                if canonical(rows) != expected {
                    differences.push(describe(&question, language));
                }
            }
            Err(error) => errors.push(format!("{error}\n  {}", describe(&question, language))),
        }
        asked.push((question, expected));
    }
    println!(
        "{QUESTIONS} questions (seed {SEED}): {} different, {:.1} % non-empty, {:.1} % errors",
        differences.len(),
        answered as f64 * 100.0 / QUESTIONS as f64,
        errors.len() as f64 * 100.0 / QUESTIONS as f64
    );
    let segments = ours.caches()[0];
    println!("cache of segments: {segments:?}");
    assert!(segments.hits > QUESTIONS as u64, "{segments:?}");
    assert!(differences.is_empty(), "first of {} differences:\n{}", differences.len(), differences[0]);
    assert!(answered * 100 >= QUESTIONS * 80, "only {answered} of {QUESTIONS} answers had rows");
    assert!(errors.len() * 100 <= QUESTIONS * 2, "{} errors, the first: {}", errors.len(), errors[0]);
    duckdb::agree(&days.concat(), &asked);
}

#[test]
fn answers_that_are_kept_agree_with_sqlite() {
    let mut rng = Rng::with_seed(SEED);
    let days: Vec<Vec<Row>> = (0..DAYS).map(|day| rows_of_day(&mut rng, day, 100)).collect();
    let sqlite = Sqlite::load(&days.concat());
    let ours = Random::build(&days, false);
    let questions: Vec<Question> = (0..KEPT).map(|_| question(&mut rng)).collect();
    for language in [Language::Native, Language::Sql] {
        for question in &questions {
            let expected = canonical(sqlite.ask(&question.referee_sql()));
            let found = ask(&ours, question, language).map(canonical);
            assert_eq!(found.as_ref(), Ok(&expected), "{}", describe(question, language));
        }
    }
    let answers = ours.caches()[1];
    assert!(answers.hits >= 2 * KEPT, "{answers:?}");
}

/// The rows of an answer: without caches, with such as may be filled by it, and from them, it is the same.
fn ask(ours: &Random, question: &Question, language: Language) -> Result<Vec<Vec<Value>>, String> {
    let no_results = json!({"useResultLevelCache": false, "populateResultLevelCache": false});
    let mut nothing = no_results.clone();
    (nothing["useCache"], nothing["populateCache"]) = (json!(false), json!("false"));
    let with = |context: &Value| match language {
        Language::Native => Ok(question.native_rows(&ours.native(question.native(), context)?)),
        Language::Sql => ours.sql(&question.druid_sql(), context),
    };
    let plain = with(&nothing)?;
    for context in [&no_results, &no_results, &json!({}), &json!({})] {
        let cached = canonical(with(context)?);
        assert_eq!(cached, canonical(plain.clone()), "{context} {}", describe(question, language));
    }
    Ok(plain)
}

fn describe(question: &Question, language: Language) -> String {
    let ours = match language {
        Language::Native => question.native().to_string(),
        Language::Sql => question.druid_sql(),
    };
    format!("ours:    {ours}\nreferee: {}", question.referee_sql())
}

/// Rows as sorted texts: numbers to twelve significant digits, ISO times as milliseconds, as the referee has them.
fn canonical(rows: Vec<Vec<Value>>) -> Vec<String> {
    let cell = |value: Value| match &value {
        Value::Number(n) => format!("{:.11e}", n.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) if text.len() == 24 && text.ends_with('Z') => {
            parse_iso(text).map_or_else(|_| value.to_string(), |t| format!("{:.11e}", t as f64))
        }
        _ => value.to_string(),
    };
    let mut rows: Vec<String> =
        rows.into_iter().map(|row| row.into_iter().map(cell).collect::<Vec<_>>().join(" | ")).collect();
    rows.sort_unstable();
    rows
}
