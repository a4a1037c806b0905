//! How do the metrics of rows that are rolled up become one? As the metric's function says; nulls are skipped.

use std::ops::Range;

use super::merge::{Strings, merge};
use super::order::{Loaded, Order};
use super::texts::{Piece, Texts};
use crate::combine::{Combine, refused};
use crate::{CombineStates, MetricFunction, NullMask, SegmentError};

/// Combines the rows `order[group]` of each group.
pub(super) fn combine_groups<T: Combine + Default>(
    values: &[T],
    nulls: &NullMask,
    order: &[u32],
    groups: impl Iterator<Item = Range<usize>>,
    function: MetricFunction,
) -> (Vec<T>, NullMask) {
    let (mut out, mut mask) = (Vec::new(), NullMask::default());
    for group in groups {
        let rows = order.get(group).unwrap_or_default().iter().map(|row| *row as usize);
        let present = rows.filter(|row| !nulls.is_null(*row)).filter_map(|row| values.get(row).copied());
        let sum = present.reduce(|a, b| a.combine(function, b));
        mask.push(sum.is_none());
        out.push(sum.unwrap_or_default());
    }
    (out, mask)
}

/// Makes one state of those of each group, which the group's first row has then.
pub(super) fn combine_states(
    name: &str,
    mut states: Strings,
    order: &Order,
    combine: Result<Box<dyn CombineStates + Send>, String>,
) -> Result<Loaded, SegmentError> {
    let combine = combine.map_err(|reason| refused(name, &reason))?;
    let mut made = Vec::new();
    let known = states.cardinality();
    for group in order.ranges() {
        let rows = order.rows.get(group).unwrap_or_default();
        let (Some(first), true) = (rows.first(), rows.len() > 1) else { continue };
        let ids = rows.iter().filter_map(|row| states.row(*row as usize).first().copied());
        let present: Vec<u32> = ids.filter(|id| *id != 0).collect();
        let id = match present.as_slice() {
            [] => 0,
            [one] => *one,
            several => {
                let mut texts = several.iter().filter_map(|id| states.text(*id));
                made.push(combine.combine(&mut texts).map_err(|reason| refused(name, &reason))?);
                known + made.len() as u32 - 1
            }
        };
        if let Some(place) = states.ids.get_mut(*first as usize) {
            *place = id;
        }
    }
    if made.is_empty() {
        return Ok(Loaded::String(states));
    }
    // Rows that are rolled up into others are not written: their states need not be in the dictionary.
    let kept = order.firsts();
    let mut ids = vec![0; states.ids.len()];
    for row in kept.rows() {
        ids[*row as usize] = states.ids[*row as usize];
    }
    let mut texts = Vec::with_capacity(known as usize + made.len());
    texts.extend((1..known).map(|id| states.text(id).unwrap_or_default().to_owned()));
    texts.extend(made);
    Ok(Loaded::String(merge(vec![Piece { texts: Texts::Made(texts), ids, offsets: None }])?))
}
