//! Which rows of a segment are in a scope? Block by block, for whoever wants to look at them.

use alluvium_segments::{BLOCK_ROWS, SegmentRef};

use super::select::{Selection, Selector};
use super::source::Source;
use crate::QueryError;
use crate::filter::Verdicts;
use crate::plan::Scope;
use crate::run::Control;

/// Calls `each` for every block that has rows in the scope, narrowed to these, with what `prepare` made of the
/// segment.
pub(crate) fn visit<S>(
    (scope, verdicts): (&Scope, &Verdicts),
    segment: &SegmentRef,
    control: &Control,
    prepare: impl FnOnce(&mut Source<'_>) -> Result<S, QueryError>,
    mut each: impl FnMut(&mut S, &mut Source<'_>) -> Result<(), QueryError>,
) -> Result<S, QueryError> {
    let rows = segment.segment.rows();
    let blocks = 0..rows.div_ceil(BLOCK_ROWS);
    let mut source = Source::new(&segment.segment, &scope.virtual_columns, verdicts);
    let mut state = prepare(&mut source)?;
    let Some(mut selector) = Selector::new(scope, segment, &blocks, &mut source)? else {
        return Ok(state);
    };
    let mut positions = Vec::new();
    for block in blocks {
        control.check()?;
        let range = block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(rows);
        source.begin(range.clone());
        control.scanned(range.len() as u64);
        match selector.select(&mut source, range, &mut positions)? {
            Selection::None => continue,
            Selection::Some => source.narrow(&positions),
            Selection::All => {}
        }
        each(&mut state, &mut source)?;
    }
    control.copied_live(source.copied_live());
    Ok(state)
}
