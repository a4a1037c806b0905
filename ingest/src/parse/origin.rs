//! Which columns tell where a record came from?

use super::builder::RowBuilder;
use super::field::Field;
use super::record::{Origin, Record};
use super::slots::{Found, SlotId};

/// A part of a record's origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Topic,
    Partition,
    Offset,
    Timestamp,
}

const OWN: [(&str, Part); 3] =
    [("__topic", Part::Topic), ("__partition", Part::Partition), ("__offset", Part::Offset)];

impl Part {
    pub(crate) fn of<'r>(self, origin: &Origin<'r>) -> Field<'r> {
        match self {
            Self::Topic => Field::Text(origin.topic.into()),
            Self::Partition => Field::Long(i64::from(origin.partition)),
            Self::Offset => Field::Long(origin.offset),
            Self::Timestamp => origin.timestamp.map_or(Field::Null, Field::Long),
        }
    }

    /// The part one of our own names stands for.
    pub(crate) fn named(name: &str) -> Option<Self> {
        OWN.iter().find(|(own, _)| *own == name).map(|(_, part)| *part)
    }
}

/// The fields filled from a record's origin; the record's own fields of these names win.
#[derive(Debug, Default)]
pub(crate) struct OriginFields(Vec<(Part, SlotId)>);

impl OriginFields {
    /// `kafka` names the columns of the `kafka` input format: timestamp and topic.
    pub(crate) fn new(builder: &mut RowBuilder, kafka: Option<(&str, &str)>) -> Self {
        let mut fields = Vec::new();
        for (name, part) in OWN {
            // Only where the spec lists them.
            if let Found::Slot(slot) = builder.slots.find(name) {
                fields.push((part, slot));
            }
        }
        if let Some((timestamp, topic)) = kafka {
            let named = [
                (timestamp, Part::Timestamp),
                (topic, Part::Topic),
                ("kafka.partition", Part::Partition),
                ("kafka.offset", Part::Offset),
            ];
            for (name, part) in named {
                match builder.slots.find(name) {
                    Found::Slot(slot) => fields.push((part, slot)),
                    Found::New => fields.push((part, builder.discover(name))),
                    Found::Skip => {}
                }
            }
        }
        Self(fields)
    }

    /// Puts the origin's parts into the row being built.
    pub(crate) fn put(&self, record: &Record<'_>, builder: &mut RowBuilder) {
        let Some(origin) = &record.origin else { return };
        for (part, slot) in &self.0 {
            builder.put_field(*slot, &part.of(origin));
        }
    }
}
