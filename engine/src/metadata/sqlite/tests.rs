//! What is particular to the SQLite driver: the conformance suite over it, and how opening fails.

use std::sync::Arc;

use alluvium_segments::catalog::MetadataStore;

use super::*;
use crate::metadata::conformance;

#[test]
fn conforms() {
    conformance::check_all(&|| {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteMetadata::open(&folder.path().join("metadata.sqlite")).unwrap());
        (store as Arc<dyn MetadataStore>, Box::new(folder) as Box<dyn std::any::Any>)
    });
}

#[test]
fn survives_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metadata.sqlite");
    let store = SqliteMetadata::open(&path).unwrap();
    store.set_offsets("s", &[("t".to_owned(), 0, Some(7))]).unwrap();
    drop(store);
    let store = SqliteMetadata::open(&path).unwrap();
    assert_eq!(store.offsets("s").unwrap(), [("t".to_owned(), 0, 7)]);
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metadata.sqlite");
    let store = SqliteMetadata::open(&path).unwrap();
    let error = SqliteMetadata::open(&path).unwrap_err().to_string();
    assert!(error.contains("locked by another server"), "{error}");
    store.set_offsets("s", &[("t".to_owned(), 0, Some(7))]).unwrap();
    let reader = SqliteMetadata::open_read_only(&path).unwrap();
    assert_eq!(reader.offsets("s").unwrap(), [("t".to_owned(), 0, 7)]);
    let error = reader.clear_offsets("s").unwrap_err().to_string();
    assert!(error.contains("read-only"), "{error}");
}

#[test]
fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metadata.sqlite");
    let store = SqliteMetadata::open(&path).unwrap();
    store.connection.lock().execute("INSERT INTO schema_version(version) VALUES (99)", []).unwrap();
    drop(store);
    let error = SqliteMetadata::open(&path).unwrap_err().to_string();
    assert!(error.contains("schema version is 99"), "{error}");
}

#[test]
fn a_foreign_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metadata.sqlite");
    std::fs::write(&path, "this is no database, whatever its name says ............................")
        .unwrap();
    let error = SqliteMetadata::open(&path).unwrap_err().to_string();
    assert!(error.contains("not an intact SQLite file"), "{error}");
}
