//! Is every byte of a file what was written, and does it make sense? Reads all of it.

use serde::Serialize;

use super::leaves::Leaves;
use super::numeric::MappedNumbers;
use super::projection::Projection;
use super::segment::{MappedColumn, MappedSegment};
use super::strings::{Index, MappedStrings};
use crate::encoding::{Damage, Number};
use crate::file::SectionEntry;
use crate::inspect::SectionCheck;
use crate::{
    BLOCK_ROWS, MultiBlock, NumericBlock, NumericColumn, RowOrder, Segment, SegmentError, StringColumn,
};

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The column, if the damage is in one.
    pub column: Option<String>,
    /// The section, or `header, footer and trailer`.
    pub section: String,
    /// What is wrong, and where.
    pub message: String,
}

pub(super) fn verify(segment: &MappedSegment) -> Vec<Problem> {
    let mut problems = checksums(segment);
    if problems.is_empty() {
        for (entry, column) in segment.mapped_columns() {
            let result = match column {
                MappedColumn::Time(c) => check_time(segment, c).and_then(|()| check_numbers(segment, c)),
                MappedColumn::Long(c) => check_numbers(segment, c),
                MappedColumn::Float(c) => check_numbers(segment, c),
                MappedColumn::Double(c) => check_numbers(segment, c),
                MappedColumn::String(c) => check_strings(segment, c),
            };
            if let Err(error) = result {
                let section = "values".to_owned();
                problems.push(Problem {
                    column: Some(entry.name.clone()),
                    section,
                    message: error.to_string(),
                });
            }
        }
        problems.extend(segment.projections().iter().flat_map(verify_projection));
        problems.extend(segment.leaves.iter().flat_map(|leaves| verify_leaves(segment, leaves)));
    }
    problems
}

/// What is wrong with the file of a projection; its columns are named `PROJECTION.COLUMN`.
fn verify_projection(projection: &Projection) -> Vec<Problem> {
    let name = &projection.spec().name;
    match projection.mapped() {
        Err(error) => vec![unopened(format!("projection `{name}`"), &error)],
        Ok(segment) => verify_inside(segment, name),
    }
}

/// What is wrong with the file of a column's leaves; they are named `COLUMN.PATH`.
fn verify_leaves(segment: &MappedSegment, leaves: &Leaves) -> Vec<Problem> {
    let name = segment.footer().columns.get(leaves.column).map_or("", |column| column.name.as_str());
    match leaves.mapped() {
        Err(error) => vec![unopened(format!("leaves of column `{name}`"), &error)],
        Ok(segment) => verify_inside(segment, name),
    }
}

fn unopened(section: String, error: &SegmentError) -> Problem {
    Problem { column: None, section, message: error.to_string() }
}

fn verify_inside(segment: &MappedSegment, name: &str) -> Vec<Problem> {
    let inside = |p: Problem| Problem { column: p.column.map(|c| format!("{name}.{c}")), ..p };
    verify(segment).into_iter().map(inside).collect()
}

/// Compares every checksum with the bytes as they are now, whatever was checked before.
fn checksums(segment: &MappedSegment) -> Vec<Problem> {
    let file = segment.file();
    let frame = |error: SegmentError| Problem {
        column: None,
        section: "header, footer and trailer".to_owned(),
        message: error.to_string(),
    };
    let mut problems = Vec::new();
    if let Err(error) = file.check_frame().and_then(|footer| file.check_gaps(footer)) {
        problems.push(frame(error));
    }
    for (number, section) in segment.footer().sections.iter().enumerate() {
        if let Some((_, error)) = first_bad(segment, number) {
            let column = segment.footer().columns.get(section.column as usize);
            problems.push(Problem {
                column: column.map(|c| c.name.clone()),
                section: section.name(),
                message: error.to_string(),
            });
        }
    }
    problems
}

/// The first granule of a section whose checksum does not match.
fn first_bad(segment: &MappedSegment, section: usize) -> Option<(usize, SegmentError)> {
    let file = segment.file();
    let mut granules = 0..file.granule_count(section);
    granules.find_map(|granule| Some((granule, file.compare_granule(section, granule).err()?)))
}

impl MappedSegment {
    /// Compares the checksums of every section.
    pub(crate) fn section_checks(&self) -> Vec<SectionCheck> {
        let name = |number: usize, section: &SectionEntry| {
            let footer = self.footer();
            let column = footer.columns.get(section.column as usize).map(|c| &c.name);
            let projection = || footer.projections.iter().find(|p| p.section as usize == number);
            let leaves = || self.leaves.iter().find(|l| l.section == number);
            let nested = || leaves().and_then(|l| footer.columns.get(l.column)).map(|c| &c.name);
            column.or_else(|| projection().map(|p| &p.name)).or_else(nested).cloned().unwrap_or_default()
        };
        let check = |(number, section): (usize, &SectionEntry)| SectionCheck {
            column: name(number, section),
            section: section.name(),
            offset: section.offset,
            bytes: section.bytes,
            granules: self.file().granule_count(number),
            first_bad_granule: first_bad(self, number).map(|(granule, _)| granule),
        };
        self.footer().sections.iter().enumerate().map(check).collect()
    }
}

fn blocks(rows: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..rows).step_by(BLOCK_ROWS).map(move |start| start..rows.min(start + BLOCK_ROWS))
}

/// Decodes every block and compares it with its zone and the column's summary.
fn check_numbers<T: Number>(segment: &MappedSegment, column: &MappedNumbers<T>) -> Result<(), SegmentError> {
    let mut block = NumericBlock::default();
    let (mut nulls, mut low, mut high) = (0, None::<T>, None::<T>);
    for (number, rows) in blocks(segment.rows()).enumerate() {
        column.read(rows, &mut block)?;
        let zone = crate::seal::zone_of(&block.values, &block.nulls);
        if column.zone(number) != Some(zone) {
            let found = column.zone(number).map(|z| z.nulls);
            return Err(column.words.file.corrupt(
                column.words.entries,
                number,
                Damage::new(format!("the zone of block {number}"), format!("another one ({found:?} nulls)")),
            ));
        }
        nulls += zone.nulls;
        if let Some((first, last)) = zone.bounds {
            low = Some(low.map_or(first, |v| if first < v { first } else { v }));
            high = Some(high.map_or(last, |v| if last > v { last } else { v }));
        }
    }
    let found = column.bounds().map(|z| (z.nulls, z.bounds));
    if found == Some((nulls, low.zip(high))) {
        return Ok(());
    }
    Err(column.words.file.corrupt(
        column.words.entries,
        0,
        Damage::new("bounds and null count of all blocks", "others in the footer"),
    ))
}

/// Times ascend where the file says so, and stay in its bounds.
fn check_time(segment: &MappedSegment, column: &MappedNumbers<i64>) -> Result<(), SegmentError> {
    let mut block = NumericBlock::default();
    let mut last = i64::MIN;
    let (first_bound, last_bound) = segment.time_bounds().unwrap_or((i64::MAX, i64::MIN));
    for rows in blocks(segment.rows()) {
        let start = rows.start;
        column.read(rows, &mut block)?;
        for (i, time) in block.values.iter().enumerate() {
            let sorted = segment.order() != RowOrder::Time || *time >= last;
            if !sorted || *time < first_bound || *time > last_bound {
                let damage = Damage::new(
                    format!("sorted times in {first_bound}..={last_bound}"),
                    format!("{time} at row {}", start + i),
                );
                return Err(column.words.file.corrupt(column.words.data, 0, damage));
            }
            last = *time;
        }
    }
    Ok(())
}

/// Reads the dictionary and every row, and compares the index with the rows.
fn check_strings(segment: &MappedSegment, column: &MappedStrings) -> Result<(), SegmentError> {
    column.dictionary.check()?;
    let counts = count_rows(segment.rows(), column)?;
    let index = match &column.index {
        None => return Ok(()),
        Some(Index::Roaring(index)) => index,
        Some(Index::Postings(postings)) => {
            let (mut all, mut ids) = (Vec::with_capacity(segment.rows()), Vec::new());
            for rows in blocks(segment.rows()) {
                column.read_ids(rows, &mut ids)?;
                all.extend_from_slice(&ids);
            }
            return postings.check(&counts, &all);
        }
    };
    for (id, count) in counts.iter().enumerate() {
        let found = index.count(id as u32)?;
        if found != *count {
            let damage = Damage::new(format!("{count} rows in the bitmap of id {id}"), found.to_string());
            return Err(column.ids.file.corrupt(column.ids.entries, 0, damage));
        }
    }
    Ok(())
}

/// How many rows hold each id; rows without values count for id 0.
fn count_rows(rows: usize, column: &MappedStrings) -> Result<Vec<u64>, SegmentError> {
    let mut counts = vec![0u64; column.cardinality() as usize];
    let mut count = |id: u32| {
        if let Some(count) = counts.get_mut(id as usize) {
            *count += 1;
        }
    };
    let (mut ids, mut block) = (Vec::new(), MultiBlock::default());
    for rows in blocks(rows) {
        if !column.is_multi() {
            column.read_ids(rows, &mut ids)?;
            ids.iter().for_each(|id| count(*id));
            continue;
        }
        column.read_multi(rows, &mut block)?;
        for pair in block.offsets.windows(2) {
            ids.clear();
            ids.extend_from_slice(block.ids.get(pair[0] as usize..pair[1] as usize).unwrap_or_default());
            ids.sort_unstable();
            ids.dedup();
            if ids.is_empty() {
                ids.push(0);
            }
            ids.iter().for_each(|id| count(*id));
        }
    }
    Ok(counts)
}
