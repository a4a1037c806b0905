//! How is the index of a column built? Rows are sorted by id with one counting pass, then each id's rows are
//! written in the roaring format, container by container, or left as they are, for postings.

/// The two sections of an index.
#[derive(Debug)]
pub(crate) struct BitmapSections {
    /// Start of each id's bitmap and end of the last, `u64` each.
    pub(crate) offsets: Vec<u8>,
    /// The bitmaps.
    pub(crate) bytes: Vec<u8>,
}

/// The ids of rows, as a column writes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowIds<'i> {
    /// Ids of all rows.
    pub(crate) ids: &'i [u32],
    /// Start of each row in `ids` and end of the last; `None` for one id a row.
    pub(crate) offsets: Option<&'i [u32]>,
}

impl RowIds<'_> {
    /// Calls back with every row and id, in order of rows; id 0 for rows without values.
    fn each(&self, mut each: impl FnMut(u32, u32)) {
        let Some(offsets) = self.offsets else {
            return self.ids.iter().enumerate().for_each(|(row, id)| each(row as u32, *id));
        };
        for (row, pair) in offsets.windows(2).enumerate() {
            let values = self.ids.get(pair[0] as usize..pair[1] as usize).unwrap_or_default();
            if values.is_empty() {
                each(row as u32, 0);
            }
            values.iter().for_each(|id| each(row as u32, *id));
        }
    }
}

/// Rows sorted by id: those of an id begin at its start and end at its end.
struct ById {
    /// One an id, and the number of all rows.
    starts: Vec<u32>,
    ends: Vec<u32>,
    rows: Vec<u32>,
}

fn by_id(cardinality: u32, column: RowIds<'_>) -> ById {
    let mut starts = vec![0u32; cardinality as usize + 1];
    column.each(|_, id| {
        if let Some(count) = starts.get_mut(id as usize + 1) {
            *count += 1;
        }
    });
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut ends = starts.clone();
    let mut rows = vec![0u32; starts.last().copied().unwrap_or(0) as usize];
    column.each(|row, id| {
        let id = id as usize;
        if let (Some(start), Some(end)) = (starts.get(id), ends.get_mut(id)) {
            let at = *end as usize;
            // A row may hold an id twice.
            if at == *start as usize || rows[at - 1] != row {
                rows[at] = row;
                *end += 1;
            }
        }
    });
    ById { starts, ends, rows }
}

/// The start of each id's rows and the end of the last, and the rows by id: postings of a column of one id a row.
pub(crate) fn postings(cardinality: u32, ids: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let ById { starts, rows, .. } = by_id(cardinality, RowIds { ids, offsets: None });
    (starts, rows)
}

/// Builds the index of ids that are all below `cardinality`.
pub(crate) fn build(cardinality: u32, column: RowIds<'_>) -> BitmapSections {
    let ById { starts, ends, rows } = by_id(cardinality, column);
    let mut offsets = Vec::with_capacity((cardinality as usize + 1) * 8);
    offsets.extend_from_slice(&0u64.to_le_bytes());
    let (mut bytes, mut containers) = (Vec::with_capacity(rows.len() * 2), Vec::new());
    for (start, end) in starts.iter().zip(&ends).take(cardinality as usize) {
        append(rows.get(*start as usize..*end as usize).unwrap_or_default(), &mut containers, &mut bytes);
        offsets.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    }
    BitmapSections { offsets, bytes }
}

/// Rows of an array container at most.
const ARRAY_ROWS: usize = 4096;
/// Bytes of a bitmap container.
const BITMAP_BYTES: usize = 8192;
/// Containers from which on a bitmap with runs has offsets.
const OFFSETS_FROM: usize = 4;
/// First words of a bitmap without and with run containers.
const COOKIE: u32 = 12346;
const COOKIE_WITH_RUNS: u32 = 12347;

/// Up to 2^16 row numbers with the same upper half.
#[derive(Debug, Clone, Copy)]
struct Container {
    rows: usize,
    /// Number of runs where they are written as such.
    runs: Option<usize>,
}

impl Container {
    /// Runs are taken where they are smaller, as `runOptimize` does everywhere.
    fn of(rows: &[u32]) -> Self {
        let plain = if rows.len() <= ARRAY_ROWS { 2 * rows.len() } else { BITMAP_BYTES };
        let runs = 1 + rows.windows(2).filter(|pair| pair[0] + 1 != pair[1]).count();
        Self { rows: rows.len(), runs: (2 + 4 * runs < plain).then_some(runs) }
    }

    fn bytes(&self) -> usize {
        match self.runs {
            Some(runs) => 2 + 4 * runs,
            None if self.rows <= ARRAY_ROWS => 2 * self.rows,
            None => BITMAP_BYTES,
        }
    }
}

/// Appends a bitmap of ascending rows (RoaringFormatSpec); an empty one takes no bytes.
fn append(rows: &[u32], containers: &mut Vec<Container>, bytes: &mut Vec<u8>) {
    if rows.is_empty() {
        return;
    }
    containers.clear();
    containers.extend(rows.chunk_by(|a, b| a >> 16 == b >> 16).map(Container::of));
    let (count, start) = (containers.len(), bytes.len());
    let with_runs = containers.iter().any(|c| c.runs.is_some());
    if with_runs {
        bytes.extend_from_slice(&(COOKIE_WITH_RUNS | (count as u32 - 1) << 16).to_le_bytes());
        bytes.extend(containers.chunks(8).map(|eight| {
            eight.iter().enumerate().fold(0u8, |bits, (i, c)| bits | u8::from(c.runs.is_some()) << i)
        }));
    } else {
        bytes.extend_from_slice(&COOKIE.to_le_bytes());
        bytes.extend_from_slice(&(count as u32).to_le_bytes());
    }
    let mut at = 0;
    for container in containers.iter() {
        bytes.extend_from_slice(&((rows[at] >> 16) as u16).to_le_bytes());
        bytes.extend_from_slice(&((container.rows - 1) as u16).to_le_bytes());
        at += container.rows;
    }
    if !with_runs || count >= OFFSETS_FROM {
        let mut offset = bytes.len() - start + 4 * count;
        for container in containers.iter() {
            bytes.extend_from_slice(&(offset as u32).to_le_bytes());
            offset += container.bytes();
        }
    }
    let mut rest = rows;
    for container in containers.iter() {
        let (rows, after) = rest.split_at(container.rows);
        rest = after;
        write_container(rows, *container, bytes);
    }
}

fn write_container(rows: &[u32], container: Container, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.resize(start + container.bytes(), 0);
    let out = &mut bytes[start..];
    if let Some(runs) = container.runs {
        let (count, out) = out.split_at_mut(2);
        count.copy_from_slice(&(runs as u16).to_le_bytes());
        let runs = rows.chunk_by(|a, b| a + 1 == *b);
        for (slot, run) in out.as_chunks_mut::<4>().0.iter_mut().zip(runs) {
            let word = u32::from(run[0] as u16) | (run.len() as u32 - 1) << 16;
            *slot = word.to_le_bytes();
        }
    } else if container.rows <= ARRAY_ROWS {
        for (slot, row) in out.as_chunks_mut::<2>().0.iter_mut().zip(rows) {
            *slot = (*row as u16).to_le_bytes();
        }
    } else {
        for row in rows {
            out[usize::from(*row as u16) / 8] |= 1 << (row % 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use roaring::RoaringBitmap;

    use super::*;

    /// What the roaring crate writes for the same rows.
    fn reference(rows: &[u32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        if !rows.is_empty() {
            let mut bitmap = RoaringBitmap::new();
            bitmap.extend(rows.iter().copied());
            bitmap.optimize();
            bitmap.serialize_into(&mut bytes).unwrap();
        }
        bytes
    }

    fn ours(rows: &[u32]) -> Vec<u8> {
        let mut bytes = vec![7; 3];
        append(rows, &mut Vec::new(), &mut bytes);
        bytes.split_off(3)
    }

    #[test]
    fn every_container_is_as_the_crate_writes_it() {
        let step = |from: u32, step: usize, count: usize| (from..).step_by(step).take(count);
        let sets: Vec<Vec<u32>> = vec![
            vec![],
            vec![5],
            (0..65_536).collect(),
            (0..200_000).collect(),
            step(0, 2, 4096).collect(),
            step(0, 2, 4097).collect(),
            step(1, 3, 100_000).collect(),
            step(70_000, 2, 3).chain(70_100..90_000).chain(step(200_000, 7, 20_000)).collect(),
            (0..5).chain(65_536..65_540).chain([131_072, 196_608, 262_144]).collect(),
            (0..9).flat_map(|k| step(k << 16, 1 + k as usize % 3, 5000)).collect(),
        ];
        for rows in sets {
            assert_eq!(ours(&rows), reference(&rows), "{} rows", rows.len());
        }
    }

    proptest! {
        #[test]
        fn any_rows(gaps in prop::collection::vec(prop_oneof![Just(1u32), 1u32..40, 1u32..100_000], 0..3000)) {
            let rows: Vec<u32> = gaps.iter().scan(0, |row, gap| { *row += gap; Some(*row) }).collect();
            prop_assert_eq!(ours(&rows), reference(&rows));
        }

        #[test]
        fn every_row_is_found_under_its_ids(lists in prop::collection::vec(prop::collection::vec(0u32..6, 0..4), 0..300)) {
            let ids: Vec<u32> = lists.iter().flatten().copied().collect();
            let mut offsets = vec![0];
            lists.iter().for_each(|l| offsets.push(offsets[offsets.len() - 1] + l.len() as u32));
            let sections = build(6, RowIds { ids: &ids, offsets: Some(&offsets) });
            for id in 0..6u32 {
                let holds = |l: &Vec<u32>| l.contains(&id) || (id == 0 && l.is_empty());
                let rows: Vec<u32> = (0..lists.len() as u32).filter(|r| holds(&lists[*r as usize])).collect();
                let word = |i: usize| u64::from_le_bytes(sections.offsets[i * 8..][..8].try_into().unwrap()) as usize;
                let (start, end) = (word(id as usize), word(id as usize + 1));
                prop_assert_eq!(&sections.bytes[start..end], reference(&rows));
            }
        }
    }
}
