//! How does a batch task walk its rows from files to a commit? It reads everything into segments nobody sees yet,
//! with bounded memory, and publishes them all at once: beside what is there, or instead of it.

mod run;
mod status;

pub(crate) use run::BatchRun;
pub(crate) use status::BatchStatus;
