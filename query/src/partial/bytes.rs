//! How are numbers, masks and texts laid down as bytes? Little-endian, each run preceded by its length; reading
//! trusts nothing.

use alluvium_segments::{NullMask, NumericBlock};

use crate::QueryError;
use crate::column::{ColumnData, TextColumn, TextListColumn, TextTable};

/// A value of fixed size as bytes.
pub(super) trait Fixed: Copy {
    const SIZE: usize;
    fn put(self, out: &mut Vec<u8>);
    fn get(bytes: &[u8]) -> Option<Self>;
}

macro_rules! fixed {
    ($($t:ty),*) => {$(
        impl Fixed for $t {
            const SIZE: usize = size_of::<$t>();
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn get(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_le_bytes(bytes.try_into().ok()?))
            }
        }
    )*};
}
fixed!(u8, u32, u64, i64, f32, f64);

pub(super) fn put_run<T: Fixed>(out: &mut Vec<u8>, values: &[T]) {
    (values.len() as u64).put(out);
    values.iter().for_each(|v| v.put(out));
}

pub(super) fn put_flags(out: &mut Vec<u8>, flags: &[bool]) {
    (flags.len() as u64).put(out);
    out.extend(flags.iter().map(|f| u8::from(*f)));
}

fn put_block<T: Fixed>(out: &mut Vec<u8>, block: &NumericBlock<T>) {
    put_run(out, &block.values);
    let nulls: Vec<bool> = (0..block.values.len()).map(|i| block.nulls.is_null(i)).collect();
    put_flags(out, &nulls);
}

fn put_table(out: &mut Vec<u8>, table: &TextTable) {
    (table.len() as u64).put(out);
    for id in 1..=table.len() as u32 {
        put_run(out, table.get(id).unwrap_or_default().as_bytes());
    }
}

pub(super) fn put_column(out: &mut Vec<u8>, column: &ColumnData) {
    match column {
        ColumnData::Longs(b) => {
            0u8.put(out);
            put_block(out, b);
        }
        ColumnData::Floats(b) => {
            1u8.put(out);
            put_block(out, b);
        }
        ColumnData::Doubles(b) => {
            2u8.put(out);
            put_block(out, b);
        }
        ColumnData::Texts(c) => {
            3u8.put(out);
            put_table(out, &c.table);
            put_run(out, &c.ids);
        }
        ColumnData::TextLists(c) => {
            4u8.put(out);
            put_table(out, &c.table);
            put_run(out, &c.offsets);
            put_run(out, &c.ids);
        }
    }
}

/// Reads what the functions above wrote.
#[derive(Debug)]
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn fail(&self, expected: &str) -> QueryError {
        QueryError::Internal(format!("partial result is corrupt at byte {}: expected {expected}", self.at))
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn take(&mut self, len: usize) -> Result<&'b [u8], QueryError> {
        let end = self.at.checked_add(len);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.fail(&format!("{len} more bytes")))?;
        self.at += len;
        Ok(taken)
    }

    pub(super) fn one<T: Fixed>(&mut self) -> Result<T, QueryError> {
        let bytes = self.take(T::SIZE)?;
        T::get(bytes).ok_or_else(|| self.fail("a number"))
    }

    pub(super) fn len(&mut self, unit: usize) -> Result<usize, QueryError> {
        let len = self.one::<u64>()?;
        let left = (self.bytes.len() - self.at) / unit.max(1);
        usize::try_from(len)
            .ok()
            .filter(|len| *len <= left)
            .ok_or_else(|| self.fail("a length within the bytes"))
    }

    pub(super) fn run<T: Fixed>(&mut self) -> Result<Vec<T>, QueryError> {
        let len = self.len(T::SIZE)?;
        let bytes = self.take(len * T::SIZE)?;
        Ok(bytes.chunks_exact(T::SIZE).filter_map(T::get).collect())
    }

    pub(super) fn flags(&mut self) -> Result<Vec<bool>, QueryError> {
        Ok(self.run::<u8>()?.into_iter().map(|f| f != 0).collect())
    }

    pub(super) fn text(&mut self) -> Result<&'b str, QueryError> {
        let len = self.len(1)?;
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map_err(|_| self.fail("UTF-8"))
    }

    fn block<T: Fixed>(&mut self) -> Result<NumericBlock<T>, QueryError> {
        let values = self.run()?;
        let flags = self.flags()?;
        if flags.len() != values.len() {
            return Err(self.fail("as many null flags as values"));
        }
        let mut nulls = NullMask::default();
        flags.into_iter().for_each(|null| nulls.push(null));
        Ok(NumericBlock { values, nulls })
    }

    fn table(&mut self) -> Result<TextTable, QueryError> {
        let mut table = TextTable::default();
        for _ in 0..self.len(8)? {
            table.push(self.text()?);
        }
        Ok(table)
    }

    fn ids(&mut self, table: &TextTable) -> Result<Vec<u32>, QueryError> {
        let ids: Vec<u32> = self.run()?;
        if ids.iter().any(|id| *id as usize > table.len()) {
            return Err(self.fail("ids within the table of texts"));
        }
        Ok(ids)
    }

    pub(super) fn column(&mut self) -> Result<ColumnData, QueryError> {
        Ok(match self.one::<u8>()? {
            0 => ColumnData::Longs(self.block()?),
            1 => ColumnData::Floats(self.block()?),
            2 => ColumnData::Doubles(self.block()?),
            3 => {
                let table = self.table()?;
                let ids = self.ids(&table)?;
                ColumnData::Texts(TextColumn { table, ids })
            }
            4 => {
                let table = self.table()?;
                let offsets: Vec<u32> = self.run()?;
                let ids = self.ids(&table)?;
                let within = offsets.last().is_none_or(|end| *end as usize == ids.len());
                if !offsets.is_sorted() || !within {
                    return Err(self.fail("ascending offsets within the ids"));
                }
                ColumnData::TextLists(TextListColumn { table, offsets, ids })
            }
            _ => return Err(self.fail("a column kind")),
        })
    }
}
