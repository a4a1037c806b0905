//! Which features of Druid's reference pages are there? One line a feature of `docs/compatibility/features.toml`, backed by the
//! cases and tests that are about it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::cases::Case;
use super::judge::{Outcome, Verdict};
use super::{known, named};

const HEAD: &str = "# Compatibility\n\n\
    Every feature that Druid's reference pages on native queries and SQL name, and whether it is here. The table is made by a \
    test from `docs/compatibility/features.toml`, the cases in `engine/tests/it/conformance` (most hold the answers of a real \
    Druid 33, some are worked out by hand) and the tests that `docs/compatibility/tests.toml` names for what is no query:\n\n\
    - **yes**: every case and test about it passes; one of them is named.\n\
    - **different**: some are answered otherwise; the first is named (`engine/tests/it/conformance/known.txt` has all, with reasons).\n\
    - **no**: it is refused with an error that says so; the named case or test sees it.\n\n";

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

/// What a case or a test says of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Yes,
    Different,
    No,
}

impl Says {
    /// Of a case: an error that is wanted because there is no such thing here says no.
    fn of(case: &Case, verdict: Verdict) -> Self {
        match verdict {
            Verdict::Same if case.missing => Self::No,
            Verdict::Same => Self::Yes,
            Verdict::Refused => Self::No,
            Verdict::Different | Verdict::Accepted => Self::Different,
        }
    }
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// What is said of a feature, and what shows it; `None` when nothing is about it.
fn verdict(found: &[(String, Says)]) -> Option<(&'static str, &str)> {
    let first =
        |wanted: &dyn Fn(Says) -> bool| found.iter().find(|(_, says)| wanted(*says)).map(|(id, _)| id);
    let yes = first(&|says| says == Says::Yes);
    let other = first(&|says| says != Says::Yes);
    match (yes, other) {
        (Some(shown), None) => Some(("yes", shown)),
        (None, Some(shown)) if found.iter().all(|(_, says)| *says == Says::No) => Some(("no", shown)),
        (_, Some(shown)) => Some(("different", shown)),
        (None, None) => None,
    }
}

/// By feature (`kind name`), the cases and tests about it, in Markdown. Fails when one is about a feature that is not in
/// the list.
fn backed(
    features: &[Feature],
    cases: &[Case],
    outcomes: &BTreeMap<String, Outcome>,
) -> HashMap<String, Vec<(String, Says)>> {
    let mut found: HashMap<String, Vec<(String, Says)>> = HashMap::new();
    for feature in features {
        found.entry(format!("{} {}", feature.kind, feature.name)).or_default();
    }
    let mut unknown = Vec::new();
    let mut back = |shown: String, says: Says, features: &[String]| {
        for feature in features {
            match found.get_mut(feature) {
                Some(backed) => backed.push((shown.clone(), says)),
                None => unknown.push(format!("{shown}: {feature}")),
            }
        }
    };
    let varying = known::varying();
    for case in cases.iter().filter(|case| !varying.contains(&case.id)) {
        back(format!("`{}`", case.id), Says::of(case, outcomes[&case.id].verdict), &case.features);
    }
    for test in named::tests(&docs()) {
        let why = if test.why.is_empty() { String::new() } else { format!(": {}", test.why) };
        back(format!("`{}`{why}", test.id()), test.says(), &test.features);
    }
    assert!(unknown.is_empty(), "not in docs/compatibility/features.toml:\n{}", unknown.join("\n"));
    found
}

/// The page as Markdown. Fails when a feature has neither a case nor a test.
pub(super) fn table(cases: &[Case], outcomes: &BTreeMap<String, Outcome>) -> String {
    let list = fs::read_to_string(docs().join("compatibility/features.toml")).unwrap();
    let features: Features = toml::from_str(&list).unwrap();
    let found = backed(&features.feature, cases, outcomes);
    let mut pages: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    let mut bare = Vec::new();
    for Feature { page, kind, name } in &features.feature {
        let Some((says, shown)) = verdict(&found[&format!("{kind} {name}")]) else {
            bare.push(format!("{kind} {name}"));
            continue;
        };
        *totals.entry(says).or_default() += 1;
        let text = |text: &str| text.replace('|', "\\|");
        pages.entry(page).or_default().push(format!("| {kind} | {} | {says} | {shown} |", text(name)));
    }
    assert!(
        bare.is_empty(),
        "shown by no case, and by no test of docs/compatibility/tests.toml:\n{}",
        bare.join("\n")
    );
    let mut out = String::from(HEAD);
    let total = |(says, count): (&&str, &usize)| format!("{count} {says}");
    let _ = writeln!(out, "In all: {}.", totals.iter().map(total).collect::<Vec<_>>().join(", "));
    for (page, lines) in pages {
        let _ = write!(
            out,
            "\n## {page}\n\n| kind | name | here | shown by |\n|---|---|---|---|\n{}\n",
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
