//! Which cases are known to be answered otherwise? `known.txt` has a line each, `case verdict: why`, so that a case that
//! begins to differ fails, and one that no longer does too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::folder;
use super::judge::{Outcome, Verdict};

fn path() -> PathBuf {
    folder().join("known.txt")
}

/// By case: the verdict and why.
fn read() -> BTreeMap<String, (String, String)> {
    let text = fs::read_to_string(path()).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let entry = |line: &str| {
        let (head, why) = line.split_once(':').unwrap_or((line, ""));
        let (case, verdict) = head.rsplit_once(' ').unwrap_or_else(|| panic!("known.txt: {line}"));
        (case.to_owned(), (verdict.to_owned(), why.trim().to_owned()))
    };
    lines.map(entry).collect()
}

/// A case whose answer depends on which row came first, or on the node's past.
const VARIES: &str = "varies";

/// The cases whose answers vary.
pub(super) fn varying() -> BTreeSet<String> {
    read().into_iter().filter(|(_, (verdict, _))| verdict == VARIES).map(|(case, _)| case).collect()
}

/// Fails when the file says anything else than what was found.
pub(super) fn check(outcomes: &BTreeMap<String, Outcome>) {
    let known = read();
    let mut wrong = Vec::new();
    for (case, outcome) in outcomes {
        let expected = known.get(case).map_or(Verdict::Same.name(), |(verdict, _)| verdict.as_str());
        if expected != outcome.verdict.name() && expected != VARIES {
            wrong.push(format!("{case}: {} (was {expected}): {}", outcome.verdict.name(), outcome.answer));
        }
    }
    wrong.extend(
        known.keys().filter(|case| !outcomes.contains_key(*case)).map(|case| format!("{case}: no such case")),
    );
    assert!(wrong.is_empty(), "{} cases\n{}", wrong.len(), wrong.join("\n"));
}

/// Writes the file anew; reasons stay.
pub(super) fn write(outcomes: &BTreeMap<String, Outcome>) {
    let known = read();
    let mut text = String::from(
        "# Cases that are not answered as Druid 33 answers them: case, verdict, why where it is meant to be so.\n\
         # A test holds this list against what is answered; ALLUVIUM_BLESS=1 writes it anew and keeps the reasons.\n",
    );
    for (case, outcome) in outcomes {
        let (before, why) =
            known.get(case).map_or(("", ""), |(verdict, why)| (verdict.as_str(), why.as_str()));
        let verdict = if before == VARIES { VARIES } else { outcome.verdict.name() };
        if verdict == Verdict::Same.name() {
            continue;
        }
        let line = format!("{case} {verdict}: {why}");
        text.push_str(line.trim_end().trim_end_matches(':'));
        text.push('\n');
    }
    fs::write(path(), text).unwrap();
}
