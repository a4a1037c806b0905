//! The one-page status view: a page without outside parts, and the one document it polls.

use super::answer::Outcome;
use super::reply::Reply;
use super::request::Request;
use crate::node::Node;

const PAGE: &str = include_str!("../../console/index.html");

/// Tasks shown, newest first.
const TASKS_SHOWN: usize = 20;

/// The page.
pub(crate) fn page(_node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::bytes("text/html; charset=utf-8", PAGE))
}
