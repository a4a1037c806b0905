//! How are summaries filled? Distinct counts at the end of a query with each value once a group, where values have common
//! codes; else with every value, each text being hashed or parsed once a segment. States that a column holds are added
//! whole.

use alluvium_expression::decode;
use alluvium_segments::{ColumnType, SegmentRef};
use alluvium_sketches::{Form, Item, Prepared, Recipe, Summary};

use super::coded::CodedValues;
use super::kernel::{Rows, Target, for_each};
use crate::QueryError;
use crate::partial::{MergeState, Space, State};
use crate::plan::{CardinalityField, Input};
use crate::scan::{Codes, Key, Kind, SlotId, Source, Values};

/// Bits with which it is remembered which values were seen in which group.
const MOST_SEEN: u64 = 1 << 25;

/// Summaries of the groups of one segment.
#[derive(Debug)]
pub(super) struct Summaries<'p> {
    recipe: &'p Recipe,
    reading: Reading<'p>,
    /// Columns of the numbers that belong to a key.
    rest: Vec<SlotId>,
    list: Vec<Option<Box<Summary>>>,
}

/// Where values come from.
#[derive(Debug)]
enum Reading<'p> {
    /// There are none: all rows are null.
    Nothing,
    /// Numbers.
    Numbers(SlotId),
    /// Anything else, by its code.
    Texts(Box<Texts<'p>>),
    /// Values that have common codes; these are collected and nothing is hashed. Numbers are read by themselves when the
    /// sets become too large.
    Sets(Box<Key<'p>>, Box<CodedValues>, Option<SlotId>),
    /// Summaries: JSON texts of base64, or base64.
    States(SlotId),
}

/// Values by code.
#[derive(Debug)]
struct Texts<'p> {
    key: Key<'p>,
    codes: Codes,
    /// Possible codes.
    possible: u64,
    prepared: Vec<Option<Prepared>>,
    /// Bit `group * possible + code`: what was added already, where that need not be added again.
    seen: Vec<u64>,
}

impl<'p> Summaries<'p> {
    pub(super) fn new(
        (recipe, field, rest): (&'p Recipe, &'p CardinalityField, &'p [Input]),
        space: Option<&Space>,
        segment: &SegmentRef,
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        let slot = source.input(&field.input)?;
        let (kind, form) = (source.kind(slot), source.form(slot));
        let plain = field.transforms.is_empty();
        let has_texts = matches!(kind, Kind::Ids | Kind::Multi);
        if let (ColumnType::Complex(complex), true) = (form, plain)
            && complex.name() != recipe.kind().name()
        {
            let (found, wanted) = (complex.name(), recipe.kind().name());
            let message = format!("a column of type COMPLEX<{found}> cannot be aggregated as a {wanted}");
            return Err(QueryError::invalid(message));
        }
        let states = has_texts && plain && (form.is_coded() || recipe.merges);
        // What Druid's `hyperUnique` finds in other columns than its own is nothing.
        let foreign = matches!(recipe.form, Form::HyperUnique { .. });
        let reading = match kind {
            _ if states => Reading::States(slot),
            _ if foreign => Reading::Nothing,
            Kind::Null if plain => Reading::Nothing,
            Kind::Long | Kind::Float | Kind::Double if plain && !recipe.counts_distinct() => {
                Reading::Numbers(slot)
            }
            _ => {
                let mut key = Key::new(field, source)?;
                key.narrow();
                // Codes are decoded as the plan's type: that has to be the column's.
                let as_planned = match kind {
                    Kind::Long => field.output_type == ColumnType::Long,
                    Kind::Float => field.output_type == ColumnType::Float,
                    Kind::Double => field.output_type == ColumnType::Double,
                    _ => field.output_type == ColumnType::String,
                };
                let sets = if recipe.counts_distinct()
                    && (recipe.finalizes || recipe.asks.is_some())
                    && as_planned
                {
                    CodedValues::new(&key, (field, Some(recipe.clone())), space, segment, source)?
                } else {
                    None
                };
                let numbers = (plain && !has_texts).then_some(slot);
                match (sets, numbers) {
                    (Some(sets), numbers) => Reading::Sets(Box::new(key), Box::new(sets), numbers),
                    (None, Some(slot)) => Reading::Numbers(slot),
                    (None, None) => Reading::Texts(Box::new(Texts::new(key, source))),
                }
            }
        };
        let rest = rest.iter().map(|input| source.input(input)).collect::<Result<_, _>>()?;
        Ok(Self { recipe, reading, rest, list: Vec::new() })
    }

    pub(super) fn grow(&mut self, groups: usize) -> Result<(), QueryError> {
        if let Reading::Sets(_, sets, _) = &mut self.reading
            && sets.grow(groups)
        {
            return Ok(());
        }
        if let Reading::Sets(..) = &self.reading
            && let Reading::Sets(key, sets, numbers) = std::mem::replace(&mut self.reading, Reading::Nothing)
        {
            if let State::Summaries(list) = sets.sets().state()? {
                self.list = list;
            }
            self.reading = match numbers {
                Some(slot) => Reading::Numbers(slot),
                None => Reading::Texts(Box::new(Texts::of(*key))),
            };
        }
        self.list.resize(groups, None);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<MergeState, QueryError> {
        match self.reading {
            Reading::Sets(_, sets, _) => Ok(sets.finish()),
            _ => Ok(MergeState::Whole(State::Summaries(self.list))),
        }
    }

    pub(super) fn add(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        let Self { recipe, reading, rest, list } = self;
        for slot in rest.iter() {
            source.load(*slot)?;
        }
        let null = recipe.prepare(Item::Null);
        match reading {
            Reading::Sets(key, sets, _) => sets.add(key, source, target, rows),
            Reading::Nothing => fill(recipe, list, target, rows, |_, add| {
                add(null, &[]);
                Ok(())
            }),
            Reading::Numbers(slot) => {
                source.load(*slot)?;
                let values = source.values(*slot);
                let mut row = Vec::with_capacity(rest.len());
                fill(recipe, list, target, rows, |p, add| {
                    rest_of(source, rest, p, &mut row);
                    add(recipe.prepare(number(values, p)), &row);
                    Ok(())
                })
            }
            Reading::Texts(texts) => texts.add((*recipe, rest), list, source, target, rows),
            Reading::States(slot) => {
                source.load(*slot)?;
                let slot = *slot;
                let mut failed = Ok(());
                for_each(target, rows, |group, p| {
                    if failed.is_ok() {
                        failed = add_states(recipe, &mut list[group], source, slot, p);
                    }
                });
                failed
            }
        }
    }
}

/// Calls back for each row with what adds to its group's summary.
fn fill(
    recipe: &Recipe,
    list: &mut [Option<Box<Summary>>],
    target: Target<'_>,
    rows: Rows<'_>,
    mut row: impl FnMut(usize, &mut dyn FnMut(Prepared, &[f64])) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let mut failed = Ok(());
    for_each(target, rows, |group, p| {
        let place = &mut list[group];
        let mut refused = Ok(());
        let mut add = |prepared: Prepared, values: &[f64]| {
            if prepared == Prepared::Nothing {
                return;
            }
            match summary(recipe, place) {
                Ok(summary) => summary.add(prepared, values),
                Err(error) => refused = Err(error),
            }
        };
        let called = row(p, &mut add);
        if let Err(error) = called.and(refused) {
            failed = Err(error);
        }
    });
    failed
}

/// The summary of a group, made when it is new.
fn summary<'l>(recipe: &Recipe, place: &'l mut Option<Box<Summary>>) -> Result<&'l mut Summary, QueryError> {
    if place.is_none() {
        *place = Some(Box::new(recipe.empty()?));
    }
    place.as_deref_mut().ok_or_else(|| QueryError::Internal("a summary was not made".to_owned()))
}

/// The numbers that belong to the key of a row; 0 where there is none.
fn rest_of(source: &Source<'_>, rest: &[SlotId], p: usize, row: &mut Vec<f64>) {
    row.clear();
    for slot in rest {
        let values = source.values(*slot);
        row.push(match values {
            Values::Ids(ids) => {
                let text = source.text(*slot, ids[p]).ok().flatten();
                text.and_then(|text| Item::Text(text).number()).unwrap_or(0.0)
            }
            _ => number(values, p).number().unwrap_or(0.0),
        });
    }
}

fn number(values: &Values, p: usize) -> Item<'static> {
    if values.is_null(p) {
        return Item::Null;
    }
    match values {
        Values::Long(block) => Item::Long(block.values[p]),
        Values::Float(block) => Item::Float(block.values[p]),
        Values::Double(block) => Item::Double(block.values[p]),
        _ => Item::Null,
    }
}

/// Adds the states of a row to the summary of its group.
fn add_states(
    recipe: &Recipe,
    place: &mut Option<Box<Summary>>,
    source: &Source<'_>,
    slot: SlotId,
    p: usize,
) -> Result<(), QueryError> {
    let one;
    let ids = match source.values(slot) {
        Values::Ids(ids) => {
            one = [ids[p]];
            &one[..]
        }
        Values::Multi(block) => &block.ids[block.offsets[p] as usize..block.offsets[p + 1] as usize],
        _ => &[],
    };
    let form = source.form(slot);
    for id in ids {
        let Some(text) = source.text(slot, *id)? else { continue };
        let summary = summary(recipe, place)?;
        match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(base64) if form.is_coded() => summary.add_base64(base64)?,
            None if form.is_coded() => {
                if let Some(base64) = decode(text, form).as_string() {
                    summary.add_base64(&base64)?;
                }
            }
            _ => summary.add_base64(text)?,
        }
    }
    Ok(())
}

impl<'p> Texts<'p> {
    fn new(key: Key<'p>, source: &Source<'_>) -> Self {
        let possible = key.possible(source);
        Self { possible, ..Self::of(key) }
    }

    fn of(key: Key<'p>) -> Self {
        let possible = u64::MAX;
        Self { key, codes: Codes::default(), possible, prepared: Vec::new(), seen: Vec::new() }
    }

    fn add(
        &mut self,
        (recipe, rest): (&Recipe, &[SlotId]),
        list: &mut [Option<Box<Summary>>],
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        self.key.read(source, &mut self.codes)?;
        let bits = self.possible.saturating_mul(list.len() as u64);
        let remembers = recipe.counts_distinct() && bits <= MOST_SEEN;
        if remembers {
            self.seen.resize(bits.div_ceil(64) as usize, 0);
        }
        let null = recipe.prepare(Item::Null);
        let mut row = Vec::with_capacity(rest.len());
        let (mut failed, mut unread) = (Ok(()), Ok(()));
        let Self { key, codes, possible, prepared, seen, .. } = self;
        for_each(target, rows, |group, p| {
            rest_of(source, rest, p, &mut row);
            let row_codes = codes.row(p);
            let none = row_codes.iter().all(|code| *code == 0);
            let mut add = |value: Prepared| {
                if value != Prepared::Nothing {
                    match summary(recipe, &mut list[group]) {
                        Ok(summary) => summary.add(value, &row),
                        Err(error) => failed = Err(error),
                    }
                }
            };
            if none {
                return add(null);
            }
            for code in row_codes {
                if remembers {
                    let bit = group as u64 * *possible + u64::from(*code);
                    let (word, bit) = (&mut seen[bit as usize / 64], 1 << (bit % 64));
                    if *word & bit != 0 {
                        continue;
                    }
                    *word |= bit;
                }
                match prepared_of(recipe, key, source, prepared, *code) {
                    Ok(value) => add(value),
                    Err(error) => unread = Err(error),
                }
            }
        });
        failed.and(unread)
    }
}

/// Hashes or parses a text when it is met first.
fn prepared_of(
    recipe: &Recipe,
    key: &Key<'_>,
    source: &Source<'_>,
    prepared: &mut Vec<Option<Prepared>>,
    code: u32,
) -> Result<Prepared, QueryError> {
    if code == 0 {
        return Ok(recipe.prepare(Item::Null));
    }
    let at = code as usize;
    if prepared.len() <= at {
        prepared.resize(at + 1, None);
    }
    if let Some(known) = prepared[at] {
        return Ok(known);
    }
    let text = key.text(source, code)?;
    let value = recipe.prepare(text.as_deref().map_or(Item::Null, Item::Text));
    prepared[at] = Some(value);
    Ok(value)
}
