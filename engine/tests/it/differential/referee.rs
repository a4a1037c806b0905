//! Who says what is right? SQLite in process, over the same rows in two tables.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::data::Row;

pub(super) struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    pub(super) fn load(rows: &[Row]) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "PRAGMA case_sensitive_like = ON;
                 CREATE TABLE rows(id INTEGER PRIMARY KEY, t INTEGER, s TEXT, h TEXT, l INTEGER, d REAL);
                 CREATE TABLE tags(id INTEGER, tag TEXT);
                 CREATE INDEX tags_id ON tags(id);
                 BEGIN;",
            )
            .unwrap();
        for (id, row) in rows.iter().enumerate() {
            let id = id as i64;
            connection
                .execute(
                    "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)",
                    params![id, row.t, row.s, row.h, row.l, row.d],
                )
                .unwrap();
            for tag in &row.tags {
                connection.execute("INSERT INTO tags VALUES (?, ?)", params![id, tag]).unwrap();
            }
        }
        connection.execute_batch("COMMIT").unwrap();
        Self { connection }
    }

    pub(super) fn ask(&self, sql: &str) -> Vec<Vec<Value>> {
        let mut statement = self.connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut answer = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            answer.push((0..columns).map(|n| value(row.get_ref(n).unwrap())).collect());
        }
        answer
    }
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
        ValueRef::Integer(n) => json!(n),
        ValueRef::Real(n) => json!(n),
        ValueRef::Text(text) => json!(std::str::from_utf8(text).unwrap()),
    }
}
