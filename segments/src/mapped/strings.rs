//! How are strings read from a mapped column? Ids block by block, texts from the sorted dictionary, rows of a
//! value from the index or by a scan.

use std::ops::Range;
use std::sync::Arc;

use super::postings::Postings;
use super::scan::Hits;
use super::words::WordColumn;
use crate::bitmap::BitmapDirectory;
use crate::dictionary::{PagedDictionary, SealedDictionary, SortedDictionary};
use crate::encoding::{Block, Damage};
use crate::file::{BitmapKind, ColumnEntry, FileBytes, Footer, SectionKind};
use crate::{BLOCK_ROWS, LaneBlock, MultiBlock, RunSlice, SegmentError, StringColumn};

/// How rows of an id are found without a scan.
#[derive(Debug)]
pub(super) enum Index {
    /// A roaring bitmap an id.
    Roaring(BitmapDirectory),
    /// Row numbers by id.
    Postings(Postings),
}

impl Index {
    /// Marks rows, unless a scan costs less; says whether it did.
    fn mark(&self, ids: &[u32], rows: &Range<usize>, out: &mut [u64]) -> Result<bool, SegmentError> {
        match self {
            Self::Postings(postings) => postings.mark(ids, rows, out),
            Self::Roaring(bitmaps) => bitmaps.mark(ids, rows, out),
        }
    }
}

/// A column of strings in a file.
#[derive(Debug)]
pub(super) struct MappedStrings {
    pub(super) dictionary: SealedDictionary,
    pub(super) ids: WordColumn,
    pub(super) offsets: Option<WordColumn>,
    pub(super) index: Option<Index>,
    pub(super) rows: usize,
    nulls: u64,
}

impl MappedStrings {
    /// Finds a column's sections.
    pub(super) fn open(
        file: &Arc<FileBytes>,
        footer: &Footer,
        column: usize,
        entry: &ColumnEntry,
    ) -> Result<Self, SegmentError> {
        let find = |kind| super::segment::required(file, footer, column, kind);
        let rows = footer.rows as usize;
        let dictionary = match entry.offset_width {
            0 => {
                let texts = (find(SectionKind::TextPages)?, find(SectionKind::TextPageBytes)?);
                SealedDictionary::Paged(PagedDictionary::open(file, texts, entry.cardinality)?)
            }
            width => {
                let texts = (find(SectionKind::TextOffsets)?, find(SectionKind::TextBytes)?);
                SealedDictionary::Plain(SortedDictionary::open(file, texts, width, entry.cardinality)?)
            }
        };
        let values = usize::try_from(entry.values).unwrap_or(usize::MAX);
        let ids = find(SectionKind::Blocks)?;
        if values > u32::MAX as usize || (!entry.multi && values != rows) {
            let damage = Damage::new(format!("{rows} values"), format!("{values} values"));
            return Err(file.corrupt(ids, 0, damage));
        }
        let ids = WordColumn::new(file, ids, find(SectionKind::Data)?, values)?;
        let offsets = if entry.multi {
            let sections = (find(SectionKind::OffsetBlocks)?, find(SectionKind::OffsetData)?);
            Some(WordColumn::new(file, sections.0, sections.1, rows + 1)?)
        } else {
            None
        };
        let index = match entry.bitmap {
            BitmapKind::None => None,
            BitmapKind::Roaring => {
                let sections = (find(SectionKind::BitmapOffsets)?, find(SectionKind::BitmapBytes)?);
                Some(Index::Roaring(BitmapDirectory::open(file, sections, entry.cardinality, rows)?))
            }
            BitmapKind::Postings if entry.multi => {
                let damage = Damage::new("postings of a column of one value a row", "several values a row");
                return Err(file.corrupt(ids.entries, 0, damage));
            }
            BitmapKind::Postings => {
                Some(Index::Postings(Postings::open(file, find, entry.cardinality, rows)?))
            }
        };
        Ok(Self { dictionary, ids, offsets, index, rows, nulls: entry.nulls })
    }

    /// Checks that ids are in the dictionary; free where the entry alone shows it.
    fn check_ids(&self, block: &Block<'_>, ids: &[u32]) -> Result<(), Damage> {
        let cardinality = u64::from(self.dictionary.cardinality());
        if block.entry.most().is_some_and(|last| last < cardinality) {
            return Ok(());
        }
        match ids.iter().max() {
            Some(last) if u64::from(*last) >= cardinality => {
                Err(Damage::new(format!("ids below {cardinality}"), format!("id {last}")))
            }
            _ => Ok(()),
        }
    }

    /// Appends ids by their position among all values.
    fn append_ids(&self, values: Range<usize>, out: &mut Vec<u32>) -> Result<(), SegmentError> {
        self.ids.for_range(values, |block, part| {
            let start = out.len();
            block.decode(part, out, |word| word as u32)?;
            self.check_ids(block, out.get(start..).unwrap_or_default())
        })
    }

    /// The columns of row offsets; the caller knows that the column is multi.
    fn read_offsets(
        &self,
        offsets: &WordColumn,
        rows: Range<usize>,
        out: &mut Vec<u32>,
    ) -> Result<(), SegmentError> {
        out.clear();
        offsets
            .for_range(rows.start..rows.end + 1, |block, part| block.decode(part, out, |word| word as u32))?;
        let ascending = out.is_sorted() && out.last().is_none_or(|last| *last as usize <= self.ids.len);
        if ascending {
            return Ok(());
        }
        let expected = format!("ascending row offsets up to {}", self.ids.len);
        Err(offsets.file.corrupt(offsets.entries, 0, Damage::new(expected, "other numbers")))
    }

    /// Appends ids by their positions among all values, which ascend.
    fn gather_values(&self, values: &[u32], out: &mut Vec<u32>) -> Result<(), SegmentError> {
        out.reserve(values.len());
        self.ids.for_rows(values, |block, group, start| {
            let first = out.len();
            block.gather(group, start, out, |word| word as u32)?;
            self.check_ids(block, out.get(first..).unwrap_or_default())
        })
    }

    /// The positions of all values of some rows, which ascend, and where each row starts among them.
    fn values_of(
        &self,
        offsets: &WordColumn,
        rows: &[u32],
        starts: &mut Vec<u32>,
    ) -> Result<Vec<u32>, SegmentError> {
        let picks: Vec<u32> = rows.iter().flat_map(|row| [*row, row.saturating_add(1)]).collect();
        let mut ends = Vec::with_capacity(picks.len());
        offsets.for_rows(&picks, |block, group, start| {
            block.gather(group, start, &mut ends, |word| word as u32)
        })?;
        let mut values = Vec::new();
        let mut last = [0, 0];
        starts.push(0);
        for pair in ends.as_chunks::<2>().0 {
            let follows = pair[0] >= last[1] || *pair == last;
            if pair[0] > pair[1] || !follows || pair[1] as usize > self.ids.len {
                let expected = format!("ascending row offsets up to {}", self.ids.len);
                return Err(offsets.file.corrupt(
                    offsets.entries,
                    0,
                    Damage::new(expected, format!("{pair:?}")),
                ));
            }
            values.extend(pair[0]..pair[1]);
            starts.push(values.len() as u32);
            last = *pair;
        }
        Ok(values)
    }

    /// Refuses ranges that do not lie inside, or masks of another length.
    fn check_marks(&self, rows: &Range<usize>, out: &[u64]) -> Result<(), SegmentError> {
        let fits = rows.start.is_multiple_of(BLOCK_ROWS) && out.len() == rows.len().div_ceil(64);
        if fits && rows.start <= rows.end && rows.end <= self.rows {
            return Ok(());
        }
        let message = format!("rows {rows:?} of {} cannot be marked in {} words", self.rows, out.len());
        Err(SegmentError::Invalid(message))
    }

    fn single_only(&self, call: &str) -> Result<(), SegmentError> {
        if self.offsets.is_none() {
            return Ok(());
        }
        Err(SegmentError::Invalid(format!("`{call}` is for columns of one value a row; use the multi call")))
    }
}

impl StringColumn for MappedStrings {
    fn cardinality(&self) -> u32 {
        self.dictionary.cardinality()
    }

    fn is_multi(&self) -> bool {
        self.offsets.is_some()
    }

    fn has_nulls(&self) -> bool {
        self.nulls > 0
    }

    fn is_sorted(&self) -> bool {
        true
    }

    fn value(&self, id: u32) -> Result<Option<&str>, SegmentError> {
        self.dictionary.value(id)
    }

    fn lookup(&self, value: Option<&str>) -> Result<Option<u32>, SegmentError> {
        self.dictionary.lookup(value)
    }

    fn lower_bound(&self, value: &str) -> Result<u32, SegmentError> {
        self.dictionary.lower_bound(value)
    }

    fn read_ids(&self, rows: Range<usize>, out: &mut Vec<u32>) -> Result<(), SegmentError> {
        self.single_only("read_ids")?;
        out.clear();
        self.append_ids(rows, out)
    }

    fn read_lanes(&self, rows: Range<usize>, out: &mut LaneBlock) -> Result<bool, SegmentError> {
        self.single_only("read_lanes")?;
        if !self.ids.is_head_of_block(&rows) {
            return Ok(false);
        }
        let block = self.ids.block(rows.start / BLOCK_ROWS)?;
        let cardinality = u64::from(self.dictionary.cardinality());
        let read = block.lanes(rows.len(), out).and_then(|()| {
            if block.entry.most().is_some_and(|last| last < cardinality) {
                return Ok(());
            }
            let most = out.slice().extremes().map(|(_, high)| out.base.saturating_add(high));
            match most.filter(|most| *most >= cardinality) {
                Some(most) => Err(Damage::new(format!("ids below {cardinality}"), format!("id {most}"))),
                None => Ok(()),
            }
        });
        read.map_err(|damage| self.ids.damaged(&block, damage))?;
        Ok(true)
    }

    fn mask_ids(
        &self,
        rows: Range<usize>,
        first: u32,
        last: u32,
        out: &mut [u64],
    ) -> Result<bool, SegmentError> {
        self.single_only("mask_ids")?;
        if !self.ids.is_head_of_block(&rows) || first > last {
            return Ok(false);
        }
        let block = self.ids.block(rows.start / BLOCK_ROWS)?;
        let masked = block.mask(rows.len(), u64::from(first), u64::from(last - first), out);
        masked.map_err(|damage| self.ids.damaged(&block, damage))
    }

    fn runs(&self, rows: Range<usize>) -> Result<Option<RunSlice<'_>>, SegmentError> {
        self.single_only("runs")?;
        self.ids.runs(&rows)
    }

    fn gather_ids(&self, rows: &[u32], out: &mut Vec<u32>) -> Result<(), SegmentError> {
        self.single_only("gather_ids")?;
        out.clear();
        self.gather_values(rows, out)
    }

    fn read_multi(&self, rows: Range<usize>, out: &mut MultiBlock) -> Result<(), SegmentError> {
        out.ids.clear();
        out.offsets.clear();
        let Some(offsets) = &self.offsets else {
            self.append_ids(rows, &mut out.ids)?;
            drop_nulls(out);
            return Ok(());
        };
        if rows.start > rows.end || rows.end > self.rows {
            return offsets.check_range(&(rows.start..rows.end.saturating_add(1)));
        }
        self.read_offsets(offsets, rows, &mut out.offsets)?;
        let (first, last) = (out.offsets.first().copied(), out.offsets.last().copied());
        let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
        out.offsets.iter_mut().for_each(|offset| *offset -= first);
        self.append_ids(first as usize..last as usize, &mut out.ids)
    }

    fn gather_multi(&self, rows: &[u32], out: &mut MultiBlock) -> Result<(), SegmentError> {
        out.ids.clear();
        out.offsets.clear();
        let Some(offsets) = &self.offsets else {
            self.gather_ids(rows, &mut out.ids)?;
            drop_nulls(out);
            return Ok(());
        };
        let last = rows.iter().copied().max().unwrap_or(0);
        if !rows.is_empty() && last as usize >= self.rows {
            return offsets.check_range(&(0..last as usize + 2));
        }
        let values = self.values_of(offsets, rows, &mut out.offsets)?;
        self.gather_values(&values, &mut out.ids)
    }

    fn has_index(&self) -> bool {
        self.index.is_some()
    }

    fn mark(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        rows: Range<usize>,
        out: &mut [u64],
    ) -> Result<(), SegmentError> {
        let wanted: Vec<u32> = ids.filter(|id| *id < self.cardinality()).collect();
        if wanted.is_empty() || rows.is_empty() {
            return Ok(());
        }
        self.check_marks(&rows, out)?;
        if let Some(index) = &self.index
            && index.mark(&wanted, &rows, out)?
        {
            return Ok(());
        }
        super::scan::mark(self, &wanted, rows, Hits::Set, out)
    }

    fn restrict(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        keep: bool,
        rows: Range<usize>,
        out: &mut [u64],
    ) -> Result<(), SegmentError> {
        let wanted: Vec<u32> = ids.filter(|id| *id < self.cardinality()).collect();
        self.check_marks(&rows, out)?;
        let hits = if keep { Hits::Keep } else { Hits::Clear };
        if wanted.is_empty() || rows.is_empty() {
            hits.put_none(out);
            return Ok(());
        }
        if let Some(index) = &self.index {
            let mut found = vec![0; out.len()];
            if index.mark(&wanted, &rows, &mut found)? {
                hits.put(out, &found);
                return Ok(());
            }
        }
        super::scan::mark(self, &wanted, rows, hits, out)
    }
}

/// Makes rows of single ids into rows of zero (null) or one id.
fn drop_nulls(out: &mut MultiBlock) {
    out.offsets.push(0);
    let mut kept = 0u32;
    for id in &out.ids {
        kept += u32::from(*id != 0);
        out.offsets.push(kept);
    }
    out.ids.retain(|id| *id != 0);
}
