//! Page views as a web-analytics service gets them: synthetic, but with the traits of real ones.
//!
//! Sites, users, pages and phrases are drawn by Zipf's law; a user keeps region, device and favourite site; views come
//! in sessions and by the hour of the day; texts are long, and many of them distinct. Everything about a user, page or
//! phrase follows from its number, so any count of rows streams in little memory. Shares and slopes are those that
//! published answers over a real table of 100 million page views show.

use std::sync::Arc;

use alluvium_segments::time::days_from_civil;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use fastrand::Rng;

use super::file::{GROUP_ROWS, RowGroups};
use super::pages::{hash, page_title, page_url, phrase, pick};

/// Columns of whole numbers.
pub const NUMBERS: [&str; 19] = [
    "WatchID",
    "CounterID",
    "UserID",
    "RegionID",
    "ClientIP",
    "OS",
    "UserAgent",
    "ResolutionWidth",
    "ResolutionHeight",
    "MobilePhone",
    "JavaEnable",
    "TraficSourceID",
    "SearchEngineID",
    "AdvEngineID",
    "IsRefresh",
    "IsLink",
    "DontCountHits",
    "URLHash",
    "RefererHash",
];
/// Columns of texts.
pub const TEXTS: [&str; 5] = ["URL", "Title", "Referer", "SearchPhrase", "MobilePhoneModel"];

const DAYS: usize = 30;
const MINUTES: usize = DAYS * 1440;
const SITES: f64 = 6500.0;
/// The site that dashboards look at, by rank, and its number.
const SITE_62: (u64, i64) = (14, 62);
/// Views that an advertisement brought, of a million, by engine.
const ADVERTISED: [(i64, u32); 6] = [(2, 4046), (3, 1131), (4, 456), (13, 389), (24, 97), (50, 186)];
const SESSIONS: usize = 4096;

/// A generator in the middle of its rows.
#[derive(Debug)]
pub struct Events {
    rng: Rng,
    rows: u64,
    row: u64,
    users: f64,
    pages: f64,
    phrases: f64,
    /// Place of the last view in the order of time, from 0 to 1.
    place: f64,
    /// Share of all views up to the end of each minute.
    by_minute: Vec<f64>,
    minute: usize,
    /// Latest views of some sessions: user, site, page.
    sessions: Vec<[u64; 3]>,
    schema: Arc<Schema>,
}

/// The columns of a group.
#[derive(Default)]
struct Views {
    time: Vec<i64>,
    numbers: [Vec<i64>; NUMBERS.len()],
    texts: [Vec<String>; TEXTS.len()],
}

/// `UserID` of a user, by rank.
#[must_use]
pub fn user_id(rank: u64) -> i64 {
    (hash(rank, 1) >> 1) as i64
}

impl Events {
    /// So many page views in July 2013.
    #[must_use]
    pub fn new(rows: u64) -> Self {
        // Distinct values grow slower than rows.
        let scale = (rows as f64 / 1e8).powf(0.85);
        let time = DataType::Timestamp(TimeUnit::Millisecond, None);
        let mut fields = vec![Field::new("EventTime", time, false)];
        fields.extend(NUMBERS.map(|name| Field::new(name, DataType::Int64, false)));
        fields.extend(TEXTS.map(|name| Field::new(name, DataType::Utf8, false)));
        Self {
            rng: Rng::with_seed(20_130_701),
            rows,
            row: 0,
            users: (17.6e6 * scale).max(10.0),
            pages: (18e6 * scale).max(10.0),
            phrases: (6e6 * scale).max(10.0),
            place: 0.0,
            by_minute: by_minute(),
            minute: 0,
            sessions: Vec::new(),
            schema: Arc::new(Schema::new(fields)),
        }
    }

    /// Milliseconds of the next view: sorted draws from the distribution over the minutes.
    fn next_time(&mut self) -> i64 {
        let left = (self.rows - self.row) as f64;
        self.place = 1.0 - (1.0 - self.place) * (1.0 - self.rng.f64()).powf(1.0 / left);
        while self.minute + 1 < MINUTES && self.by_minute[self.minute] < self.place {
            self.minute += 1;
        }
        let before = if self.minute == 0 { 0.0 } else { self.by_minute[self.minute - 1] };
        let within = ((self.place - before) / (self.by_minute[self.minute] - before)).clamp(0.0, 1.0);
        let seconds = self.minute as i64 * 60 + (within * 59.0) as i64;
        (days_from_civil(2013, 7, 1) * 86_400 + seconds) * 1000
    }

    /// User, site and page of the next view, and whether it goes on in a session.
    fn next_view(&mut self) -> ([u64; 3], Option<u64>) {
        let rng = &mut self.rng;
        let going_on = self.sessions.len() == SESSIONS && rng.f64() < 0.6;
        let place = rng.usize(..SESSIONS);
        let (user, site, before) = if going_on {
            let [user, site, page] = self.sessions[place];
            (user, site, Some(page))
        } else {
            let user = zipf(rng.f64(), self.users, 0.77);
            let favourite = zipf(unit(hash(user, 2)), SITES, 1.0);
            let site = if rng.f64() < 0.7 { favourite } else { zipf(rng.f64(), SITES, 1.0) };
            (user, site, None)
        };
        let pages = (self.pages / (9.4 * site as f64)).max(3.0);
        let view = [user, site, zipf(rng.f64(), pages, 1.06)];
        match self.sessions.get_mut(place) {
            Some(session) => *session = view,
            None => self.sessions.push(view),
        }
        (view, before)
    }

    fn view(&mut self, views: &mut Views) {
        views.time.push(self.next_time());
        let ([user, site, page], before) = self.next_view();
        let url = page_url(site, page);
        let rng = &mut self.rng;
        let searched = rng.f64() < 0.13;
        let words = if searched { phrase(zipf(rng.f64(), self.phrases, 0.76)) } else { String::new() };
        let engine = if searched { pick(hash(user, 3), &[2, 2, 2, 2, 3, 3, 1, 4]) } else { 0 };
        let referer = match before {
            _ if searched => format!("http://search{engine}.example/?q={}", words.replace(' ', "+")),
            Some(page) => page_url(site, page),
            None if rng.f64() < 0.5 => String::new(),
            None => page_url(zipf(rng.f64(), SITES, 1.0), 1),
        };
        let mut left = rng.u32(..1_000_000);
        let advertised = ADVERTISED.iter().find(|(_, share)| {
            let found = left < *share;
            left = left.saturating_sub(*share);
            found
        });
        let advertised = advertised.map_or(0, |(engine, _)| *engine);
        let phone = unit(hash(user, 4)) < 0.06;
        let model =
            if phone { format!("model-{}", zipf(unit(hash(user, 5)), 170.0, 1.2)) } else { String::new() };
        let width = pick(hash(user, 6), &[1366, 1280, 1920, 1024, 1600, 1440, 1680, 1900, 2560, 320]);
        let source = if searched { 2 } else { i64::from(advertised > 0) * 4 - i64::from(before.is_some()) };
        let chance = |rng: &mut Rng, share| i64::from(rng.f64() < share);
        let row = [
            (hash(self.row, 7) >> 1) as i64,
            if site == SITE_62.0 { SITE_62.1 } else { 1000 + site as i64 },
            user_id(user),
            zipf(unit(hash(user, 8)), 10_000.0, 1.1) as i64,
            (hash(user, 9 + rng.u64(..1 + user % 3)) >> 32) as i64,
            pick(hash(user, 12), &[44, 44, 44, 105, 105, 2, 42, 156]),
            pick(hash(user, 13), &[7, 7, 3, 3, 5, 82, 2, 50]),
            width,
            width * 9 / 16,
            i64::from(phone) * pick(hash(user, 14), &[1, 2, 3, 6, 8]),
            i64::from(unit(hash(user, 15)) < 0.68),
            source,
            engine,
            advertised,
            chance(rng, 0.11),
            chance(rng, 0.03),
            chance(rng, 0.15),
            text_hash(&url),
            text_hash(&referer),
        ];
        for (column, value) in views.numbers.iter_mut().zip(row) {
            column.push(value);
        }
        let title = page_title(site, page);
        for (column, value) in views.texts.iter_mut().zip([url, title, referer, words, model]) {
            column.push(value);
        }
        self.row += 1;
    }
}

impl RowGroups for Events {
    fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema)
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, String> {
        let mut views = Views::default();
        while self.row < self.rows && views.time.len() < GROUP_ROWS {
            self.view(&mut views);
        }
        if views.time.is_empty() {
            return Ok(None);
        }
        let mut columns: Vec<ArrayRef> = vec![Arc::new(TimestampMillisecondArray::from(views.time))];
        columns.extend(views.numbers.map(|values| Arc::new(Int64Array::from(values)) as ArrayRef));
        columns.extend(views.texts.map(|values| Arc::new(StringArray::from(values)) as ArrayRef));
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map(Some).map_err(|e| e.to_string())
    }
}

/// Share of all views up to the end of each minute: few at night, most in the evening.
fn by_minute() -> Vec<f64> {
    let weight = |minute: usize| {
        let hour = (minute % 1440) as f64 / 60.0;
        1.0 - 0.75 * ((hour - 3.0) / 24.0 * std::f64::consts::TAU).cos()
    };
    let all: f64 = (0..MINUTES).map(weight).sum();
    let mut sum = 0.0;
    (0..MINUTES)
        .map(|minute| {
            sum += weight(minute) / all;
            sum
        })
        .collect()
}

/// A rank from 1 to `ranks` whose share falls as its power `slope`: the inverse of the continuous law.
fn zipf(draw: f64, ranks: f64, slope: f64) -> u64 {
    let end = ranks + 1.0;
    let rank = if (slope - 1.0).abs() < 1e-9 {
        end.powf(draw)
    } else {
        (1.0 + draw * (end.powf(1.0 - slope) - 1.0)).powf(1.0 / (1.0 - slope))
    };
    (rank as u64).clamp(1, ranks as u64)
}

/// A hash as a number from 0 to 1.
fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

fn text_hash(text: &str) -> i64 {
    let mixed = text
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    (hash(mixed, 0) >> 1) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::{Int64Type, TimestampMillisecondType};
    use std::collections::HashSet;

    fn all(rows: u64) -> RecordBatch {
        Events::new(rows).next().unwrap().unwrap()
    }

    #[test]
    fn views_are_the_same_in_every_run_and_in_order_of_time() {
        let views = all(20_000);
        assert_eq!(views, all(20_000));
        assert_eq!(views.num_rows(), 20_000);
        let times = views.column(0).as_primitive::<TimestampMillisecondType>().values();
        assert!(times.is_sorted());
        assert!(times[times.len() - 1] - times[0] > 29 * 86_400_000);
    }

    #[test]
    fn shares_are_those_of_real_page_views() {
        let views = all(100_000);
        let column = |name: &str| views.column_by_name(name).unwrap();
        let share = |name: &str, of: &dyn Fn(i64) -> bool| {
            let values = column(name).as_primitive::<Int64Type>().values();
            values.iter().filter(|v| of(**v)).count() as f64 / values.len() as f64
        };
        let near =
            |share: f64, wanted: f64| assert!((share / wanted - 1.0).abs() < 0.3, "{share} for {wanted}");
        near(share("AdvEngineID", &|v| v != 0), 0.0063);
        near(share("CounterID", &|v| v == 62), 0.0074);
        let phrases = column("SearchPhrase").as_string::<i32>();
        near(phrases.iter().flatten().filter(|p| !p.is_empty()).count() as f64 / 100_000.0, 0.13);
        let users: HashSet<i64> =
            column("UserID").as_primitive::<Int64Type>().values().iter().copied().collect();
        assert!((10_000..60_000).contains(&users.len()), "{} users", users.len());
    }

    #[test]
    fn zipf_ranks_are_in_range_and_fall() {
        for slope in [0.77, 1.0, 1.06] {
            assert_eq!(zipf(0.0, 100.0, slope), 1);
            assert_eq!(zipf(0.999_999_999, 100.0, slope), 100);
            let count =
                |rank| (0..10_000).filter(|d| zipf(f64::from(*d) / 1e4, 100.0, slope) == rank).count();
            assert!(count(1) > count(2) && count(2) > count(50), "{slope}");
        }
    }
}
