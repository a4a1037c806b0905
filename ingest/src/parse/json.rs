//! How does a JSON object become a row without a tree in between? Keys are matched to fields as they are
//! read, values go straight into columns, what nobody wants is skipped.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::builder::RowBuilder;
use super::field::Field;
use super::slots::{Found, SlotId, Slots};

/// Reads one object's fields into the row being built.
pub(crate) struct RowSeed<'b>(pub(crate) &'b mut RowBuilder);

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let builder = self.0;
        let mut at = 0;
        while let Some(key) = access.next_key_seed(KeySeed { slots: &mut builder.slots, at })? {
            at += 1;
            match key {
                Key::Skip => {
                    access.next_value::<Skipped>()?;
                }
                Key::Slot(slot) => access.next_value_seed(ValueSeed { builder, slot })?,
                Key::New(name) => {
                    let field: Field<'de> = access.next_value()?;
                    if let Some(slot) = builder.slot_for(Found::New, &name, &field) {
                        builder.put_field(slot, &field);
                    }
                }
            }
        }
        Ok(())
    }
}

enum Key {
    Skip,
    Slot(SlotId),
    New(String),
}

struct KeySeed<'b> {
    slots: &'b mut Slots,
    at: usize,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        Ok(match self.slots.find_at(self.at, name) {
            Found::Slot(slot) => Key::Slot(slot),
            Found::Skip => Key::Skip,
            Found::New => Key::New(name.to_owned()),
        })
    }
}

struct ValueSeed<'b> {
    builder: &'b mut RowBuilder,
    slot: SlotId,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.builder.put_field(self.slot, &Field::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.builder.put_field(self.slot, &Field::Bool(value));
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.builder.put_long(self.slot, value);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.builder.put_long(self.slot, value),
            Err(_) => self.builder.put_double(self.slot, value as f64),
        }
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.builder.put_double(self.slot, value);
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.builder.put_text(self.slot, value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut list = Vec::new();
        while let Some(field) = access.next_element::<Field<'de>>()? {
            list.push(field);
        }
        self.builder.put_field(self.slot, &Field::List(list));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let field = super::field::read_map(access)?;
        self.builder.put_field(self.slot, &field);
        Ok(())
    }
}

/// A value nobody wants. Unlike `IgnoredAny`, which the JSON reader skips by a recursion without bound, it
/// is read under the reader's limit of nesting.
struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Skipped {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self, A::Error> {
        while access.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self, A::Error> {
        while access.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

/// Where each of the values written one after the other in `text` lies; `Err` tells what is no value.
pub(crate) fn documents(text: &str) -> Result<Vec<&str>, String> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut documents = Vec::new();
    let mut start = 0;
    while let Some(next) = stream.next() {
        next.map_err(|e| e.to_string())?;
        let end = stream.byte_offset();
        documents.push(text.get(start..end).unwrap_or_default());
        start = end;
    }
    Ok(documents)
}
