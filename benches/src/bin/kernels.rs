//! How near the memory's speed are the scan kernels? For columns of several packed widths: a plain sum over the packed
//! bytes where they lie, beside sums and tests of the column's values, on one core, in turn. Twice: with the bytes to be
//! fetched from memory, as in a table that is larger than the caches, and with them in a cache where they fit. Sums are made
//! where the numbers lie (fused) and of numbers that were unpacked (as under a filter), and tests likewise.
//!
//! `cargo run --release -p alluvium-benches --bin kernels`

use std::hint::black_box;
use std::time::Instant;

use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::time::Interval;
use alluvium_segments::{
    BLOCK_ROWS, BatchColumn, Column, ColumnSpec, ColumnType, LaneBlock, NullMask, NumericBatch,
    NumericColumn, RowBatch, Schema, Segment, SegmentId, SegmentRef,
};

const ROWS: usize = 4_000_000;
const RUNS: usize = 25;
/// More than the processor's caches hold.
const SPOILER_BYTES: usize = 96 << 20;
/// Bits of the numbers of each column.
const WIDTHS: [u32; 8] = [3, 6, 8, 11, 16, 20, 24, 40];

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("alluvium-kernels-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let segment = sealed(&folder.join("segment"))?;
    println!("{ROWS} rows a column; reading memory on one core: {:.1} GB/s", bandwidth());
    let spoiler = vec![1u64; SPOILER_BYTES / 8];
    for (place, spoiler) in [("from memory", &spoiler[..]), ("from a cache", &[])] {
        println!("\n{place}");
        println!(
            "{:>5} {:>9} {:>9} {:>10} {:>9} {:>6} {:>9} {:>6} {:>12} {:>6} {:>13} {:>6}",
            "bits",
            "MB",
            "plain ms",
            "plain GB/s",
            "sum ms",
            "ratio",
            "test ms",
            "ratio",
            "unpacked sum",
            "ratio",
            "unpacked test",
            "ratio"
        );
        for width in WIDTHS {
            measure(&segment, width, spoiler)?;
        }
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Prints the line of one width. What is in `spoiler` is read before each measurement.
fn measure(segment: &MappedSegment, width: u32, spoiler: &[u64]) -> Result<(), Failure> {
    let name = format!("c{width}");
    let Some(Column::Long(column)) = segment.column(&name)? else {
        return Err("the column is missing".into());
    };
    let stored = segment.stored_bytes(&name)?;
    let words: &[u64] = bytemuck::try_cast_slice(stored).map_err(|error| error.to_string())?;
    let half = 1 << (width - 1);
    let kernels: [&dyn Fn() -> u64; 5] = [
        &|| alluvium_segments::kernel::sum(words),
        &|| fused_sum(column),
        &|| fused_test(column, half),
        &|| sum(column),
        &|| count(column, half),
    ];
    let mut best = [f64::INFINITY; 5];
    for _ in 0..RUNS {
        for (best, kernel) in best.iter_mut().zip(kernels) {
            black_box(alluvium_segments::kernel::sum(spoiler));
            let started = Instant::now();
            black_box(kernel());
            *best = best.min(started.elapsed().as_secs_f64());
        }
    }
    let plain = best[0];
    print!("{width:>5} {:>9.1}", stored.len() as f64 / 1e6);
    print!(" {:>9.3} {:>10.1}", plain * 1e3, stored.len() as f64 / plain / 1e9);
    for (seconds, columns) in best[1..].iter().zip([9, 9, 12, 13]) {
        print!(" {:>columns$.3} {:>6.2}", seconds * 1e3, seconds / plain);
    }
    println!();
    Ok(())
}

/// Gigabytes a second of a sum over 256 MB.
fn bandwidth() -> f64 {
    let words = vec![1u64; 32 << 20];
    (words.len() * 8) as f64 / fastest(|| alluvium_segments::kernel::sum(&words)) / 1e9
}

/// Seconds of the fastest of some runs.
fn fastest(work: impl Fn() -> u64) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        black_box(work());
        best = best.min(started.elapsed().as_secs_f64());
    }
    best
}

fn each_block(column: &dyn NumericColumn<i64>, mut each: impl FnMut(&LaneBlock)) {
    let mut lanes = LaneBlock::default();
    for start in (0..ROWS).step_by(BLOCK_ROWS) {
        if column.read_lanes(start..ROWS.min(start + BLOCK_ROWS), &mut lanes).is_ok_and(|read| read) {
            each(&lanes);
        }
    }
}

fn sum(column: &dyn NumericColumn<i64>) -> u64 {
    let mut sum = 0u64;
    each_block(column, |lanes| {
        let bases = lanes.base.wrapping_mul(lanes.slice().len() as u64);
        sum = sum.wrapping_add(bases).wrapping_add(lanes.slice().sum());
    });
    sum
}

/// The same without storing numbers.
fn fused_sum(column: &dyn NumericColumn<i64>) -> u64 {
    let mut sum = 0u64;
    for start in (0..ROWS).step_by(BLOCK_ROWS) {
        if let Ok(Some(part)) = column.sum_bits(start..ROWS.min(start + BLOCK_ROWS)) {
            sum = sum.wrapping_add(part);
        }
    }
    sum
}

/// Marks the values up to `high`, where they lie.
fn fused_test(column: &dyn NumericColumn<i64>, high: u64) -> u64 {
    let mut marked = 0;
    let mut mask = [0u64; BLOCK_ROWS / 64];
    for start in (0..ROWS).step_by(BLOCK_ROWS) {
        let rows = start..ROWS.min(start + BLOCK_ROWS);
        let mask = &mut mask[..rows.len().div_ceil(64)];
        if column.mask_bits(rows, 0, high, mask).is_ok_and(|done| done) {
            marked += black_box(&*mask)[0];
        }
    }
    marked
}

/// Counts the values up to `high`.
fn count(column: &dyn NumericColumn<i64>, high: u64) -> u64 {
    let mut count = 0;
    let mut mask = [0u64; BLOCK_ROWS / 64];
    each_block(column, |lanes| {
        let mask = &mut mask[..lanes.slice().len().div_ceil(64)];
        lanes.slice().mask_range(0, high.saturating_sub(lanes.base), mask);
        count += mask.iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
    });
    count
}

/// A file with a column of random numbers for each width.
fn sealed(path: &std::path::Path) -> Result<MappedSegment, Failure> {
    let specs = WIDTHS.map(|width| ColumnSpec::dimension(&format!("c{width}"), ColumnType::Long));
    let schema = std::sync::Arc::new(Schema::new(specs.to_vec()));
    let interval = Interval::new(0, 86_400_000);
    let id = SegmentId { datasource: "kernels".to_owned(), interval, version: "v".to_owned(), partition: 0 };
    let (live, mut writer) =
        LiveSegment::open(id.clone(), std::sync::Arc::clone(&schema), LiveOptions::default())?;
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    for start in (0..ROWS).step_by(100_000) {
        let rows = start..start + 100_000;
        let mut column = |width: u32| {
            let mut values = Vec::with_capacity(rows.len());
            for _ in rows.clone() {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                values.push((state >> 11 & ((1 << width) - 1)) as i64);
            }
            let mut nulls = NullMask::default();
            nulls.push_valid(values.len());
            BatchColumn::Long(NumericBatch { values, nulls })
        };
        let columns = WIDTHS.map(&mut column).to_vec();
        let time = rows.map(|row| row as i64).collect();
        writer.append(&RowBatch { schema: std::sync::Arc::clone(&schema), time, columns })?;
        writer.publish();
    }
    let inputs = vec![SegmentRef::whole(live.published())];
    seal(&SealRequest {
        id,
        path: path.to_owned(),
        inputs,
        schema: None,
        projections: false,
        combining: alluvium_segments::combines_nothing,
    })?;
    Ok(MappedSegment::open(path)?)
}
