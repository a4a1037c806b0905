//! How is a run of rows found in an encoded column? The block directory gives each block's bytes in one step; it is read
//! once, when the column is first used.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::encoding::{Block, BlockEntry, Damage, ENTRY_BYTES};
use crate::file::FileBytes;
use crate::{BLOCK_ROWS, RunSlice, SegmentError};

/// Blocks whose single rows are fetched at the same time.
const TOGETHER: usize = 32;

/// Numbers in blocks: the sections `Blocks` and `Data` of a column, or their pair for row offsets.
#[derive(Debug, Clone)]
pub(super) struct WordColumn {
    pub(super) file: Arc<FileBytes>,
    pub(super) entries: usize,
    pub(super) data: usize,
    pub(super) len: usize,
    directory: OnceLock<Box<[BlockEntry]>>,
}

impl WordColumn {
    /// Checks that the directory has an entry for every block.
    pub(super) fn new(
        file: &Arc<FileBytes>,
        entries: usize,
        data: usize,
        len: usize,
    ) -> Result<Self, SegmentError> {
        let expected = len.div_ceil(BLOCK_ROWS) * ENTRY_BYTES;
        let found = file.section_bytes(entries);
        if found != expected {
            let damage = Damage::new(format!("{expected} bytes of block entries"), format!("{found} bytes"));
            return Err(file.corrupt(entries, 0, damage));
        }
        Ok(Self { file: Arc::clone(file), entries, data, len, directory: OnceLock::new() })
    }

    /// Number of blocks.
    pub(super) fn blocks(&self) -> usize {
        self.len.div_ceil(BLOCK_ROWS)
    }

    /// What the directory says of a block.
    #[inline]
    pub(super) fn entry(&self, number: usize) -> Result<&BlockEntry, SegmentError> {
        let known = self.directory.get().and_then(|entries| entries.get(number));
        known.map_or_else(|| self.read_entry(number), Ok)
    }

    #[cold]
    fn read_entry(&self, number: usize) -> Result<&BlockEntry, SegmentError> {
        let bytes = self.file.read(self.entries, 0..self.blocks() * ENTRY_BYTES)?;
        let entries = bytes.as_chunks().0.iter().enumerate().map(|(i, bytes)| {
            BlockEntry::from_bytes(bytes)
                .map_err(|damage| self.file.corrupt(self.entries, i * ENTRY_BYTES, damage))
        });
        let entries = entries.collect::<Result<Box<[_]>, _>>()?;
        self.directory.get_or_init(|| entries).get(number).ok_or_else(|| {
            let path = self.file.path().display();
            SegmentError::Invalid(format!("`{path}` has {} blocks, none with number {number}", self.blocks()))
        })
    }

    /// A block with its payload.
    #[inline]
    pub(super) fn block(&self, number: usize) -> Result<Block<'_>, SegmentError> {
        let entry = *self.entry(number)?;
        let start = usize::try_from(entry.offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(entry.bytes as usize);
        if !start.is_multiple_of(8) {
            let damage = Damage::new("a payload at a multiple of 8", start.to_string());
            return Err(self.file.corrupt(self.entries, number * ENTRY_BYTES, damage));
        }
        let payload = self.file.read(self.data, start..end)?;
        let rows = BLOCK_ROWS.min(self.len - (number * BLOCK_ROWS).min(self.len));
        Ok(Block { entry, payload, rows })
    }

    /// The runs of the block that `rows` are all rows of, where it is stored so.
    pub(super) fn runs(&self, rows: &Range<usize>) -> Result<Option<RunSlice<'_>>, SegmentError> {
        if !self.is_head_of_block(rows) || (rows.end != self.len && rows.len() != BLOCK_ROWS) {
            return Ok(None);
        }
        let block = self.block(rows.start / BLOCK_ROWS)?;
        block.run_slice().map_err(|damage| self.damaged(&block, damage))
    }

    /// The error for damage in the payload of a block.
    pub(super) fn damaged(&self, block: &Block<'_>, damage: Damage) -> SegmentError {
        self.file.corrupt(self.data, block.entry.offset as usize, damage)
    }

    /// Refuses ranges that do not lie inside.
    pub(super) fn check_range(&self, rows: &Range<usize>) -> Result<(), SegmentError> {
        if rows.start <= rows.end && rows.end <= self.len {
            return Ok(());
        }
        let path = self.file.path().display();
        Err(SegmentError::Invalid(format!("rows {rows:?} are not all in `{path}` of {} rows", self.len)))
    }

    /// Whether rows begin where a block does and end inside it.
    pub(super) fn is_head_of_block(&self, rows: &Range<usize>) -> bool {
        let inside = rows.start < rows.end && rows.end <= self.len;
        inside && rows.start.is_multiple_of(BLOCK_ROWS) && rows.len() <= BLOCK_ROWS
    }

    /// Calls `read` for each block that a range touches, with the part of the block inside the range.
    pub(super) fn for_range(
        &self,
        rows: Range<usize>,
        mut read: impl FnMut(&Block<'_>, Range<usize>) -> Result<(), Damage>,
    ) -> Result<(), SegmentError> {
        self.check_range(&rows)?;
        for number in rows.start / BLOCK_ROWS..rows.end.div_ceil(BLOCK_ROWS) {
            let first = number * BLOCK_ROWS;
            let block = self.block(number)?;
            let part = rows.start.max(first) - first..rows.end.min(first + BLOCK_ROWS) - first;
            read(&block, part).map_err(|damage| self.damaged(&block, damage))?;
        }
        Ok(())
    }

    /// Calls `read` for each block that holds some of the rows, with those rows and the block's first row.
    pub(super) fn for_rows(
        &self,
        rows: &[u32],
        mut read: impl FnMut(&Block<'_>, &[u32], u32) -> Result<(), Damage>,
    ) -> Result<(), SegmentError> {
        let number = |row: &u32| *row as usize / BLOCK_ROWS;
        let Some(last) = rows.last() else { return Ok(()) };
        self.check_range(&(*last as usize..*last as usize + 1))?;
        let mut groups = rows.chunk_by(|a, b| number(a) == number(b)).peekable();
        let mut found = Vec::with_capacity(rows.len().min(TOGETHER));
        while let Some(group) = groups.next() {
            let Some(first) = group.first() else { continue };
            let top = group.iter().max().map_or(0, |r| *r as usize);
            self.check_range(&(top..top + 1))?;
            found.push((self.block(number(first))?, group, (number(first) * BLOCK_ROWS) as u32));
            if found.len() < TOGETHER && groups.peek().is_some() {
                continue;
            }
            if found.len() > 1 {
                // The numbers of all of them come from memory together.
                let touched = |(block, group, start): &(Block<'_>, &[u32], u32)| block.touch(group, *start);
                std::hint::black_box(found.iter().fold(0, |seen, one| seen ^ touched(one)));
            }
            for (block, group, start) in found.drain(..) {
                read(&block, group, start).map_err(|damage| self.damaged(&block, damage))?;
            }
        }
        Ok(())
    }
}
