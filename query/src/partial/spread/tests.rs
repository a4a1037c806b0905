//! Do groups handed on in any batches become the same groups?

use std::collections::BTreeMap;

use alluvium_segments::ColumnType;
use alluvium_segments::time::Granularity;
use proptest::prelude::*;

use super::*;
use crate::group::mix;
use crate::partial::space::{BucketSpace, Space};
use crate::plan::{AggregatorPlan, DimensionPlan};

fn spread(possible: u64, rows: usize, limits: GroupLimits, control: &Control) -> Spread {
    let count = AggregatorPlan { name: "n".to_owned(), function: AggregateFunction::Count, filter: None };
    let dimensions = vec![DimensionPlan::column("k", "k", ColumnType::Long)];
    let plan =
        AggregatePlan { granularity: Granularity::All, dimensions, aggregators: vec![count], top: None };
    let spaces = Spaces {
        buckets: BucketSpace::One,
        dimensions: vec![Space::Distance { min: 0, possible }],
        distincts: vec![None],
        rows,
        limits,
    };
    Spread::new(&plan, (&spaces, &spaces.layout().unwrap()), control).unwrap()
}

fn few() -> GroupLimits {
    GroupLimits { alone: 0, part: 8, listed: 16, held: 16, ..GroupLimits::default() }
}

/// Hands on keys, each counted once.
fn hand_on(spread: &Spread, keys: &[u64], listed: bool) -> Result<Interner, QueryError> {
    let mut table = match listed {
        true => Interner::Listed(Vec::new()),
        false => Interner::Narrow(NarrowTable::default()),
    };
    let mut groups = Vec::new();
    table.intern(keys, &mut groups);
    let mut counts = vec![0; table.len()];
    groups.iter().for_each(|group| counts[*group as usize] += 1);
    spread.take(&mut table, &mut keys.len(), vec![MergeState::Whole(State::Count(counts))])?;
    assert_eq!(table.len(), 0);
    Ok(table)
}

/// All groups, merged in `pieces`.
fn merged(spread: &Spread, pieces: usize) -> BTreeMap<u64, i64> {
    let (batches, ranges) = spread.pieces(pieces);
    let mut all = BTreeMap::new();
    for parts in ranges {
        let (keys, states) = spread.of_parts(&batches, parts).unwrap();
        let [State::Count(counts)] = states.as_slice() else { panic!("{states:?}") };
        for (key, count) in keys.iter().zip(counts) {
            assert_eq!(all.insert(*key, *count), None, "{key} is in two parts");
        }
    }
    all
}

fn counted<'k>(keys: impl Iterator<Item = &'k u64>) -> BTreeMap<u64, i64> {
    let mut all = BTreeMap::new();
    keys.for_each(|key| *all.entry(*key).or_default() += 1);
    all
}

proptest! {
    #[test]
    fn batches_become_the_same_groups(
        (possible, batches) in prop_oneof![Just(40u64), Just(3000), Just(1 << 40), Just(u64::MAX)].prop_flat_map(
            |possible| {
                let keys = prop::collection::vec(0..possible, 0..200);
                (Just(possible), prop::collection::vec((keys, any::<bool>()), 0..6))
            },
        ),
        rows in prop_oneof![Just(0usize), Just(100), Just(100_000)],
        waiting in prop_oneof![Just(1usize), Just(150), Just(usize::MAX)],
        pieces in 0usize..9,
    ) {
        let spread = spread(possible, rows, GroupLimits { waiting, ..few() }, &Control::new("q", 0));
        for (keys, listed) in &batches {
            hand_on(&spread, keys, *listed).unwrap();
        }
        let all = batches.iter().flat_map(|(keys, _)| keys);
        prop_assert_eq!(merged(&spread, pieces), counted(all));
    }
}

#[test]
fn keys_of_one_place_in_the_table_are_told_apart() {
    let same = (0u64..).filter(|key| mix(*key) & 0x3ff == 7 && mix(*key) >> 60 == 3);
    let keys: Vec<u64> = same.take(600).collect();
    let spread = spread(1 << 40, 1000, few(), &Control::new("q", 0));
    hand_on(&spread, &keys, true).unwrap();
    hand_on(&spread, &keys[100..], false).unwrap();
    let found = merged(&spread, 3);
    assert_eq!(found, counted(keys.iter().chain(&keys[100..])));
}

#[test]
fn a_worker_looks_for_no_groups_where_that_was_not_worth_it() {
    let spread = spread(1 << 40, 1000, few(), &Control::new("q", 0));
    let table = |keys: &[u64]| hand_on(&spread, keys, false).unwrap();
    assert!(matches!(table(&[1, 2, 3, 3]), Interner::Listed(_)));
    assert!(matches!(table(&[1, 2, 1, 2]), Interner::Narrow(_)));
}

#[test]
fn a_cancelled_query_hands_on_and_merges_nothing() {
    let control = Control::new("q", 0);
    let spread = spread(1 << 40, 1000, few(), &control);
    hand_on(&spread, &[1, 2, 3], true).unwrap();
    control.cancel();
    assert!(hand_on(&spread, &[4], true).is_err());
    let (batches, ranges) = spread.pieces(1);
    assert!(spread.of_parts(&batches, ranges[0].clone()).is_err());
}

#[test]
fn few_possible_groups_are_never_handed_on() {
    let limits = GroupLimits { alone: 1000, ..few() };
    let plan = AggregatePlan {
        granularity: Granularity::All,
        dimensions: Vec::new(),
        aggregators: Vec::new(),
        top: None,
    };
    let spaces = |possible| Spaces {
        buckets: BucketSpace::One,
        dimensions: vec![Space::Distance { min: 0, possible }],
        distincts: Vec::new(),
        rows: 5000,
        limits,
    };
    let control = Control::new("q", 0);
    assert!(AnySpread::new(&plan, &spaces(1000), &control).is_none());
    assert!(AnySpread::new(&plan, &spaces(1001), &control).is_some());
}
