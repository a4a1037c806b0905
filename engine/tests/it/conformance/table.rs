//! Which features of Druid's reference pages are there? One line a feature of `docs/compatibility/features.toml`, backed by the
//! cases that are about it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::cases::Case;
use super::judge::{Outcome, Verdict};
use super::known;

#[derive(Debug, Deserialize)]
struct Features {
    feature: Vec<Feature>,
}

/// An entry of the list.
#[derive(Debug, Deserialize)]
struct Feature {
    page: String,
    kind: String,
    name: String,
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// What is said of a feature, and the case that shows it.
fn verdict<'c>(found: &[(&'c str, Verdict)]) -> (&'static str, &'c str) {
    let first = |wanted: &dyn Fn(Verdict) -> bool| found.iter().find(|(_, v)| wanted(*v)).map(|(id, _)| *id);
    let same = first(&|v| v == Verdict::Same);
    let other = first(&|v| v != Verdict::Same);
    match (same, other) {
        (Some(case), None) => ("yes", case),
        (Some(_), Some(case)) => ("different", case),
        (None, Some(case)) if found.iter().all(|(_, v)| *v == Verdict::Refused) => ("no", case),
        (None, Some(case)) => ("different", case),
        (None, None) => ("no case", ""),
    }
}

/// The page as Markdown. Fails when a case is about a feature that is not in the list.
pub(super) fn table(cases: &[Case], outcomes: &BTreeMap<String, Outcome>) -> String {
    let list = fs::read_to_string(docs().join("compatibility/features.toml")).unwrap();
    let features: Features = toml::from_str(&list).unwrap();
    let mut found: HashMap<String, Vec<(&str, Verdict)>> = HashMap::new();
    for feature in &features.feature {
        found.entry(format!("{} {}", feature.kind, feature.name)).or_default();
    }
    let varying = known::varying();
    for case in cases.iter().filter(|case| !varying.contains(&case.id)) {
        for feature in &case.features {
            let Some(backed) = found.get_mut(feature) else { continue };
            backed.push((&case.id, outcomes[&case.id].verdict));
        }
    }
    let mut pages: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    for Feature { page, kind, name } in &features.feature {
        let (says, case) = verdict(&found[&format!("{kind} {name}")]);
        *totals.entry(says).or_default() += 1;
        let text = |text: &str| text.replace('|', "\\|");
        let case = if case.is_empty() { String::new() } else { format!("`{case}`") };
        pages.entry(page).or_default().push(format!("| {kind} | {} | {says} | {case} |", text(name)));
    }
    let mut out = String::from(
        "# Compatibility\n\n\
         Every feature that Druid's reference pages on native queries and SQL name, and whether it is here. The table is made by \
         a test from `docs/compatibility/features.toml` and the cases in `engine/tests/it/conformance`, which hold the answers of a \
         real Druid 33:\n\n\
         - **yes**: all cases about it are answered as Druid answers them; one of them is named.\n\
         - **different**: some are not; the first that is not is named (`engine/tests/it/conformance/known.txt` has all, with reasons).\n\
         - **no**: it is refused with an error that says so.\n\
         - **no case**: no query shows it (transport, settings of a server, other engines); see `SKIPPED.md` beside the cases.\n\n",
    );
    let total = |(says, count): (&&str, &usize)| format!("{count} {says}");
    let _ = writeln!(out, "In all: {}.", totals.iter().map(total).collect::<Vec<_>>().join(", "));
    for (page, lines) in pages {
        let _ = write!(
            out,
            "\n## {page}\n\n| kind | name | here | case |\n|---|---|---|---|\n{}\n",
            lines.join("\n")
        );
    }
    out
}

fn path() -> PathBuf {
    docs().join("compatibility.md")
}

/// Fails when the page says anything else.
pub(super) fn check(table: &str) {
    let page = fs::read_to_string(path()).unwrap();
    assert!(
        page == table,
        "docs/compatibility.md is not what the cases say; write it anew with ALLUVIUM_BLESS=1"
    );
}

pub(super) fn write(table: &str) {
    fs::write(path(), table).unwrap();
}
