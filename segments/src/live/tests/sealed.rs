//! Do live rows read the same once they are sealed?

use super::oracle::{check_view, schema};
use super::*;
use crate::mapped::MappedSegment;
use crate::rows::dump_rows;
use crate::seal::{SealRequest, seal};
use crate::{Segment, SegmentRef};

/// Seals segments into one; the folder lives as long as the file is needed.
pub(super) fn sealed(inputs: Vec<SegmentRef>, schema: &Schema) -> (tempfile::TempDir, MappedSegment) {
    sealed_with(inputs, schema, crate::combines_nothing)
}

/// The same, with states of aggregators that become one.
pub(super) fn sealed_with(
    inputs: Vec<SegmentRef>,
    schema: &Schema,
    combining: crate::Combining,
) -> (tempfile::TempDir, MappedSegment) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sealed");
    let schema = Some(Arc::new(schema.clone()));
    let request = SealRequest { id: id(), path: path.clone(), inputs, schema, projections: true, combining };
    seal(&request).unwrap();
    let segment = MappedSegment::open(&path).unwrap();
    (folder, segment)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn sealed_rows_are_the_live_rows(
        hydrants in prop::collection::vec(prop::collection::vec(row(&schema()), 0..150), 1..4),
        chunk_rows in prop::sample::select(vec![64usize, 1 << 16]),
    ) {
        let schema = Arc::new(schema());
        let mut live = Vec::new();
        for rows in &hydrants {
            let (_, mut writer) = open(&schema, chunk_rows);
            writer.append(&batch(&schema, rows)).unwrap();
            live.push(writer.freeze());
        }
        let inputs = live.iter().map(|view| SegmentRef::whole(Arc::clone(view) as Arc<dyn Segment>)).collect();
        let (_folder, segment) = sealed(inputs, &schema);
        let found = dump_rows(&segment).unwrap();
        check_view(&segment, &found);
        let texts = |rows: &[BTreeMap<String, Cell>]| {
            let mut texts: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
            texts.sort_unstable();
            texts
        };
        let given: Vec<_> = hydrants.iter().flatten().map(|row| expected(&schema, row)).collect();
        prop_assert_eq!(texts(&found), texts(&given));
        let times: Vec<_> = found.iter().map(|row| format!("{:?}", row[TIME_COLUMN])).collect();
        prop_assert!(times.is_sorted());
    }
}
