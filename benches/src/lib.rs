//! How fast is it, beside the peers, in one run?
//!
//! A benchmark starts the real server, loads the same rows into it and into the peers, checks that all give the same
//! answers, and only then times them, interleaved. What counts are ratios of minima: absolute times drift with the
//! machine.
//!
//! `workload` says what is asked of which rows, in one text that `dialect` writes for each engine; `generate` makes
//! the rows; `engine` runs ours (`node`, over `http`) and the peers (Python, in a `venv`); `compare` checks (`answer`)
//! and times; `traffic` asks with many clients; `report`, `curve` and `plot` show. `twenty_fields` has the rows of programs
//! that need no server.

pub mod answer;
pub mod compare;
pub mod curve;
pub mod dialect;
pub mod druid;
pub mod engine;
pub mod generate;
pub mod http;
pub mod machine;
pub mod node;
pub mod options;
pub mod plot;
pub mod report;
pub mod traffic;
pub mod twenty_fields;
pub mod venv;
pub mod workload;
