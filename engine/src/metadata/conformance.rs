//! What must every metadata driver do? One suite over the trait, run by each driver's tests.

use std::any::Any;
use std::sync::Arc;

use alluvium_segments::catalog::{
    AllocateSegment, Commit, Lease, LookupChange, LookupRecord, MetadataStore, OffsetAdvance, Publication,
    SegmentRecord, SupervisorRecord, TaskRecord,
};
use alluvium_segments::time::Interval;
use alluvium_segments::{ColumnSpec, ColumnType, Schema, SegmentError, SegmentId};
use serde_json::json;

/// A fresh store, and what must live as long.
pub(crate) type Fresh<'a> = &'a dyn Fn() -> (Arc<dyn MetadataStore>, Box<dyn Any>);

/// Runs all checks, each on a fresh store.
pub(crate) fn check_all(fresh: Fresh<'_>) {
    for check in [
        leases,
        allocation,
        allocation_follows_existing_chunks,
        publication,
        lost_acknowledgement,
        fencing,
        replacement,
        hidden_segments_are_refused,
        marking,
        offsets,
        supervisors,
        tasks,
        lookups,
    ] {
        let (store, _keep) = fresh();
        check(store.as_ref());
    }
}

fn day(text: &str) -> Interval {
    format!("{text}/P1D").parse().unwrap()
}

fn ask(interval: Interval, sequence: &str) -> AllocateSegment {
    AllocateSegment {
        datasource: "d".to_owned(),
        interval,
        sequence: sequence.to_owned(),
        new_version: "2020-01-01T00:00:00.000Z".to_owned(),
    }
}

fn record(id: SegmentId) -> SegmentRecord {
    SegmentRecord {
        location: format!("segments/{id}"),
        id,
        core_partitions: 0,
        minor_version: 0,
        root_start: 0,
        root_end: 0,
        upgraded_from: None,
        schema: Schema::new(vec![ColumnSpec::dimension("page", ColumnType::String)]),
        rows: 10,
        size_bytes: 100,
        time_bounds: Some((5, 9)),
        checksum: u32::MAX,
        created_ms: 77,
    }
}

fn id(interval: Interval, version: &str, partition: u32) -> SegmentId {
    SegmentId { datasource: "d".to_owned(), interval, version: version.to_owned(), partition }
}

fn commit(lease: Option<&Lease>, add: Vec<SegmentRecord>, start: i64, end: i64) -> Commit {
    Commit {
        datasource: "d".to_owned(),
        lease: lease.cloned(),
        supervisor: Some("s".to_owned()),
        offsets: vec![OffsetAdvance { topic: "t".to_owned(), partition: 0, start, end }],
        add,
        audit: json!({"by": "test"}),
        ..Commit::default()
    }
}

fn leases(store: &dyn MetadataStore) {
    let first = store.acquire_lease("x", "a", 100, 1000).unwrap().unwrap();
    assert_eq!(store.acquire_lease("x", "b", 100, 1050).unwrap(), None);
    let again = store.acquire_lease("x", "a", 100, 1050).unwrap().unwrap();
    assert!(again.epoch > first.epoch);
    assert!(!store.renew_lease(&first, 100, 1060).unwrap());
    assert!(store.renew_lease(&again, 100, 1060).unwrap());
    assert_eq!(store.acquire_lease("x", "b", 100, 1150).unwrap(), None);
    let taken = store.acquire_lease("x", "b", 100, 1160).unwrap().unwrap();
    assert!(taken.epoch > again.epoch);
    assert!(!store.renew_lease(&again, 100, 1170).unwrap());
    store.release_lease(&taken).unwrap();
    let next = store.acquire_lease("x", "a", 100, 1180).unwrap().unwrap();
    assert!(next.epoch > taken.epoch);
}

fn allocation(store: &dyn MetadataStore) {
    let monday = day("2020-01-06");
    let first = store.allocate(&ask(monday, "task/0")).unwrap();
    assert_eq!(first, id(monday, "2020-01-01T00:00:00.000Z", 0));
    assert_eq!(store.allocate(&ask(monday, "task/0")).unwrap(), first);
    let second = store.allocate(&ask(monday, "task/1")).unwrap();
    assert_eq!((second.partition, &second.version), (1, &first.version));
    store.publish(&commit(None, vec![record(second)], 0, 1), 1).unwrap();
    assert_eq!(store.allocate(&ask(monday, "task/2")).unwrap().partition, 2);
    assert_eq!(store.allocate(&ask(day("2020-01-07"), "task/3")).unwrap().partition, 0);
}

fn allocation_follows_existing_chunks(store: &dyn MetadataStore) {
    let month: Interval = "2020-01-01/P1M".parse().unwrap();
    let published = id(month, "2020-02-02T00:00:00.000Z", 4);
    store.publish(&commit(None, vec![record(published)], 0, 1), 1).unwrap();
    let inside = store.allocate(&ask(day("2020-01-06"), "a")).unwrap();
    assert_eq!(inside, id(month, "2020-02-02T00:00:00.000Z", 5));
    let year: Interval = "2019-01-01/P2Y".parse().unwrap();
    let error = store.allocate(&ask(year, "b")).unwrap_err();
    assert!(matches!(error, SegmentError::Conflict(_)), "{error}");
}

fn publication(store: &dyn MetadataStore) {
    let lease = store.acquire_lease("supervisor/s", "a", 1000, 0).unwrap().unwrap();
    let add = vec![record(id(day("2020-01-06"), "v", 0)), record(id(day("2020-01-07"), "v", 0))];
    let first = store.publish(&commit(Some(&lease), add.clone(), 0, 50), 5).unwrap();
    assert_eq!(first, Publication::Done(1));
    assert_eq!(store.segments(Some("d")).unwrap(), add);
    assert_eq!(store.segments(Some("other")).unwrap(), []);
    assert_eq!(store.segments(None).unwrap().len(), 2);
    assert_eq!(store.offsets("s").unwrap(), [("t".to_owned(), 0, 50)]);
    assert_eq!(store.datasources().unwrap(), ["d"]);
    let empty = store.publish(&commit(Some(&lease), vec![], 50, 60), 6).unwrap();
    assert_eq!(empty, Publication::Done(2));
    assert_eq!(store.audit(1).unwrap(), [(6, "d".to_owned(), json!({"by": "test"}))]);
}

fn lost_acknowledgement(store: &dyn MetadataStore) {
    let lease = store.acquire_lease("supervisor/s", "a", 1000, 0).unwrap().unwrap();
    let wanted = commit(Some(&lease), vec![record(id(day("2020-01-06"), "v", 0))], 0, 50);
    assert_eq!(store.publish(&wanted, 5).unwrap(), Publication::Done(1));
    assert_eq!(store.publish(&wanted, 5).unwrap(), Publication::AlreadyDone);
    let offsets_only = commit(Some(&lease), vec![], 50, 60);
    assert_eq!(store.publish(&offsets_only, 5).unwrap(), Publication::Done(2));
    assert_eq!(store.publish(&offsets_only, 5).unwrap(), Publication::AlreadyDone);
    assert_eq!(store.segments(None).unwrap().len(), 1);
}

fn fencing(store: &dyn MetadataStore) {
    let old = store.acquire_lease("supervisor/s", "a", 1000, 0).unwrap().unwrap();
    let new = store.acquire_lease("supervisor/s", "b", 1000, 2000).unwrap().unwrap();
    let first = vec![record(id(day("2020-01-06"), "v", 0))];
    let outcome = store.publish(&commit(Some(&old), first.clone(), 0, 50), 5).unwrap();
    assert!(matches!(&outcome, Publication::Fenced(why) if why.contains("lease")), "{outcome:?}");
    assert_eq!(store.publish(&commit(Some(&new), first, 0, 50), 5).unwrap(), Publication::Done(1));
    let second = vec![record(id(day("2020-01-06"), "v", 1))];
    for (start, end) in [(0, 50), (40, 60), (60, 70)] {
        let outcome = store.publish(&commit(Some(&new), second.clone(), start, end), 5).unwrap();
        assert!(matches!(&outcome, Publication::Fenced(why) if why.contains("offset")), "{outcome:?}");
    }
    assert_eq!(store.segments(None).unwrap().len(), 1);
    assert_eq!(store.offsets("s").unwrap(), [("t".to_owned(), 0, 50)]);
    store.release_lease(&new).unwrap();
    let outcome = store.publish(&commit(Some(&new), second, 50, 60), 5).unwrap();
    assert!(matches!(outcome, Publication::Fenced(_)), "a released lease fences");
}

fn replacement(store: &dyn MetadataStore) {
    let monday = day("2020-01-06");
    let old = vec![
        record(id(monday, "v1", 0)),
        record(id(monday, "v1", 1)),
        record(id(day("2020-01-07"), "v1", 0)),
    ];
    store.publish(&commit(None, old, 0, 50), 5).unwrap();
    let mut new = record(id(monday, "v2", 0));
    new.core_partitions = 1;
    let replace = Commit {
        datasource: "d".to_owned(),
        add: vec![new.clone()],
        replace: vec![(monday, "v2".to_owned())],
        ..Commit::default()
    };
    assert_eq!(store.publish(&replace, 6).unwrap(), Publication::Done(2));
    let left: Vec<SegmentId> = store.segments(Some("d")).unwrap().into_iter().map(|r| r.id).collect();
    assert_eq!(left, [new.id, id(day("2020-01-07"), "v1", 0)]);
    assert_eq!(store.allocate(&ask(monday, "n")).unwrap(), id(monday, "v2", 1));
}

fn hidden_segments_are_refused(store: &dyn MetadataStore) {
    let monday = day("2020-01-06");
    store.publish(&commit(None, vec![record(id(monday, "v2", 0))], 0, 50), 5).unwrap();
    let late = commit(None, vec![record(id(monday, "v1", 1))], 50, 60);
    let error = store.publish(&late, 6).unwrap_err();
    assert!(matches!(error, SegmentError::Conflict(_)), "{error}");
    assert_eq!(store.offsets("s").unwrap(), [("t".to_owned(), 0, 50)]);
    assert_eq!(store.segments(None).unwrap().len(), 1);
}

fn marking(store: &dyn MetadataStore) {
    let one = record(id(day("2020-01-06"), "v", 0));
    store.publish(&commit(None, vec![one.clone()], 0, 50), 5).unwrap();
    let unknown = id(day("2020-01-06"), "v", 9);
    assert_eq!(store.mark_segments(&[one.id.clone(), unknown], false).unwrap(), 1);
    assert_eq!(store.mark_segments(std::slice::from_ref(&one.id), false).unwrap(), 0);
    assert_eq!(store.segments(None).unwrap(), []);
    assert_eq!(store.locations().unwrap(), std::slice::from_ref(&one.location));
    assert_eq!(store.datasources().unwrap(), ["d"]);
    // A dropped chunk starts again above what was there.
    assert!(store.allocate(&ask(day("2020-01-06"), "n")).unwrap().version.as_str() > "v");
    assert_eq!(store.mark_segments(std::slice::from_ref(&one.id), true).unwrap(), 1);
    assert_eq!(store.segments(None).unwrap(), [one]);
}

fn offsets(store: &dyn MetadataStore) {
    let topic = || "t".to_owned();
    store.set_offsets("s", &[(topic(), 0, Some(5)), (topic(), 1, Some(6))]).unwrap();
    store.set_offsets("s", &[(topic(), 0, None), (topic(), 1, Some(7))]).unwrap();
    store.set_offsets("other", &[(topic(), 0, Some(1))]).unwrap();
    assert_eq!(store.offsets("s").unwrap(), [(topic(), 1, 7)]);
    store.clear_offsets("s").unwrap();
    assert_eq!(store.offsets("s").unwrap(), []);
    assert_eq!(store.offsets("other").unwrap(), [(topic(), 0, 1)]);
}

fn supervisors(store: &dyn MetadataStore) {
    let spec = json!({"type": "kafka", "spec": {"dataSchema": {"dataSource": "wiki"}}});
    let first = SupervisorRecord { id: "s".to_owned(), spec, version: "1".to_owned(), suspended: false };
    let second = SupervisorRecord { version: "2".to_owned(), suspended: true, ..first.clone() };
    store.put_supervisor(&first).unwrap();
    assert_eq!(store.datasources().unwrap(), ["wiki"]);
    store.put_supervisor(&second).unwrap();
    assert_eq!(store.supervisors().unwrap(), std::slice::from_ref(&second));
    assert_eq!(store.supervisor_history("s").unwrap(), [second, first]);
    assert_eq!(store.supervisor_history("x").unwrap(), []);
}

fn tasks(store: &dyn MetadataStore) {
    let task = |id: &str, created_ms| TaskRecord {
        id: id.to_owned(),
        task_type: "index_parallel".to_owned(),
        datasource: "d".to_owned(),
        created_ms,
        status: "RUNNING".to_owned(),
        duration_ms: -1,
        error: None,
        payload: json!({"type": "index_parallel"}),
        report: None,
    };
    store.put_task(&task("a", 1)).unwrap();
    store.put_task(&task("b", 2)).unwrap();
    let done = TaskRecord {
        status: "FAILED".to_owned(),
        duration_ms: 5,
        error: Some("because".to_owned()),
        report: Some(json!({"x": 1})),
        ..task("a", 1)
    };
    store.put_task(&done).unwrap();
    assert_eq!(store.task("a").unwrap(), Some(done.clone()));
    assert_eq!(store.task("c").unwrap(), None);
    assert_eq!(store.tasks().unwrap(), [task("b", 2), done]);
}

fn lookups(store: &dyn MetadataStore) {
    assert_eq!(store.lookups().unwrap(), None);
    store.change_lookups(&LookupChange::default(), 1).unwrap();
    assert_eq!(store.lookups().unwrap(), Some(Vec::new()));
    assert_eq!(store.audit(9).unwrap(), []);
    let record = |tier: &str, name: &str, version: &str| LookupRecord {
        tier: tier.to_owned(),
        name: name.to_owned(),
        spec: json!({"version": version, "lookupExtractorFactory": {"type": "map", "map": {}}}),
    };
    let (a, b, other) = (record("t", "a", "v1"), record("t", "b", "v1"), record("s", "b", "v1"));
    let put = vec![b.clone(), a.clone(), other.clone()];
    let audit = json!({"author": "me"});
    store.change_lookups(&LookupChange { put, audit: audit.clone(), ..LookupChange::default() }, 2).unwrap();
    assert_eq!(store.lookups().unwrap(), Some(vec![other.clone(), a.clone(), b]));
    assert_eq!(store.audit(9).unwrap(), [(2, "lookups".to_owned(), audit)]);
    let newer = record("t", "a", "v2");
    let delete = vec![("t".to_owned(), "b".to_owned()), ("t".to_owned(), "none".to_owned())];
    let change = LookupChange { put: vec![newer.clone()], delete, ..LookupChange::default() };
    store.change_lookups(&change, 3).unwrap();
    assert_eq!(store.lookups().unwrap(), Some(vec![other, newer]));
}
