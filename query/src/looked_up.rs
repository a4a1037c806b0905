//! How is a registered lookup queried as a table? As rows of the columns `k` and `v`, made once a load.

use std::sync::Arc;

use alluvium_segments::catalog::{Datasource, LoadedLookup, Lookup, lookup_table};
use alluvium_segments::{Segment, SegmentRef};

use crate::InlineSegment;
use crate::TextColumn;
use crate::column::{ColumnData, TextInterner};

/// A lookup of this name, ready for a snapshot.
#[must_use]
pub fn loaded_lookup(name: &str, lookup: Arc<Lookup>) -> LoadedLookup {
    let column = |texts: &mut dyn Iterator<Item = &str>| {
        let mut known = TextInterner::default();
        let ids = texts.map(|text| known.intern(Some(text))).collect();
        ColumnData::Texts(TextColumn { table: known.table, ids })
    };
    let keys = column(&mut lookup.iter().map(|(key, _)| key));
    let values = column(&mut lookup.iter().map(|(_, value)| value));
    let columns = vec![("k".to_owned(), keys), ("v".to_owned(), values)];
    let rows = Arc::new(InlineSegment::settled(name, &lookup.digest(), columns));
    let columns = rows.schema().columns.clone();
    let sealed = vec![SegmentRef::whole(rows)];
    let table = Datasource { name: lookup_table(name), sealed, columns, ..Datasource::default() };
    LoadedLookup { lookup, table: Arc::new(table) }
}
