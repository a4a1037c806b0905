//! Do the documents speak of what exists? Every path they name, and every endpoint's place in the table.

use super::{Source, files, report, root};

/// Folders and files a path of ours starts with.
const STARTS: [&str; 9] =
    ["segments/", "query/", "ingest/", "engine/", "benches/", "examples/", "docs/", ".ci/", "Cargo.toml"];

#[test]
fn every_path_a_document_names_exists() {
    let folders = ["segments", "query", "ingest", "engine", "benches", "examples"];
    let mut documents = files(&folders, &[".md"]);
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        documents.extend(files(&[name], &[".md"]));
    }
    let mut findings = Vec::new();
    let mut named = 0;
    for Source { path, text } in documents {
        for word in quoted(&text) {
            if !STARTS.iter().any(|start| word.starts_with(start)) || word.contains(['*', '<', '{', ' ']) {
                continue;
            }
            named += 1;
            if !root().join(word).exists() {
                findings.push(format!("{path}: `{word}` does not exist; name the file that does"));
            }
        }
    }
    assert!(named > 20, "the search for paths in documents found only {named}");
    report(&findings);
}

/// What stands between single backticks, outside code blocks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.lines()).flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn routes_are_unique_and_described() {
    let mut findings = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for route in alluvium::http::route_summaries() {
        if !seen.insert((route.method, route.path)) {
            findings.push(format!("{} {} stands twice in the table; drop one", route.method, route.path));
        }
        if route.summary.is_empty() || (route.path.len() > 1 && route.path.ends_with('/')) {
            findings.push(format!("{}: give it a summary, and no trailing slash", route.path));
        }
    }
    assert!(seen.len() > 40, "the table of routes has only {} entries", seen.len());
    report(&findings);
}
