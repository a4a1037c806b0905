//! How do requests become answers? The only room that knows hyper.
//!
//! [`serve`](serve::Listener) accepts connections, [`routes`] is the one table of what can be asked,
//! [`answer`] the only writer of error bodies; the other files answer one family of paths each.

mod answer;
mod console;
mod coordinator;
mod datasources;
mod reply;
mod request;
mod routes;
mod serve;
mod status;

pub use routes::{RouteSummary, route_summaries};
pub use serve::Listener;
