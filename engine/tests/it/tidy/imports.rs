//! Who knows whom? Crates by their `Cargo.toml`, libraries by the paths that name them.

use super::{Source, files, is_test, report, rust_files};

/// Which of our crates a crate may depend on.
const ARROWS: [(&str, &[&str]); 7] = [
    ("segments", &[]),
    ("query/expression", &["alluvium-segments", "alluvium-sketches"]),
    ("query/sketches", &[]),
    ("query", &["alluvium-segments", "alluvium-expression", "alluvium-sketches"]),
    ("ingest", &["alluvium-segments", "alluvium-expression", "alluvium-sketches"]),
    ("engine", &["alluvium-segments", "alluvium-query", "alluvium-ingest", "alluvium-expression"]),
    (
        "benches",
        &["alluvium-segments", "alluvium-query", "alluvium-ingest", "alluvium-expression", "alluvium"],
    ),
];

/// A library, as paths spell it, and the rooms that may.
const ROOMS: [(&str, &[&str]); 12] = [
    ("hyper", &["engine/src/http/"]),
    ("rdkafka", &["ingest/src/source/kafka"]),
    ("arrow", &["query/src/sql/", "query/src/answer", "ingest/src/parse/"]),
    ("parquet", &["query/src/sql/", "query/src/answer", "ingest/src/parse/"]),
    ("datafusion", &["query/src/sql/", "query/src/answer"]),
    ("memmap2", &["segments/src/file/map"]),
    ("rusqlite", &["engine/src/metadata"]),
    ("pgwire", &["engine/src/pg"]),
    ("prost", &["engine/src/avatica", "engine/src/flight"]),
    ("tonic", &["engine/src/flight"]),
    ("arrow_flight", &["engine/src/flight"]),
    ("tokio_postgres", &["engine/src/lookups/jdbc", "engine/src/metadata"]),
];

#[test]
fn crates_know_only_whom_they_may() {
    let mut findings = Vec::new();
    for (name, allowed) in ARROWS {
        let manifest = files(&[name], &["Cargo.toml"]);
        let path = format!("{name}/Cargo.toml");
        let manifest = manifest.iter().find(|m| m.path == path).unwrap();
        let dependencies = manifest.text.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        for line in dependencies.lines().filter(|l| l.starts_with("alluvium")) {
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if !allowed.contains(&dependency) {
                findings
                    .push(format!("{path}: drop `{dependency}`; what both need belongs in a crate below"));
            }
        }
    }
    report(&findings);
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut findings = Vec::new();
    // Tests look at us from outside, and may use what a client uses; benchmarks are all outside.
    let outside = |path: &str| is_test(path) || path.starts_with("benches/");
    for Source { path, text } in rust_files().into_iter().filter(|s| !outside(&s.path)) {
        for (library, rooms) in ROOMS {
            if rooms.iter().any(|room| path.starts_with(room)) {
                continue;
            }
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                if names(code, library) {
                    let room = rooms.join(" or ");
                    findings.push(format!("{path}:{}: `{library}` may be known in {room} only", number + 1));
                }
            }
        }
    }
    report(&findings);
}

/// Whether a line of code has a path that starts with the library's name.
fn names(code: &str, library: &str) -> bool {
    code.match_indices(&format!("{library}::")).any(|(at, _)| {
        !code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:\"'`".contains(before))
    })
}

#[test]
fn the_search_for_paths_works() {
    assert!(names("use hyper::Method;", "hyper"));
    assert!(names("fn f() -> hyper::Method", "hyper"));
    assert!(!names("use crate::hyper::x; use my_hyper::y", "hyper"));
}
