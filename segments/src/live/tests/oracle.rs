//! Is every way to read a view equal to looking at the rows one by one?

use std::ops::Range;

use super::*;
use crate::rows::{dump_rows, read_cells};
use crate::{
    BitmapIndex, Column, DimensionOptions, MultiBlock, MultiValueHandling, NumericBlock, NumericColumn, Role,
    Segment, StringColumn,
};

/// The cell of a list of texts, arranged as the dimension says.
pub(super) fn arranged(spec: &ColumnSpec, values: &[Option<String>]) -> Cell {
    let mut list = values.to_vec();
    let Role::Dimension(options) = spec.role else { panic!("not a dimension") };
    if options.multi_value != MultiValueHandling::Array {
        list.sort_by_key(|v| v.as_ref().map(|t| t.encode_utf16().collect::<Vec<_>>()));
    }
    if options.multi_value == MultiValueHandling::SortedSet {
        list.dedup();
    }
    match list.as_slice() {
        [] => Cell::Null,
        [Some(text)] => Cell::String(text.clone()),
        _ => Cell::Strings(list),
    }
}

pub(super) fn schema() -> Schema {
    let string = |name: &str, multi_value, bitmap_index| ColumnSpec {
        role: Role::Dimension(DimensionOptions { bitmap_index, multi_value }),
        ..ColumnSpec::dimension(name, ColumnType::String)
    };
    Schema::new(vec![
        string("sorted", MultiValueHandling::SortedArray, BitmapIndex::ByCost),
        string("set", MultiValueHandling::SortedSet, BitmapIndex::Always),
        string("given", MultiValueHandling::Array, BitmapIndex::Never),
        ColumnSpec::dimension("long", ColumnType::Long),
        ColumnSpec::dimension("float", ColumnType::Float),
        ColumnSpec::dimension("double", ColumnType::Double),
    ])
}

#[derive(Debug, Clone)]
enum Step {
    /// Rows in a batch that has the columns of the mask's bits, in an order turned by some places.
    Append(Vec<Row>, u8, usize),
    Publish,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = prop::collection::vec(row(&schema()), 0..120);
    let append = (rows, prop_oneof![Just(0xFF), any::<u8>()], 0usize..6);
    let step = prop_oneof![
        append.prop_map(|(rows, mask, turn)| Step::Append(rows, mask, turn)),
        Just(Step::Publish)
    ];
    prop::collection::vec(step, 1..12)
}

/// The columns of a batch.
fn part_of(schema: &Schema, mask: u8, turn: usize) -> Arc<Schema> {
    let chosen = schema.columns.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1);
    let mut columns: Vec<ColumnSpec> = chosen.map(|(_, c)| c.clone()).collect();
    if !columns.is_empty() {
        let places = turn % columns.len();
        columns.rotate_left(places);
    }
    Arc::new(Schema { columns, ..schema.clone() })
}

pub(super) type Expected = Vec<BTreeMap<String, Cell>>;

pub(super) fn check_view(view: &dyn Segment, rows: &Expected) {
    assert_eq!(view.rows(), rows.len());
    assert_eq!(&dump_rows(view).unwrap(), rows);
    for name in view.schema().columns.iter().map(|c| c.name.as_str()).chain([TIME_COLUMN]) {
        let cells: Vec<Cell> = rows.iter().map(|r| r.get(name).cloned().unwrap_or(Cell::Null)).collect();
        let column = view.column(name).unwrap().unwrap();
        for range in [0..rows.len(), rows.len() / 3..rows.len() / 2, rows.len() / 2..rows.len()] {
            assert_eq!(read_cells(column, range.clone()).unwrap(), cells[range]);
        }
        match column {
            Column::Time(c) | Column::Long(c) => {
                check_numbers(c, &cells, Cell::Long);
                check_bits(c, &cells, view.is_live());
            }
            Column::Float(c) => check_numbers(c, &cells, Cell::Float),
            Column::Double(c) => check_numbers(c, &cells, Cell::Double),
            Column::String(c) => check_strings(c, &cells),
        }
    }
    assert!(view.column("missing").unwrap().is_none());
}

fn every(step: usize, rows: Range<usize>) -> Vec<u32> {
    rows.step_by(step).map(|r| r as u32).collect()
}

fn check_numbers<T: Copy + Default + PartialOrd + std::fmt::Debug>(
    column: &dyn NumericColumn<T>,
    cells: &[Cell],
    cell: impl Fn(T) -> Cell,
) {
    let mut block = NumericBlock::default();
    for step in [1, 3, 50] {
        let rows = every(step, 0..cells.len());
        column.gather(&rows, &mut block).unwrap();
        assert_eq!((block.values.len(), block.nulls.len()), (rows.len(), rows.len()));
        for (i, row) in rows.iter().enumerate() {
            let found = if block.nulls.is_null(i) { Cell::Null } else { cell(block.values[i]) };
            assert_eq!(found, cells[*row as usize]);
        }
    }
    let nulls = cells.iter().filter(|c| **c == Cell::Null).count();
    assert_eq!(column.may_have_nulls(), nulls > 0);
    let zone = column.bounds().unwrap();
    assert_eq!(zone.nulls as usize, nulls);
    column.read(0..cells.len(), &mut block).unwrap();
    let values = (0..cells.len()).filter(|i| !block.nulls.is_null(*i)).map(|i| block.values[i]);
    let bounds = values.fold(None, |known: Option<(T, T)>, v| {
        let (low, high) = known.unwrap_or((v, v));
        Some((if v < low { v } else { low }, if v > high { v } else { high }))
    });
    assert_eq!(zone.bounds, bounds);
}

/// Sums and ranges of longs where they lie, which live rows always have; files have those of some encodings.
fn check_bits(column: &dyn NumericColumn<i64>, cells: &[Cell], live: bool) {
    let long = |cell: &Cell| if let Cell::Long(long) = cell { Some(*long) } else { None };
    let longs: Option<Vec<i64>> = cells.iter().map(long).collect();
    let (sum, mut mask) = (column.sum_bits(0..cells.len()).unwrap(), vec![0xAAAA; cells.len().div_ceil(64)]);
    let (low, high) = (longs.iter().flatten().min().copied().unwrap_or(0), 1);
    let span = high.max(low).wrapping_sub(low) as u64;
    let done = column.mask_bits(0..cells.len(), low as u64, span, &mut mask).unwrap();
    let Some(longs) = longs else { return assert!(sum.is_none() && !done, "there are nulls") };
    assert!(!live || sum.is_some());
    let expected = longs.iter().fold(0i64, |sum, long| sum.wrapping_add(*long)) as u64;
    assert_eq!(sum.unwrap_or(expected), expected);
    for bit in 0..if done { mask.len() * 64 } else { 0 } {
        let inside = longs.get(bit).is_some_and(|long| (low..=high.max(low)).contains(long));
        assert_eq!(mask[bit / 64] >> (bit % 64) & 1 == 1, inside);
    }
}

fn values_of(cell: &Cell) -> Vec<Option<String>> {
    match cell {
        Cell::Null => vec![None],
        Cell::String(text) => vec![Some(text.clone())],
        Cell::Strings(list) => list.clone(),
        other => panic!("{other:?} is no string"),
    }
}

fn check_strings(column: &dyn StringColumn, cells: &[Cell]) {
    let has = |cell: &Cell, text: &Option<String>| values_of(cell).contains(text);
    assert_eq!(column.has_nulls(), cells.iter().any(|c| has(c, &None)));
    assert_eq!(column.is_multi(), cells.iter().any(|c| matches!(c, Cell::Strings(_))));
    let ids = 0..column.cardinality();
    let texts: Vec<Option<String>> =
        ids.clone().map(|id| column.value(id).unwrap().map(str::to_owned)).collect();
    assert!(column.value(ids.end).is_err());
    let used: std::collections::BTreeSet<_> = cells.iter().flat_map(values_of).flatten().map(Some).collect();
    assert_eq!(used, texts[1..].iter().cloned().collect());
    for (id, text) in texts.iter().enumerate() {
        assert_eq!(column.lookup(text.as_deref()).unwrap(), Some(id as u32));
    }
    assert_eq!(column.lookup(Some("never there")).unwrap(), None);
    let sets: [Vec<u32>; 5] =
        [ids.clone().collect(), vec![], ids.clone().skip(1).collect(), vec![0], vec![2, 3, 99]];
    for wanted in sets.into_iter().chain(ids.map(|id| vec![id])) {
        let found = column.postings(&mut wanted.iter().copied(), cells.len()).unwrap();
        let known = wanted.iter().filter_map(|id| texts.get(*id as usize));
        let known: Vec<_> = known.collect();
        let slow = (0..cells.len()).filter(|row| known.iter().any(|text| has(&cells[*row], text)));
        assert_eq!(found.iter().collect::<Vec<_>>(), slow.map(|row| row as u32).collect::<Vec<_>>());
    }
    check_id_reads(column, cells);
}

fn check_id_reads(column: &dyn StringColumn, cells: &[Cell]) {
    let (mut block, mut single) = (MultiBlock::default(), Vec::new());
    for step in [1, 4] {
        let rows = every(step, 0..cells.len());
        column.gather_multi(&rows, &mut block).unwrap();
        let ids = block.offsets.windows(2).map(|w| &block.ids[w[0] as usize..w[1] as usize]);
        let found: Vec<Cell> = ids.map(|ids| crate::rows::text_cell(column, ids).unwrap()).collect();
        assert_eq!(found, rows.iter().map(|r| cells[*r as usize].clone()).collect::<Vec<_>>());
        if !column.is_multi() {
            column.gather_ids(&rows, &mut single).unwrap();
            let texts = single.iter().map(|id| column.value(*id).unwrap());
            let found: Vec<Cell> =
                texts.map(|t| t.map_or(Cell::Null, |t| Cell::String(t.to_owned()))).collect();
            assert_eq!(found, rows.iter().map(|r| cells[*r as usize].clone()).collect::<Vec<_>>());
            let (start, end) = (cells.len() / 3, cells.len() - cells.len() / 5);
            let mut range = Vec::new();
            column.read_ids(start..end, &mut range).unwrap();
            column.gather_ids(&every(1, start..end), &mut single).unwrap();
            assert_eq!(range, single);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn any_batches(steps in steps(), chunk_rows in prop::sample::select(vec![1usize, 7, 64, 256, 1 << 16])) {
        let schema = schema();
        let Some(Step::Append(_, mask, turn)) = steps.iter().find(|s| matches!(s, Step::Append(..))) else {
            return Ok(());
        };
        let (segment, mut writer) = open(&part_of(&schema, *mask, *turn), chunk_rows);
        let mut rows: Expected = Vec::new();
        let mut published = 0;
        let mut views = vec![(segment.published(), 0)];
        for step in &steps {
            match step {
                Step::Append(new, mask, turn) => {
                    let part = part_of(&schema, *mask, *turn);
                    let appended = writer.append(&batch(&part, new)).unwrap();
                    prop_assert_eq!((appended.rows_in, appended.rows_added), (new.len(), new.len()));
                    rows.extend(new.iter().map(|row| {
                        let mut row = row.clone();
                        row.cells.retain(|name, _| part.find(name).is_some());
                        expected(&part, &row)
                    }));
                }
                Step::Publish => {
                    writer.publish();
                    published = rows.len();
                }
            }
            prop_assert_eq!(writer.rows(), rows.len());
            prop_assert_eq!(segment.published().rows(), published);
            views.push((segment.published(), published));
        }
        let last = writer.freeze();
        prop_assert!(!last.is_live());
        prop_assert!(Arc::ptr_eq(&last, &segment.published()));
        views.push((last, rows.len()));
        for (view, count) in views {
            check_view(&*view, &rows[..count].to_vec());
        }
    }
}
