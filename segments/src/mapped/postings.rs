//! Which rows hold an id of which there are few? Row numbers lie sorted by id, packed in blocks; so do the starts of
//! each id's rows. A look-up reads two starts and the chunks that hold the rows.

use std::ops::Range;
use std::sync::Arc;

use super::words::WordColumn;
use crate::SegmentError;
use crate::encoding::Damage;
use crate::file::{FileBytes, SectionKind};

/// Rows of an id up to which they are read one by one, not by whole chunks.
const FEW: usize = 8;

/// The row numbers of a column of one id a row, by id.
#[derive(Debug)]
pub(super) struct Postings {
    starts: WordColumn,
    rows: WordColumn,
}

impl Postings {
    /// Over the sections that `find` gives; a start an id and the end of the last, a row number a row.
    pub(super) fn open(
        file: &Arc<FileBytes>,
        find: impl Fn(SectionKind) -> Result<usize, SegmentError>,
        cardinality: u32,
        rows: usize,
    ) -> Result<Self, SegmentError> {
        let (entries, data) = (find(SectionKind::PostingStartBlocks)?, find(SectionKind::PostingStartData)?);
        let starts = WordColumn::new(file, entries, data, cardinality as usize + 1)?;
        let (entries, data) = (find(SectionKind::PostingRowBlocks)?, find(SectionKind::PostingRowData)?);
        Ok(Self { starts, rows: WordColumn::new(file, entries, data, rows)? })
    }

    /// Where the rows of the ids `first..=last` lie among all.
    fn place(&self, first: u32, last: u32) -> Result<Range<usize>, SegmentError> {
        let mut ends = Vec::with_capacity(2);
        self.starts.for_rows(&[first, last.saturating_add(1)], |block, group, start| {
            block.gather(group, start, &mut ends, |word| word)
        })?;
        match ends.as_slice() {
            [start, end] if start <= end && *end <= self.rows.len as u64 => {
                Ok(*start as usize..*end as usize)
            }
            _ => {
                let expected = format!("ascending starts up to {} of id {first}", self.rows.len);
                let damage = Damage::new(expected, format!("{ends:?}"));
                Err(self.starts.file.corrupt(self.starts.entries, 0, damage))
            }
        }
    }

    /// Appends the row numbers of a place.
    fn read(&self, place: Range<usize>, out: &mut Vec<u32>) -> Result<(), SegmentError> {
        let first = out.len();
        if place.len() <= FEW {
            let mut picks = [0; FEW];
            picks.iter_mut().zip(place.clone()).for_each(|(pick, at)| *pick = at as u32);
            let picks = picks.get(..place.len()).unwrap_or_default();
            self.rows
                .for_rows(picks, |block, group, start| block.gather(group, start, out, |word| word as u32))?;
        } else {
            self.rows.for_range(place, |block, part| block.decode(part, out, |word| word as u32))?;
        }
        match out.iter().skip(first).max() {
            Some(most) if *most as usize >= self.rows.len => {
                let damage = Damage::new(format!("rows below {}", self.rows.len), format!("row {most}"));
                Err(self.rows.file.corrupt(self.rows.data, 0, damage))
            }
            _ => Ok(()),
        }
    }

    /// Sets the bits of those rows of a range that hold any of the ids, as [`crate::StringColumn::mark`] has it, unless
    /// comparing the column's ids of so many rows costs less; says whether it did. Ids are below the cardinality.
    pub(super) fn mark(
        &self,
        ids: &[u32],
        rows: &Range<usize>,
        out: &mut [u64],
    ) -> Result<bool, SegmentError> {
        // Finding a run of ids costs about 200 ns, marking a row 2 ns; comparing ids with a range about 0.15 ns a row, with
        // a set 0.6 ns. In tenths of ns.
        let ranges = ids.chunk_by(|a, b| a.checked_add(1) == Some(*b)).take(2).count();
        let budget = if ranges > 1 { rows.len() * 6 } else { rows.len() * 3 / 2 } + 20_000;
        let (mut cost, mut places) = (0usize, Vec::new());
        for run in ids.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let place = self.place(*first, *last)?;
            cost = cost.saturating_add(2000).saturating_add(place.len() * 20);
            if cost > budget {
                return Ok(false);
            }
            places.push(place);
        }
        let mut found = Vec::new();
        for place in places {
            found.clear();
            self.read(place, &mut found)?;
            for row in &found {
                // Rows before the range wrap around and are beyond every mask.
                let at = (*row as usize).wrapping_sub(rows.start);
                if at < rows.len()
                    && let Some(word) = out.get_mut(at / 64)
                {
                    *word |= 1 << (at % 64);
                }
            }
        }
        Ok(true)
    }

    /// Compares all of it with the number of rows that hold each id, and with the id of each row.
    pub(super) fn check(&self, counts: &[u64], ids: &[u32]) -> Result<(), SegmentError> {
        let (mut end, mut found) = (0, Vec::new());
        for (id, count) in counts.iter().enumerate() {
            let place = self.place(id as u32, id as u32)?;
            found.clear();
            self.read(place.clone(), &mut found)?;
            let here = |row: &u32| ids.get(*row as usize) == Some(&(id as u32));
            let ascend = found.is_sorted_by(|a, b| a < b);
            if place.start != end || place.len() as u64 != *count || !ascend || !found.iter().all(here) {
                let damage =
                    Damage::new(format!("the {count} rows of id {id}"), format!("others at {place:?}"));
                return Err(self.rows.file.corrupt(self.rows.entries, 0, damage));
            }
            end = place.end;
        }
        Ok(())
    }
}
