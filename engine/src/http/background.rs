//! Where does the work of a query run? On the query threads, so that answering others goes on; it ends with the
//! request that wanted it.

use std::future::Future;

use tokio::task::JoinHandle;

use super::answer::Refusal;
use crate::node::Node;

/// A task that is ended when nobody waits for it any more: the client has closed its connection.
struct EndOnDrop<T>(JoinHandle<T>);

impl<T> Drop for EndOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs on the query threads; is given up when the returned future is dropped.
pub(crate) async fn on_query_threads<T: Send + 'static>(
    node: &Node,
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    let mut task = EndOnDrop(node.query_threads().spawn(work));
    match (&mut task.0).await {
        Ok(result) => result,
        Err(error) => Err(Refusal::crashed(&error.to_string())),
    }
}
