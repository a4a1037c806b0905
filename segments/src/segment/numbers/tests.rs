//! Do masks of nulls in bulk give what row by row gives?

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn masks_in_bulk(rows in prop::collection::vec(any::<bool>(), 0..300), cuts in prop::array::uniform3(0usize..300)) {
        let mut source = NullMask::default();
        rows.iter().for_each(|null| source.push(*null));
        let at = |i: usize| cuts[i].min(rows.len());
        let (start, end) = (at(0).min(at(1)), at(0).max(at(1)));
        let (mut bulk, mut single) = (NullMask::default(), NullMask::default());
        bulk.push_null(at(2));
        bulk.extend_from(&source, start..end);
        bulk.push_null(at(0));
        bulk.push_valid(3);
        bulk.extend_from(&source, end..rows.len());
        (0..at(2)).for_each(|_| single.push(true));
        rows[start..end].iter().for_each(|null| single.push(*null));
        (0..at(0)).for_each(|_| single.push(true));
        (0..3).for_each(|_| single.push(false));
        rows[end..].iter().for_each(|null| single.push(*null));
        prop_assert_eq!(&bulk, &single);
        (0..bulk.len()).step_by(2).for_each(|i| bulk.set_valid(i));
        let mut valid = NullMask::default();
        (0..bulk.len()).for_each(|i| valid.push(i % 2 == 1 && single.is_null(i)));
        prop_assert_eq!(bulk, valid);
    }
}
