//! How does a parsed record become a row where the spec flattens, derives or filters? Fields, then derived
//! columns, then the filter, then the row.

use super::builder::{RowBuilder, RowEnd};
use super::field::Field;
use super::flatten::Flattener;
use super::record::{Origin, Reject};
use crate::spec::{DataSchema, FlattenKind, FlattenSpec, SpecError};

/// The steps between a parsed record and its row.
#[derive(Debug)]
pub(crate) struct General {
    flatten: Flattener,
}

impl General {
    /// `None` where the spec needs no such steps.
    pub(crate) fn new(data: &DataSchema, flatten: &FlattenSpec) -> Result<Option<Self>, SpecError> {
        if !data.transform.transforms.is_empty() || data.transform.filter.is_some() {
            return Err(SpecError::unsupported("transformSpec", "not yet"));
        }
        let plain = |kind: &FlattenKind, name: &str| matches!(kind, FlattenKind::Root(key) if key == name);
        if flatten.use_field_discovery && flatten.fields.iter().all(|f| plain(&f.kind, &f.name)) {
            return Ok(None);
        }
        Ok(Some(Self { flatten: Flattener::new(flatten)? }))
    }

    /// Makes the row of a record.
    pub(crate) fn row(
        &mut self,
        root: &Field<'_>,
        _origin: Option<&Origin<'_>>,
        builder: &mut RowBuilder,
        rejects: &mut Vec<Reject>,
    ) -> Result<RowEnd, Reject> {
        let mut put = |at: usize, name: &str, field: &Field<'_>| {
            let found = builder.slots.find_at(at, name);
            if let Some(slot) = builder.slot_for(found, name, field) {
                builder.put_field(slot, field);
            }
        };
        if let Field::Map(map) = root
            && self.flatten.discover
        {
            for (at, (name, field)) in map.iter().enumerate() {
                put(at, name, field);
            }
        }
        for (name, field) in self.flatten.fields(root) {
            put(usize::MAX, name, &field);
        }
        builder.end_row(rejects)
    }
}
