//! Which tests show a feature that no query can: an endpoint, a client, a setting? `docs/compatibility/tests.toml` names them
//! by file and function; a function that is not there, or is no test, fails.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::table::Says;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tests {
    test: Vec<Test>,
}

/// A test and what it shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Test {
    /// The file, from the top of the repository.
    file: String,
    /// The function.
    name: String,
    /// `yes` when left out; `no` of a test that sees the refusal, `different` of one that says how.
    #[serde(default)]
    here: Here,
    /// In what it differs.
    #[serde(default)]
    pub(super) why: String,
    /// `kind name` of the entries of `features.toml` that it shows.
    pub(super) features: Vec<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Here {
    #[default]
    Yes,
    No,
    Different,
}

impl Test {
    /// How the page names it.
    pub(super) fn id(&self) -> String {
        format!("{}::{}", self.file, self.name)
    }

    pub(super) fn says(&self) -> Says {
        match self.here {
            Here::Yes => Says::Yes,
            Here::No => Says::No,
            Here::Different => Says::Different,
        }
    }

    /// What is wrong with the entry.
    fn complaint(&self, top: &Path) -> Option<String> {
        let Ok(text) = fs::read_to_string(top.join(&self.file)) else {
            return Some(format!("{}: no such file", self.file));
        };
        if !is_test(&text, &self.name) {
            return Some(format!("{}: no such test", self.id()));
        }
        if (self.here == Here::Different) == self.why.is_empty() {
            return Some(format!("{}: `why` is for what is different, and only for that", self.id()));
        }
        self.features.is_empty().then(|| format!("{}: shows nothing", self.id()))
    }
}

/// Whether a text has a test function of the name: the lines before it, up to a blank one, have `#[test]` or its like.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let heads = [format!("fn {name}("), format!("async fn {name}(")];
    lines.iter().enumerate().any(|(at, line)| {
        let above = lines[..at].iter().rev();
        heads.iter().any(|head| line.starts_with(head.as_str()))
            && above
                .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
                .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

/// The list. Fails when an entry is of no test.
pub(super) fn tests(docs: &Path) -> Vec<Test> {
    let text = fs::read_to_string(docs.join("compatibility/tests.toml")).unwrap();
    let list: Tests = toml::from_str(&text).unwrap_or_else(|e| panic!("tests.toml: {e}"));
    let top = docs.parent().unwrap();
    let wrong: Vec<String> = list.test.iter().filter_map(|test| test.complaint(top)).collect();
    assert!(wrong.is_empty(), "docs/compatibility/tests.toml\n{}", wrong.join("\n"));
    list.test
}

#[test]
fn only_tests_are_tests() {
    let text = "/// Says.\n#[test]\nfn one() {\n}\n\nfn two() {}\n\n#[test]\n\nfn three() {}\n    #[test]\n    // Why.\n    fn four() {}\n";
    let found: Vec<&str> =
        ["one", "two", "three", "four", "on", "five"].into_iter().filter(|n| is_test(text, n)).collect();
    assert_eq!(found, ["one", "four"]);
}
