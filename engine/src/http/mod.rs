//! How do requests become answers? The only room that knows hyper.
//!
//! [`serve`](serve::Listener) accepts connections, [`table`] says what can be asked, [`routes`] finds it, [`answer`] is
//! the only writer of error bodies, [`reply`] is what goes out; the other files answer one family of paths each.

mod answer;
mod avatica;
mod background;
mod console;
mod coordinator;
mod datasources;
mod marking;
mod metrics;
mod native;
mod reply;
mod request;
mod routes;
mod serve;
mod sql;
mod statements;
mod status;
mod supervisors;
mod table;
mod tasks;

pub use routes::{RouteSummary, route_summaries};
pub use serve::Listener;
