//! How does an answer come in frames? As many rows as are asked for, within the server's bounds; when none are there
//! for a while, an empty frame that says there may be more.

use std::collections::VecDeque;
use std::time::Duration;

use alluvium_query::sql::{SqlColumn, SqlValue};
use tokio::time::{Instant, timeout_at};

use super::fault::Fault;
use super::response::Frame;
use crate::config::AvaticaConfig;
use crate::rows::{Part, RowFeed};

/// A call is answered after this time whether there are rows or not, before a client or a proxy loses patience.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer that is fetched.
#[derive(Debug)]
pub(super) struct Frames {
    /// `None` when nothing more comes.
    feed: Option<RowFeed>,
    columns: Option<Vec<SqlColumn>>,
    /// Rows that are there.
    ready: VecDeque<Vec<SqlValue>>,
    /// Rows given so far.
    given: u64,
    /// Rows that may still come.
    left: u64,
}

impl Frames {
    /// The frames of an answer of which at most `max_rows` are wanted.
    pub(super) fn new(feed: RowFeed, max_rows: Option<u64>) -> Self {
        let left = max_rows.unwrap_or(u64::MAX);
        Self { feed: Some(feed), columns: None, ready: VecDeque::new(), given: 0, left }
    }

    /// The columns, if the query has come so far in time.
    pub(super) async fn columns(&mut self) -> Result<Option<&[SqlColumn]>, Fault> {
        let until = Instant::now() + PATIENCE;
        while self.columns.is_none() && self.wait(until).await? {}
        Ok(self.columns.as_deref())
    }

    /// The next frame. `offset` must be the number of rows given.
    pub(super) async fn frame(&mut self, offset: u64, rows: usize) -> Result<Frame, Fault> {
        if offset != self.given {
            let given = self.given;
            return Err(Fault::new(format!(
                "fetches go forward only: row {offset} is asked for, row {given} is next"
            )));
        }
        let until = Instant::now() + PATIENCE;
        while self.ready.len() < rows && self.wait(until).await? {}
        // The end may be there behind the last row.
        while self.ready.len() <= rows {
            let Some(part) = self.feed.as_mut().and_then(RowFeed::ready) else { break };
            self.take(part)?;
        }
        let rows: Vec<Vec<SqlValue>> = self.ready.drain(..rows.min(self.ready.len())).collect();
        self.given += rows.len() as u64;
        Ok(Frame { offset, done: self.feed.is_none() && self.ready.is_empty(), rows })
    }

    /// Waits for the next part; false when there is none, or none in time.
    async fn wait(&mut self, until: Instant) -> Result<bool, Fault> {
        let Some(feed) = &mut self.feed else { return Ok(false) };
        match timeout_at(until, feed.next()).await {
            Err(_) => Ok(false),
            Ok(Some(part)) => self.take(part).map(|()| true),
            Ok(None) => {
                self.feed = None;
                Err(Fault::new("the statement was closed"))
            }
        }
    }

    fn take(&mut self, part: Part) -> Result<(), Fault> {
        match part {
            Part::Columns(columns) => self.columns = Some(columns),
            Part::Rows(rows) => {
                let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(rows.len());
                self.left -= wanted as u64;
                self.ready.extend(rows.into_iter().take(wanted));
                if self.left == 0 {
                    self.feed = None;
                }
            }
            Part::End => self.feed = None,
            Part::Failed(error) => {
                self.feed = None;
                return Err(error.into());
            }
        }
        Ok(())
    }
}

/// The rows of a frame for which a client wants `wanted` (negative: it does not say), as Druid bounds them.
pub(super) fn bounded(wanted: i64, config: &AvaticaConfig) -> usize {
    let most = config.max_rows_per_frame;
    let rows = usize::try_from(wanted).map_or(most, |wanted| wanted.min(most));
    rows.max(config.min_rows_per_frame).max(1)
}

#[cfg(test)]
mod tests {
    use alluvium_query::QueryError;

    use super::*;

    fn rows(numbers: std::ops::Range<i64>) -> Part {
        Part::Rows(numbers.map(|number| vec![SqlValue::Long(number)]).collect())
    }

    fn numbers(frame: &Frame) -> Vec<i64> {
        let number = |row: &Vec<SqlValue>| match row.as_slice() {
            [SqlValue::Long(number)] => *number,
            other => panic!("{other:?}"),
        };
        frame.rows.iter().map(number).collect()
    }

    #[tokio::test]
    async fn frames_go_forward_to_the_end() {
        let parts = vec![Part::Columns(Vec::new()), rows(0..3), rows(3..7), Part::End];
        let mut frames = Frames::new(RowFeed::of(parts), None);
        assert_eq!(frames.columns().await.unwrap(), Some(&[][..]));
        let first = frames.frame(0, 5).await.unwrap();
        assert_eq!((numbers(&first), first.offset, first.done), ((0..5).collect(), 0, false));
        assert!(frames.frame(0, 5).await.unwrap_err().message.contains("row 5 is next"));
        let second = frames.frame(5, 5).await.unwrap();
        assert_eq!((numbers(&second), second.offset, second.done), (vec![5, 6], 5, true));
    }

    #[tokio::test]
    async fn no_more_rows_than_wanted() {
        let parts = vec![Part::Columns(Vec::new()), rows(0..3), rows(3..7), Part::End];
        let mut frames = Frames::new(RowFeed::of(parts), Some(4));
        let only = frames.frame(0, 100).await.unwrap();
        assert_eq!((numbers(&only), only.done), ((0..4).collect(), true));
        assert!(frames.frame(4, 100).await.unwrap().done);
    }

    #[tokio::test]
    async fn failures_and_closed_statements_are_told() {
        let failed = Part::Failed(QueryError::Cancelled("q".to_owned()));
        let mut frames = Frames::new(RowFeed::of(vec![Part::Columns(Vec::new()), rows(0..3), failed]), None);
        let fault = frames.frame(0, 5).await.unwrap_err();
        assert!(fault.message.contains("was cancelled"), "{fault:?}");
        let mut closed = Frames::new(RowFeed::of(vec![rows(0..3)]), None);
        assert!(closed.frame(0, 5).await.unwrap_err().message.contains("closed"));
    }

    #[test]
    fn sizes_have_bounds() {
        let config = AvaticaConfig::default();
        assert_eq!([-1, 0, 1, 500, 1_000_000].map(|n| bounded(n, &config)), [5000, 100, 100, 500, 5000]);
        let small = AvaticaConfig { min_rows_per_frame: 0, max_rows_per_frame: 2, ..config };
        assert_eq!([-1, 0, 1, 5].map(|n| bounded(n, &small)), [2, 1, 1, 2]);
    }
}
