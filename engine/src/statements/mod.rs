//! How is a query answered that nobody waits for? It is accepted, runs when there is room, and its rows are kept in the data
//! folder in pages, for a while.
//!
//! `run` takes statements and runs them, `status` says how one of them stands, `folder` keeps what is known of them on
//! disk, over restarts, and `page` writes and reads the rows.

mod folder;
mod page;
mod run;
mod status;

pub(crate) use page::Pieces;
pub(crate) use run::{Ended, Statements, Submitted};
