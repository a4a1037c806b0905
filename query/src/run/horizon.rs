//! How far back in time may a row lie that is still wanted? When only the first rows by time are asked for, tasks that
//! have found enough of them tell the others, which skip what lies beyond.

use std::sync::atomic::{AtomicI64, Ordering};

use alluvium_segments::TIME_COLUMN;

use crate::plan::RowsPlan;

/// The time of the last row that may be wanted; rows of this very time still are.
#[derive(Debug)]
pub(crate) struct Horizon {
    descending: bool,
    time: AtomicI64,
}

impl Horizon {
    /// Of a plan that asks for a number of rows in the order of time first.
    pub(crate) fn of(plan: &RowsPlan) -> Option<Self> {
        let first = plan.order.first().filter(|by| by.column == TIME_COLUMN)?;
        plan.limit?;
        let time = AtomicI64::new(if first.descending { i64::MIN } else { i64::MAX });
        Some(Self { descending: first.descending, time })
    }

    /// Whether later times come first.
    pub(crate) fn descending(&self) -> bool {
        self.descending
    }

    /// Enough rows were found of which none is beyond `time`.
    pub(crate) fn draw(&self, time: i64) {
        if self.descending {
            self.time.fetch_max(time, Ordering::Relaxed);
        } else {
            self.time.fetch_min(time, Ordering::Relaxed);
        }
    }

    /// Whether rows are still wanted of which some may lie at `min` or `max`.
    pub(crate) fn reaches(&self, (min, max): (i64, i64)) -> bool {
        let time = self.time.load(Ordering::Relaxed);
        if self.descending { max >= time } else { min <= time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::RowOrderBy;

    #[test]
    fn draws_nearer_only() {
        let by = |column: &str, descending| RowOrderBy { column: column.to_owned(), descending };
        let plan = |order, limit| RowsPlan { columns: Vec::new(), order, offset: 0, limit };
        assert!(Horizon::of(&plan(vec![by("page", true)], Some(1))).is_none());
        assert!(Horizon::of(&plan(vec![by(TIME_COLUMN, true)], None)).is_none());
        let down = Horizon::of(&plan(vec![by(TIME_COLUMN, true)], Some(5))).unwrap();
        assert!(down.reaches((0, 0)));
        down.draw(100);
        down.draw(50);
        assert!(down.reaches((0, 100)) && !down.reaches((0, 99)));
        let up = Horizon::of(&plan(vec![by(TIME_COLUMN, false), by("page", true)], Some(5))).unwrap();
        up.draw(100);
        up.draw(150);
        assert!(up.reaches((100, 300)) && !up.reaches((101, 300)));
    }
}
