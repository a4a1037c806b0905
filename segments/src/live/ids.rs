//! How are the dictionary ids of string rows kept? One a row as long as no row needs more.

use std::ops::Range;

/// The ids of each row. Starts out with one id a row and becomes multi when a row first needs it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ids {
    /// While single: one a row, 0 for null. Then: those of all rows, none for null, `[0]` for the list of one null.
    ids: Vec<u32>,
    /// Where each row begins in `ids`, and where the last ends; none while there is one id a row.
    offsets: Option<Vec<u32>>,
}

impl Ids {
    pub(crate) fn len(&self) -> usize {
        self.offsets.as_ref().map_or(self.ids.len(), |o| o.len() - 1)
    }

    /// Number of ids, those of null rows included where they are stored.
    pub(crate) fn values(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn is_multi(&self) -> bool {
        self.offsets.is_some()
    }

    /// One id a row, if no row has several.
    pub(crate) fn single(&self) -> Option<&[u32]> {
        if self.offsets.is_none() { Some(&self.ids) } else { None }
    }

    /// Forgets all rows, keeping an allocation.
    pub(crate) fn clear(&mut self) {
        self.ids.clear();
        self.offsets = None;
    }

    pub(crate) fn reserve(&mut self, rows: usize) {
        self.ids.reserve(rows);
    }

    /// Gives back what was reserved in vain.
    pub(crate) fn shrink(&mut self) {
        self.ids.shrink_to_fit();
        self.offsets.iter_mut().for_each(Vec::shrink_to_fit);
    }

    /// Bytes of memory they take.
    pub(crate) fn size(&self) -> usize {
        (self.ids.capacity() + self.offsets.as_ref().map_or(0, Vec::capacity)) * size_of::<u32>()
    }

    /// The ids of a row; none when it is null.
    pub(crate) fn row(&self, row: usize) -> &[u32] {
        match &self.offsets {
            None if self.ids[row] == 0 => &[],
            None => &self.ids[row..=row],
            Some(offsets) => &self.ids[offsets[row] as usize..offsets[row + 1] as usize],
        }
    }

    /// Whether any row is null or has a null value.
    pub(crate) fn any_null(&self) -> bool {
        let empty = |offsets: &Vec<u32>| offsets.windows(2).any(|w| w[0] == w[1]);
        self.ids.contains(&0) || self.offsets.as_ref().is_some_and(empty)
    }

    /// Appends a row of one id, or of null (0), to rows that are still single.
    pub(crate) fn push_single(&mut self, id: u32) {
        debug_assert!(!self.is_multi(), "use push_row");
        self.ids.push(id);
    }

    /// Appends rows of one id each, or of null (0).
    pub(crate) fn extend_single(&mut self, rows: impl ExactSizeIterator<Item = u32>) {
        if !self.is_multi() {
            return self.ids.extend(rows);
        }
        for id in rows {
            if id == 0 { self.push_null(1) } else { self.push_row(&[id]) }
        }
    }

    pub(crate) fn push_null(&mut self, rows: usize) {
        match &mut self.offsets {
            None => self.ids.resize(self.ids.len() + rows, 0),
            Some(offsets) => offsets.resize(offsets.len() + rows, self.ids.len() as u32),
        }
    }

    /// Appends a row as `row` would give it.
    pub(crate) fn push_row(&mut self, row: &[u32]) {
        match (self.is_multi(), row) {
            (false, []) => self.ids.push(0),
            (false, [id]) if *id != 0 => self.ids.push(*id),
            _ => {
                let (ids, offsets) = self.make_multi();
                ids.extend_from_slice(row);
                offsets.push(ids.len() as u32);
            }
        }
    }

    /// Makes room for rows of several values: ids and offsets.
    fn make_multi(&mut self) -> (&mut Vec<u32>, &mut Vec<u32>) {
        let ids = &mut self.ids;
        let offsets = self.offsets.get_or_insert_with(|| {
            let mut end = 0;
            let ends = ids.iter().map(|id| {
                end += u32::from(*id != 0);
                end
            });
            let offsets = std::iter::once(0).chain(ends).collect();
            ids.retain(|id| *id != 0);
            offsets
        });
        (ids, offsets)
    }

    /// Replaces the id of a row, while there is one a row.
    pub(crate) fn set_single(&mut self, row: usize, id: u32) {
        debug_assert!(!self.is_multi(), "rows of several ids");
        if let Some(known) = self.ids.get_mut(row) {
            *known = id;
        }
    }

    /// Appends rows of others.
    pub(crate) fn extend_from(&mut self, other: &Self, rows: Range<usize>) {
        match (&mut self.offsets, &other.offsets) {
            (None, None) => self.ids.extend_from_slice(&other.ids[rows]),
            (Some(_), None) => rows.for_each(|row| self.push_row(other.row(row))),
            (_, Some(from)) => {
                let (ids, offsets) = self.make_multi();
                let (start, end) = (from[rows.start], from[rows.end]);
                let base = ids.len() as u32;
                ids.extend_from_slice(&other.ids[start as usize..end as usize]);
                offsets.extend(from[rows.start + 1..=rows.end].iter().map(|o| o - start + base));
            }
        }
    }

    /// Appends single rows of others.
    pub(crate) fn extend_gather(&mut self, other: &Self, rows: &[u32]) {
        match (self.is_multi(), other.single()) {
            (false, Some(from)) => self.ids.extend(rows.iter().map(|r| from[*r as usize])),
            _ => rows.iter().for_each(|r| self.push_row(other.row(*r as usize))),
        }
    }
}
