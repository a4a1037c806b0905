//! How do the pieces of a segment become one result that is kept? Each piece leaves its groups here; who leaves the last
//! puts them together, in their order, and hands them on.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::QueryError;
use crate::cache::Place;
use crate::partial::Merger;
use crate::plan::AggregatePlan;

/// What a cache has to do with a task.
#[derive(Debug)]
pub(super) enum Cached {
    /// It knows the result of the task's part.
    Known(Arc<Vec<u8>>),
    /// It is to keep the result of the task's part, of which the task is the piece of this number.
    Piece(Arc<Whole>, usize),
}

impl Cached {
    /// For the pieces of one part.
    pub(super) fn pieces(place: Place, count: usize) -> impl Iterator<Item = Self> {
        let pieces = Mutex::new(Pieces { place: Some(place), left: count, done: Vec::with_capacity(count) });
        let whole = Arc::new(Whole { pieces });
        (0..count).map(move |at| Self::Piece(Arc::clone(&whole), at))
    }
}

/// The result of a part, in pieces.
#[derive(Debug)]
pub(super) struct Whole {
    pieces: Mutex<Pieces>,
}

#[derive(Debug)]
struct Pieces {
    place: Option<Place>,
    left: usize,
    done: Vec<(usize, Merger)>,
}

impl Whole {
    /// Takes the groups of a piece; the last time those of all pieces are kept and added to `into`.
    pub(super) fn done(
        &self,
        piece: (usize, Merger),
        plan: &AggregatePlan,
        into: &mut Merger,
    ) -> Result<(), QueryError> {
        let (place, mut all) = {
            let mut pieces = self.pieces.lock();
            pieces.done.push(piece);
            pieces.left = pieces.left.saturating_sub(1);
            if pieces.left > 0 {
                return Ok(());
            }
            (pieces.place.take(), std::mem::take(&mut pieces.done))
        };
        all.sort_by_key(|(at, _)| *at);
        let mut all = all.into_iter().map(|(_, merger)| merger);
        let Some(mut whole) = all.next() else { return Ok(()) };
        for merger in all {
            whole.append(plan, merger)?;
        }
        let bytes = into.append_as_bytes(plan, whole)?;
        if let Some(place) = place {
            place.put(bytes);
        }
        Ok(())
    }
}
