//! Does the node answer as Druid does? Every case beside this file holds a native query or an SQL statement with what a
//! real Druid answered; `known.txt` names those that are answered otherwise, and `docs/compatibility.md` says what
//! that means for each feature of Druid's reference pages. `ALLUVIUM_BLESS=1` writes both anew.

mod cases;
mod judge;
mod known;
mod load;
mod named;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::cases::{Case, Question, native_cases, sql_cases};
use self::judge::{Outcome, Verdict};
use crate::node::Node;

/// The folder of the cases.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/conformance")
}

fn blessed() -> bool {
    std::env::var_os("ALLUVIUM_BLESS").is_some()
}

/// Asks all cases, some at a time; what came of each by its name.
fn outcomes(node: &Node, cases: &[Case]) -> BTreeMap<String, Outcome> {
    let asked = &|cases: &[Case]| -> Vec<(String, Outcome)> {
        cases.iter().map(|case| (case.id.clone(), judge::judge(case, &case.ask(node)))).collect()
    };
    let found: Vec<(String, Outcome)> = std::thread::scope(|scope| {
        let parts = cases.chunks(cases.len().div_ceil(4)).map(|part| scope.spawn(move || asked(part)));
        parts.collect::<Vec<_>>().into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    let outcomes: BTreeMap<String, Outcome> = found.into_iter().collect();
    assert_eq!(outcomes.len(), cases.len(), "two cases have one name");
    outcomes
}

/// Loads the datasources of the cases.
pub(crate) fn load_all(node: &Node) {
    load::load(node);
}

/// The bodies of all native queries, and of all of SQL.
pub(crate) fn requests() -> (Vec<Value>, Vec<Value>) {
    let bodies = |cases: Vec<Case>| {
        cases.into_iter().map(|case| match case.question {
            Question::Native(body) | Question::Sql(body) => body,
        })
    };
    (bodies(native_cases()).collect(), bodies(sql_cases()).collect())
}

#[test]
fn answers_are_those_of_druid() {
    let node = Node::start();
    load::load(&node);
    let mut cases = native_cases();
    cases.extend(sql_cases());
    let outcomes = outcomes(&node, &cases);
    let count = |verdict| outcomes.values().filter(|o| o.verdict == verdict).count();
    println!(
        "{} cases: {} the same, {} different, {} refused, {} answered where Druid refuses",
        outcomes.len(),
        count(Verdict::Same),
        count(Verdict::Different),
        count(Verdict::Refused),
        count(Verdict::Accepted),
    );
    let table = table::table(&cases, &outcomes);
    if blessed() {
        known::write(&outcomes);
        table::write(&table);
        return;
    }
    known::check(&outcomes);
    table::check(&table);
}
