//! The flat table of the Star Schema Benchmark at any scale factor, in order of its dates.
//!
//! Key ranges, customers without orders, the price formula, colours and cities follow the benchmark's and TPC-H's
//! generators. Rows come in order of `LO_ORDERDATE`, as an event stream would arrive; dates are days.

use std::sync::Arc;

use alluvium_segments::time::days_from_civil;
use arrow::array::{
    ArrayRef, Date32Array, Int32Array, RecordBatch, StringArray, TimestampMillisecondArray, UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use fastrand::Rng;

use super::file::{GROUP_ROWS, RowGroups};
use super::words;

/// The seed of every run.
const SEED: u64 = 19_920_101;
const DAY_MS: i64 = 86_400_000;

/// Attributes of customers, suppliers or parts: names of columns, and values by key.
struct Dimension {
    columns: Vec<(String, ArrayRef)>,
}

/// A generator in the middle of its rows.
pub struct Ssb {
    rng: Rng,
    schema: Arc<Schema>,
    customers: Dimension,
    suppliers: Dimension,
    parts: Dimension,
    sizes: Sizes,
    order: u64,
    /// Place of the last order between the first day (0) and the end of the last (1).
    place: f64,
}

struct Sizes {
    customers: u64,
    suppliers: u64,
    parts: u64,
    orders: u64,
}

/// The columns of `lineorder` for the rows of a group.
#[derive(Default)]
struct Lines {
    numbers: [Vec<i32>; 12],
    time: Vec<i64>,
    commit: Vec<i32>,
    priority: Vec<u32>,
    mode: Vec<u32>,
}

/// Columns of [`Lines::numbers`], in their order.
const NUMBERS: [&str; 12] = [
    "LO_ORDERKEY",
    "LO_LINENUMBER",
    "LO_CUSTKEY",
    "LO_PARTKEY",
    "LO_SUPPKEY",
    "LO_QUANTITY",
    "LO_EXTENDEDPRICE",
    "LO_ORDTOTALPRICE",
    "LO_DISCOUNT",
    "LO_REVENUE",
    "LO_SUPPLYCOST",
    "LO_TAX",
];

impl Ssb {
    /// The generator at a scale factor: 1 is 6 million rows.
    #[must_use]
    pub fn new(scale: f64) -> Self {
        let scaled = |base: f64| ((base * scale) as u64).max(1);
        let doublings = if scale >= 1.0 { 1.0 + scale.log2().floor() } else { scale };
        let sizes = Sizes {
            customers: scaled(30_000.0),
            suppliers: scaled(2_000.0),
            parts: ((200_000.0 * doublings) as u64).max(1),
            orders: scaled(1_500_000.0),
        };
        let mut rng = Rng::with_seed(SEED);
        let mut customers = people(&mut rng, "C", "Customer", sizes.customers);
        let markets = texts(sizes.customers, |_| words::MARKETS[rng.usize(..5)].to_owned());
        customers.columns.push(("C_MKTSEGMENT".to_owned(), markets));
        let suppliers = people(&mut rng, "S", "Supplier", sizes.suppliers);
        let parts = parts(&mut rng, sizes.parts);
        let schema = schema([&customers, &suppliers, &parts]);
        Self { rng, schema, customers, suppliers, parts, sizes, order: 0, place: 0.0 }
    }

    /// Appends the lines of the next order.
    fn order(&mut self, lines: &mut Lines) {
        let (rng, sizes) = (&mut self.rng, &self.sizes);
        // The next of so many sorted uniform draws (Bentley and Saxe 1980).
        let left = (sizes.orders - self.order) as f64;
        self.place = 1.0 - (1.0 - self.place) * (1.0 - rng.f64()).powf(1.0 / left);
        let (first, last) = (days_from_civil(1992, 1, 1), days_from_civil(1998, 8, 2));
        let day = first + ((self.place * (last - first + 1) as f64) as i64).min(last - first);
        let key = shuffled(self.order, sizes.orders);
        // Of every 32 keys the first 8 are used.
        let key = ((key / 8) * 32 + key % 8 + 1) as i32;
        self.order += 1;
        let mut customer = rng.u64(1..=sizes.customers);
        if customer % 3 == 0 {
            // A third of the customers never orders.
            customer = if customer < sizes.customers { customer + 1 } else { customer - 1 };
        }
        let priority = rng.u32(..5);
        let (mut total, start) = (0_i64, lines.time.len());
        let count = rng.i32(1..=7);
        for line in 1..=count {
            let part = rng.i64(1..=sizes.parts as i64);
            let supplier = rng.i32(1..=sizes.suppliers as i32);
            let (quantity, discount, tax) = (rng.i64(1..=50), rng.i64(0..=10), rng.i64(0..=8));
            let price = 90_000 + (part / 10) % 20_001 + 100 * (part % 1000);
            let extended = quantity * price;
            let revenue = extended * (100 - discount) / 100;
            total += (extended * (100 + tax) / 100) * (100 - discount) / 100;
            let row = [
                key,
                line,
                customer as i32,
                part as i32,
                supplier,
                quantity as i32,
                extended as i32,
                0,
                discount as i32,
                revenue as i32,
                (6 * price / 10) as i32,
                tax as i32,
            ];
            for (column, value) in lines.numbers.iter_mut().zip(row) {
                column.push(value);
            }
            lines.time.push(day * DAY_MS);
            lines.commit.push((day + rng.i64(30..=90)) as i32);
            lines.priority.push(priority);
            lines.mode.push(rng.u32(..7));
        }
        for row in start..lines.time.len() {
            lines.numbers[7][row] = total as i32;
        }
    }

    fn column(&self, name: &str, lines: &Lines) -> Result<ArrayRef, String> {
        if let Some(at) = NUMBERS.iter().position(|n| *n == name) {
            return Ok(Arc::new(Int32Array::from(lines.numbers[at].clone())));
        }
        let pick = |values: &ArrayRef, keys: &[u32]| {
            take(values, &UInt32Array::from(keys.to_vec()), None).map_err(|e| e.to_string())
        };
        let fixed = |words: &[&str]| -> ArrayRef { Arc::new(StringArray::from_iter_values(words)) };
        match name {
            "LO_ORDERDATE" => Ok(Arc::new(TimestampMillisecondArray::from(lines.time.clone()))),
            "LO_COMMITDATE" => Ok(Arc::new(Date32Array::from(lines.commit.clone()))),
            "LO_SHIPPRIORITY" => Ok(Arc::new(Int32Array::from(vec![0; lines.time.len()]))),
            "LO_ORDERPRIORITY" => pick(&fixed(&words::PRIORITIES), &lines.priority),
            "LO_SHIPMODE" => pick(&fixed(&words::MODES), &lines.mode),
            _ => {
                let (dimension, keys) = match &name[..1] {
                    "C" => (&self.customers, &lines.numbers[2]),
                    "P" => (&self.parts, &lines.numbers[3]),
                    _ => (&self.suppliers, &lines.numbers[4]),
                };
                let column = dimension.columns.iter().find(|(column, _)| column == name);
                let (_, values) = column.ok_or_else(|| format!("no column `{name}`"))?;
                pick(values, &keys.iter().map(|k| (k - 1) as u32).collect::<Vec<_>>())
            }
        }
    }
}

impl RowGroups for Ssb {
    fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema)
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, String> {
        let mut lines = Lines::default();
        while self.order < self.sizes.orders && lines.time.len() < GROUP_ROWS {
            self.order(&mut lines);
        }
        if lines.time.is_empty() {
            return Ok(None);
        }
        let fields = self.schema.fields().iter();
        let columns = fields.map(|f| self.column(f.name(), &lines)).collect::<Result<Vec<_>, _>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map(Some).map_err(|e| e.to_string())
    }
}

fn schema(dimensions: [&Dimension; 3]) -> Arc<Schema> {
    let lines = [
        "LO_ORDERKEY",
        "LO_LINENUMBER",
        "LO_CUSTKEY",
        "LO_PARTKEY",
        "LO_SUPPKEY",
        "LO_ORDERDATE",
        "LO_ORDERPRIORITY",
        "LO_SHIPPRIORITY",
        "LO_QUANTITY",
        "LO_EXTENDEDPRICE",
        "LO_ORDTOTALPRICE",
        "LO_DISCOUNT",
        "LO_REVENUE",
        "LO_SUPPLYCOST",
        "LO_TAX",
        "LO_COMMITDATE",
        "LO_SHIPMODE",
    ];
    let kind = |name: &str| match name {
        "LO_ORDERDATE" => DataType::Timestamp(TimeUnit::Millisecond, None),
        "LO_COMMITDATE" => DataType::Date32,
        "LO_ORDERPRIORITY" | "LO_SHIPMODE" => DataType::Utf8,
        _ => DataType::Int32,
    };
    let mut fields: Vec<Field> = lines.iter().map(|name| Field::new(*name, kind(name), true)).collect();
    for (name, values) in dimensions.iter().flat_map(|d| &d.columns) {
        fields.push(Field::new(name, values.data_type().clone(), true));
    }
    Arc::new(Schema::new(fields))
}

/// Customers or suppliers: a nation, and in it one of ten cities.
fn people(rng: &mut Rng, prefix: &str, word: &str, count: u64) -> Dimension {
    const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let nations: Vec<usize> = (0..count).map(|_| rng.usize(..25)).collect();
    let nation = |key: u64| words::NATIONS[nations[key as usize]];
    let names = texts(count, |key| format!("{word}#{:09}", key + 1));
    let addresses = texts(count, |_| {
        let length = rng.usize(10..26);
        (0..length).map(|_| char::from(LETTERS[rng.usize(..LETTERS.len())])).collect()
    });
    let cities = texts(count, |key| format!("{:<9.9}{}", nation(key).0, rng.u8(..10)));
    let phones = texts(count, |key| {
        let (a, b, c) = (rng.u32(100..1000), rng.u32(100..1000), rng.u32(1000..10_000));
        format!("{}-{a}-{b}-{c}", nations[key as usize] + 10)
    });
    let columns = [
        ("NAME", names),
        ("ADDRESS", addresses),
        ("CITY", cities),
        ("NATION", texts(count, |key| nation(key).0.to_owned())),
        ("REGION", texts(count, |key| words::REGIONS[nation(key).1].to_owned())),
        ("PHONE", phones),
    ];
    Dimension { columns: columns.map(|(name, values)| (format!("{prefix}_{name}"), values)).into() }
}

/// Parts: a maker, in it a category, in it a brand.
fn parts(rng: &mut Rng, count: u64) -> Dimension {
    let colours: Vec<&str> = words::COLOURS.split(' ').collect();
    let lists = |texts: &[&'static str]| -> Vec<Vec<&'static str>> {
        texts.iter().map(|t| t.split(' ').collect()).collect()
    };
    let (types, containers) = (lists(&words::TYPES), lists(&words::CONTAINERS));
    let brands: Vec<[u8; 3]> = (0..count).map(|_| [rng.u8(1..=5), rng.u8(1..=5), rng.u8(1..=40)]).collect();
    let brand = |key: u64| brands[key as usize];
    let names = texts(count, |_| {
        let first = rng.usize(..colours.len());
        let second = (first + rng.usize(1..colours.len())) % colours.len();
        format!("{} {}", colours[first], colours[second])
    });
    let one_of_each = |rng: &mut Rng, lists: &[Vec<&str>]| {
        lists.iter().map(|l| l[rng.usize(..l.len())]).collect::<Vec<_>>().join(" ")
    };
    let maker = |key| {
        let [maker, ..] = brand(key);
        format!("MFGR#{maker}")
    };
    let category = |key| {
        let [maker, category, _] = brand(key);
        format!("MFGR#{maker}{category}")
    };
    let columns = [
        ("P_NAME", names),
        ("P_MFGR", texts(count, maker)),
        ("P_CATEGORY", texts(count, category)),
        ("P_BRAND", texts(count, |key| format!("{}{}", category(key), brand(key)[2]))),
        ("P_COLOR", texts(count, |_| colours[rng.usize(..colours.len())].to_owned())),
        ("P_TYPE", texts(count, |_| one_of_each(rng, &types))),
        ("P_SIZE", Arc::new((0..count).map(|_| Some(rng.i32(1..=50))).collect::<Int32Array>()) as ArrayRef),
        ("P_CONTAINER", texts(count, |_| one_of_each(rng, &containers))),
    ];
    Dimension { columns: columns.map(|(name, values)| (name.to_owned(), values)).into() }
}

fn texts(count: u64, of: impl FnMut(u64) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..count).map(of)))
}

/// A fixed permutation of `0..count`: a Feistel network over the next even power of two, walked until it is inside.
fn shuffled(value: u64, count: u64) -> u64 {
    let bits = (64 - count.saturating_sub(1).leading_zeros()).max(2).div_ceil(2);
    let mask = (1_u64 << bits) - 1;
    let mut value = value;
    loop {
        let (mut left, mut right) = (value >> bits, value & mask);
        for round in 1..=4_u64 {
            let mixed = (right ^ (round << 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (left, right) = (right, left ^ ((mixed ^ (mixed >> 29)) >> 17) & mask);
        }
        value = (left << bits) | right;
        if value < count {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::{Int32Type, TimestampMillisecondType};

    fn all(scale: f64) -> Vec<RecordBatch> {
        let mut ssb = Ssb::new(scale);
        std::iter::from_fn(|| ssb.next().unwrap()).collect()
    }

    #[test]
    fn rows_are_the_same_in_every_run_and_in_order_of_time() {
        let (a, b) = (all(0.001), all(0.001));
        assert_eq!(a, b);
        let rows: usize = a.iter().map(RecordBatch::num_rows).sum();
        assert!((5000..7000).contains(&rows), "{rows} rows");
        let times = a[0].column_by_name("LO_ORDERDATE").unwrap().as_primitive::<TimestampMillisecondType>();
        assert!(times.values().is_sorted());
    }

    #[test]
    fn prices_and_places_hang_together() {
        let rows = all(0.001).remove(0);
        let number =
            |name: &str, row| rows.column_by_name(name).unwrap().as_primitive::<Int32Type>().value(row);
        let text =
            |name: &str, row| rows.column_by_name(name).unwrap().as_string::<i32>().value(row).to_owned();
        for row in 0..rows.num_rows() {
            let whole =
                i64::from(number("LO_EXTENDEDPRICE", row)) * i64::from(100 - number("LO_DISCOUNT", row));
            assert_eq!(i64::from(number("LO_REVENUE", row)), whole / 100);
            assert!(text("C_CITY", row).trim_end_matches(char::is_numeric).trim().len() <= 9);
            assert!(text("P_BRAND", row).starts_with(&text("P_CATEGORY", row)));
            assert!(text("P_CATEGORY", row).starts_with(&text("P_MFGR", row)));
            assert_ne!(number("LO_CUSTKEY", row) % 3, 0);
        }
    }

    #[test]
    fn keys_are_shuffled_without_loss() {
        for count in [1, 2, 7, 1000] {
            let mut seen: Vec<u64> = (0..count).map(|value| shuffled(value, count)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }
}
