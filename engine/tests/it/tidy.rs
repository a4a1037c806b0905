//! Does the source keep the rules of the house? Each finding says what to do about it.

mod documents;
mod imports;

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the repository: its path from the root, with `/`, and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

const CRATES: [&str; 7] =
    ["segments", "query", "query/expression", "query/sketches", "ingest", "engine", "benches"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All files below `folders` with one of the endings.
fn files(folders: &[&str], endings: &[&str]) -> Vec<Source> {
    let mut waiting: Vec<PathBuf> = folders.iter().map(|f| root().join(f)).collect();
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        } else if endings.iter().any(|e| name.ends_with(e)) {
            let relative = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            found.push(Source { path: relative, text: fs::read_to_string(&path).unwrap() });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Every Rust file of ours.
pub(crate) fn rust_files() -> Vec<Source> {
    let found = files(&["segments", "query", "ingest", "engine", "benches"], &[".rs"]);
    assert!(found.len() > 50, "the walk over the source found only {} files", found.len());
    found
}

/// Whether a file holds tests only.
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Fails with all findings at once.
pub(crate) fn report(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn files_are_short_and_open_with_a_head() {
    let mut findings = Vec::new();
    for Source { path, text } in rust_files() {
        let lines = text.lines().count();
        let sign = path.ends_with("/mod.rs") || path.ends_with("/lib.rs");
        let limit = if sign && !path.contains("/tests/") { 150 } else { 500 };
        if lines > limit {
            findings
                .push(format!("{path}: {lines} lines; split it into files of at most {limit} by question"));
        }
        if !text.starts_with("//! ") {
            findings
                .push(format!("{path}: open it with a `//!` line that says which question the file answers"));
        }
        let tests = text.lines().position(|l| l == "mod tests {").map_or(0, |start| lines - start);
        if tests > 130 && !is_test(&path) {
            findings.push(format!("{path}: {tests} lines of tests; move them to `tests.rs`"));
        }
    }
    report(&findings);
}

#[test]
fn nothing_unfinished_is_committed() {
    // Put together here, so that this file does not find itself.
    let words = [("FIX", "ME"), ("dbg", "!("), ("todo", "!("), ("unimplemented", "!("), ("XX", "X:")];
    let mut findings = Vec::new();
    for Source { path, text } in rust_files() {
        for (number, line) in text.lines().enumerate() {
            for word in words.map(|(a, b)| format!("{a}{b}")) {
                if line.contains(&word) {
                    findings.push(format!(
                        "{path}:{}: finish it or file an issue, then drop `{word}`",
                        number + 1
                    ));
                }
            }
        }
    }
    report(&findings);
}

#[test]
fn source_is_ascii() {
    let mut findings = Vec::new();
    let code = rust_files().into_iter().chain(files(&CRATES, &["Cargo.toml", ".html"]));
    for Source { path, text } in code {
        for (number, line) in text.lines().enumerate() {
            if let Some(odd) = line.chars().find(|c| !c.is_ascii()) {
                let escape = odd.escape_unicode();
                findings.push(format!("{path}:{}: write `{escape}` for `{odd}`, or plain words", number + 1));
            }
        }
    }
    report(&findings);
}

#[test]
fn unsafe_stays_in_its_rooms() {
    let rooms =
        ["segments/src/kernel", "segments/src/file/map", "query/src/group/", "ingest/src/source/kafka"];
    let (keyword, allowance) = (["un", "safe "].concat(), ["allow(un", "safe_code"].concat());
    let mut findings = Vec::new();
    for Source { path, text } in rust_files() {
        let at_home = rooms.iter().any(|room| path.starts_with(room));
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let opens = code.contains(&format!("{keyword}{{")) || code.contains(&format!("{keyword}impl"));
            if (opens || code.contains(&allowance)) && !at_home {
                findings.push(format!("{path}:{}: move it into {}", number + 1, rooms.join(" or ")));
            }
            let noted = lines[number.saturating_sub(6)..=number].iter().any(|l| l.contains("SAFETY:"));
            if opens && !noted {
                findings
                    .push(format!("{path}:{}: say why it is sound in a `// SAFETY:` note above", number + 1));
            }
        }
    }
    report(&findings);
}
