//! Which rows of a full chunk hold an id? Roaring bitmaps by id, in the segment's row numbers; built once, by
//! counting, and only where ids repeat.

use roaring::RoaringBitmap;

use super::ids::Ids;

/// An index pays when an id occurs at least this often on average; otherwise scanning the ids is as good.
const MIN_ROWS_A_VALUE: usize = 32;

/// Rows by id.
#[derive(Debug)]
pub(crate) struct ValueIndex {
    /// Ids that occur, ascending.
    ids: Vec<u32>,
    /// Rows of each.
    rows: Vec<RoaringBitmap>,
    bytes: usize,
}

impl ValueIndex {
    pub(crate) fn size(&self) -> usize {
        self.bytes
    }

    /// The bitmaps of those ids that occur; `wanted` ascends.
    pub(crate) fn find<'i>(&'i self, wanted: &'i [u32]) -> impl Iterator<Item = &'i RoaringBitmap> {
        let mut from = 0;
        let (few, many) =
            if wanted.len() <= self.ids.len() { (wanted, None) } else { (&[][..], Some(wanted)) };
        let by_wanted = few.iter().filter_map(move |id| {
            from += self.ids[from..].partition_point(|known| known < id);
            (self.ids.get(from) == Some(id)).then(|| &self.rows[from])
        });
        let by_known = self.ids.iter().zip(&self.rows);
        let by_known = by_known.filter_map(move |(id, rows)| many?.binary_search(id).is_ok().then_some(rows));
        by_wanted.chain(by_known)
    }
}

/// Builds indexes; keeps scratch space between them.
#[derive(Debug, Default)]
pub(crate) struct IndexBuilder {
    /// One more than the slot of each id; 0 for ids not seen. All 0 between two builds.
    slot_of: Vec<u32>,
    /// Id and number of rows of each slot.
    slots: Vec<(u32, u32)>,
}

impl IndexBuilder {
    /// The index of rows that begin at row `start` of the segment; `None` where it does not pay.
    pub(crate) fn build(&mut self, ids: &Ids, start: usize) -> Option<ValueIndex> {
        let pays = self.count(ids);
        let index = pays.then(|| self.collect(ids, start));
        for (id, _) in self.slots.drain(..) {
            self.slot_of[id as usize] = 0;
        }
        index
    }

    /// Bytes of memory the scratch space takes.
    pub(crate) fn size(&self) -> usize {
        self.slot_of.capacity() * size_of::<u32>()
    }

    /// Gives each id a slot and counts its values; `false` as soon as there are too many.
    fn count(&mut self, ids: &Ids) -> bool {
        let most = ids.len() / MIN_ROWS_A_VALUE;
        if let Some(single) = ids.single() {
            return single.iter().all(|id| self.count_one(*id, most));
        }
        (0..ids.len()).all(|row| match ids.row(row) {
            [] => self.count_one(0, most),
            several => several.iter().all(|id| self.count_one(*id, most)),
        })
    }

    fn count_one(&mut self, id: u32, most: usize) -> bool {
        if id as usize >= self.slot_of.len() {
            self.slot_of.resize((id as usize + 1).next_power_of_two(), 0);
        }
        let slot = &mut self.slot_of[id as usize];
        if *slot == 0 {
            self.slots.push((id, 0));
            *slot = self.slots.len() as u32;
        }
        self.slots[*slot as usize - 1].1 += 1;
        self.slots.len() <= most
    }

    fn collect(&self, ids: &Ids, start: usize) -> ValueIndex {
        // Where the rows of each slot begin, then end, in one array of rows grouped by slot.
        let mut ends = Vec::with_capacity(self.slots.len());
        let mut total = 0;
        for (_, count) in &self.slots {
            ends.push(total);
            total += *count as usize;
        }
        let starts = ends.clone();
        let mut rows = vec![0u32; total];
        let mut put = |id: u32, row: u32| {
            let slot = self.slot_of[id as usize] as usize - 1;
            let end = ends[slot];
            // A row may have an id twice.
            if end == starts[slot] || rows[end - 1] != row {
                rows[end] = row;
                ends[slot] += 1;
            }
        };
        for row in 0..ids.len() {
            let number = (start + row) as u32;
            match ids.row(row) {
                [] => put(0, number),
                several => several.iter().for_each(|id| put(*id, number)),
            }
        }
        let mut order: Vec<usize> = (0..self.slots.len()).collect();
        order.sort_unstable_by_key(|slot| self.slots[*slot].0);
        let bitmap = |slot: &usize| {
            let mut bitmap = RoaringBitmap::new();
            // Ascending by construction.
            let _ = bitmap.append(rows[starts[*slot]..ends[*slot]].iter().copied());
            bitmap
        };
        let rows: Vec<RoaringBitmap> = order.iter().map(bitmap).collect();
        let of_bitmap = |b: &RoaringBitmap| b.serialized_size() + 2 * size_of::<RoaringBitmap>();
        let bytes = rows.iter().map(of_bitmap).sum::<usize>() + size_of_val(order.as_slice());
        ValueIndex { ids: order.iter().map(|slot| self.slots[*slot].0).collect(), rows, bytes }
    }
}
