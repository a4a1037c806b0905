//! What does an SQL text mean, and how is it answered?
//!
//! The walk of a text: `request` and `statement` read it, `prepare` finds the plan of an earlier text that differs by
//! values only. Where there is none, `rewrite` turns Druid's dialect into plain SQL, `planner` finds names in one
//! snapshot and plans, `types` says of which types its columns are, `coerce` and `operators` make types meet, DataFusion optimises, and `translate` replaces what stands over one
//! datasource by segment work (`node`, run through `access` by the engine that also answers native queries). The plan
//! runs as it is where only order and limit stand above (`direct`), in DataFusion otherwise (`upper`, `exec`; its `memory`), and `answer`
//! writes the rows, which protocols without text take as they are (`rows`, told beforehand by `describe`); `kept` knows the answers of earlier requests. `functions` and `aggregates` are Druid's own; `metadata` and `system` are the tables about tables.

mod access;
mod aggregates;
mod answer;
mod arrays;
mod arrow_messages;
mod coerce;
mod describe;
mod dialect;
mod direct;
mod engine;
mod exact;
mod exec;
mod explain;
mod fault;
mod forms;
mod functions;
mod grammar;
mod joined;
mod kept;
mod lookups;
mod lower;
mod memory;
mod metadata;
mod node;
mod opened;
mod operators;
mod order;
mod pg_catalog;
mod planner;
mod prepare;
mod relations;
mod request;
mod rewrite;
mod rows;
mod run;
mod several;
mod signatures;
mod single;
mod spelling;
mod statement;
mod subqueries;
mod system;
mod table;
mod top_n;
mod totals;
mod translate;
mod types;
mod upper;
mod values;

pub use answer::{SqlColumn, SqlType, SqlValue};
pub use arrow_messages::{ArrowDescription, ArrowMessage, SqlArrow, parameters};
pub use describe::SqlDescription;
pub use engine::{SqlEngine, SqlOptions};
pub use fault::Position;
pub use memory::MemoryOptions;
pub use opened::Opened;
pub use pg_catalog::{CatalogAnswer, CatalogStatement};
pub use request::{ResultFormat, SqlParameter, SqlRequest};
pub use rows::SqlRows;
pub use run::{SqlAnswer, SqlBody};
pub use system::{NoSystemTables, SYSTEM_TABLES, SystemTable, SystemTables, SystemType};

#[cfg(test)]
mod tests;

/// Stack that a thread planning and running statements needs, in bytes: plans are walked by recursion, and as
/// many levels as a statement may have must fit. Only what is used takes memory.
pub const STACK_BYTES: usize = 64 << 20;
