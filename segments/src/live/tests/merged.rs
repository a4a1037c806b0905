//! Do states of aggregators become one under rollup, whatever batches, publications and segments rows come in?

use super::sealed::sealed_with;
use super::*;
use crate::rows::dump_rows;
use crate::{CombineStates, Complex, Segment, SegmentError, SegmentRef};

/// A state here is the letters seen, in order.
struct Letters;

impl CombineStates for Letters {
    fn combine(&self, states: &mut dyn Iterator<Item = &str>) -> Result<String, String> {
        let mut letters: Vec<char> = states.flat_map(str::chars).collect();
        if letters.contains(&'!') {
            return Err("`!` is no letter".to_owned());
        }
        letters.sort_unstable();
        Ok(letters.into_iter().collect())
    }
}

fn combining(recipe: &str) -> Result<Box<dyn CombineStates + Send>, String> {
    if recipe == "letters" { Ok(Box::new(Letters)) } else { Err(format!("what is {recipe}?")) }
}

fn schema(recipe: &str) -> Arc<Schema> {
    let complex = ColumnType::Complex(Complex::HllSketch);
    let columns = vec![
        ColumnSpec::dimension("key", ColumnType::String),
        ColumnSpec::merged("state", complex, Some("x"), recipe.to_owned()),
    ];
    Arc::new(Schema { rollup: true, ..Schema::new(columns) })
}

fn rows() -> impl Strategy<Value = Vec<(i64, Option<&'static str>, Option<&'static str>)>> {
    let key = prop::option::weighted(0.8, prop::sample::select(vec!["k", "l"]));
    let state = prop::option::weighted(0.8, prop::sample::select(vec!["a", "b", "bc", "d"]));
    prop::collection::vec((0i64..2, key, state), 0..30)
}

fn to_batch(schema: &Arc<Schema>, rows: &[(i64, Option<&str>, Option<&str>)]) -> RowBatch {
    let cell = |text: Option<&str>| text.map(|text| Value::Texts(vec![Some(text.to_owned())]));
    let row = |(time, key, state): &(i64, Option<&str>, Option<&str>)| {
        let cells = [("key", cell(*key)), ("state", cell(*state))].into_iter();
        Row { time: *time, cells: cells.filter_map(|(name, cell)| Some((name.to_owned(), cell?))).collect() }
    };
    batch(schema, &rows.iter().map(row).collect::<Vec<_>>())
}

type Totals = BTreeMap<(i64, Option<String>), Vec<char>>;

/// The letters of each group of rows that were read.
fn totals(found: Vec<BTreeMap<String, Cell>>) -> Totals {
    let text = |cell: Option<&Cell>| match cell {
        Some(Cell::String(text)) => Some(text.clone()),
        _ => None,
    };
    let mut totals = Totals::new();
    for row in found {
        let Cell::Long(time) = row[TIME_COLUMN] else { panic!("no time") };
        let letters = totals.entry((time, text(row.get("key")))).or_default();
        letters.extend(text(row.get("state")).unwrap_or_default().chars());
        letters.sort_unstable();
    }
    totals
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn states_are_kept(
        parts in prop::collection::vec(prop::collection::vec((rows(), any::<bool>()), 0..5), 1..4),
        chunk_rows in prop::sample::select(vec![3usize, 1 << 16]),
    ) {
        let schema = schema("letters");
        let mut given = Totals::new();
        let mut live = Vec::new();
        for part in &parts {
            let options = LiveOptions { chunk_rows, combining };
            let (_, mut writer) = LiveSegment::open(id(), Arc::clone(&schema), options).unwrap();
            for (rows, publish) in part {
                writer.append(&to_batch(&schema, rows)).unwrap();
                if *publish {
                    writer.publish();
                }
                for (time, key, state) in rows {
                    let letters = given.entry((*time, key.map(str::to_owned))).or_default();
                    letters.extend(state.unwrap_or_default().chars());
                    letters.sort_unstable();
                }
            }
            live.push(writer.freeze());
        }
        let read = live.iter().flat_map(|view| dump_rows(&**view).unwrap()).collect();
        prop_assert_eq!(&totals(read), &given);
        let inputs = live.iter().map(|view| SegmentRef::whole(Arc::clone(view) as Arc<dyn Segment>)).collect();
        let (_folder, segment) = sealed_with(inputs, &schema, combining);
        let found = dump_rows(&segment).unwrap();
        prop_assert_eq!(found.len(), given.len());
        prop_assert_eq!(totals(found), given);
        prop_assert_eq!(segment.schema(), &*schema);
        prop_assert_eq!(segment.verify(), vec![]);
    }
}

#[test]
fn what_does_not_combine_is_refused() {
    let rows = |state| [(0, Some("k"), Some("a")), (0, Some("k"), Some(state))];
    let attempt = |recipe: &str, state| -> Result<_, SegmentError> {
        let schema = schema(recipe);
        let options = LiveOptions { combining, ..LiveOptions::default() };
        LiveSegment::open(id(), Arc::clone(&schema), options)?.1.append(&to_batch(&schema, &rows(state)))
    };
    assert_eq!(attempt("letters", "b").unwrap().rows_added, 1);
    assert!(attempt("letters", "!").unwrap_err().to_string().contains("`!` is no letter"));
    assert!(attempt("numbers", "b").unwrap_err().to_string().contains("what is numbers?"));
    let columns = vec![ColumnSpec::merged("state", ColumnType::Long, None, String::new())];
    assert!(LiveSegment::open(id(), Arc::new(Schema::new(columns)), LiveOptions::default()).is_err());
}
