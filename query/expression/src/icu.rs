//! How do the patterns of ICU's `SimpleDateFormat` write and read instants? In UTC, with English names, and as leniently as
//! it reads: fields beyond their range run over into the next, and what follows is nobody's business. Days before 15
//! October 1582 are those of the Julian calendar.

mod calendar;

use std::fmt::Write;

use alluvium_segments::time::{DAY_MS, Millis};

use self::calendar::{Day, days_of};
use crate::joda::{DAYS, MONTHS};

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IcuFormat {
    items: Vec<Item>,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// As it stands.
    Text(String),
    /// A letter, and how often it stands there.
    Field(char, usize),
}

/// What has been read. Fields that are not given are those of 1970-01-01T00:00.
#[derive(Debug, Default)]
struct Read {
    year: Option<i64>,
    before_common_era: bool,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    afternoon: bool,
    minute: i64,
    second: i64,
    millis: i64,
    offset_minutes: i64,
}

const KNOWN: &str = "GyuMLdDEaHkKhmsSzZXx";
/// Years of two digits from this one on are of the last century.
const PIVOT: i64 = 46;

impl Item {
    /// Whether it is read as a number.
    fn is_number(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Field('M' | 'L', count) => *count <= 2,
            Self::Field(letter, _) => "yudDHkKhmsS".contains(*letter),
        }
    }

    fn is_of_date(&self) -> Option<bool> {
        match self {
            Self::Text(_) => None,
            Self::Field(letter, _) => Some("GyuMLdDE".contains(*letter)),
        }
    }
}

impl IcuFormat {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When a letter has no meaning, or one that is not available; the text says which.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let (mut items, mut text): (Vec<Item>, String) = (Vec::new(), String::new());
        let (mut chars, mut quoted) = (pattern.chars().peekable(), false);
        while let Some(c) = chars.next() {
            if c == '\'' {
                if chars.next_if_eq(&'\'').is_some() {
                    text.push('\'');
                } else {
                    quoted = !quoted;
                }
                continue;
            }
            if quoted || !c.is_ascii_alphabetic() {
                text.push(c);
                continue;
            }
            if !KNOWN.contains(c) {
                return Err(format!("the pattern letter `{c}` is not available"));
            }
            if !text.is_empty() {
                items.push(Item::Text(std::mem::take(&mut text)));
            }
            let mut count = 1;
            while chars.next_if_eq(&c).is_some() {
                count += 1;
            }
            items.push(Item::Field(c, count));
        }
        if !text.is_empty() {
            items.push(Item::Text(text));
        }
        Ok(Self { items })
    }

    /// Writes an instant.
    pub(crate) fn format(&self, t: Millis) -> String {
        let day = Day::of(t.div_euclid(DAY_MS));
        let mut out = String::new();
        for item in &self.items {
            match item {
                Item::Text(text) => out.push_str(text),
                Item::Field(letter, count) => write_field(&mut out, *letter, *count, &day, t),
            }
        }
        out
    }

    /// Reads an instant from the beginning of a text; `None` when it does not fit.
    pub(crate) fn parse(&self, text: &str) -> Option<Millis> {
        let mut read = Read::default();
        let (mut at, mut rest) = (0, text);
        while let Some(item) = self.items.get(at) {
            let numbers = self.items[at..].iter().take_while(|item| item.is_number()).count();
            match item {
                Item::Text(literal) => rest = self.literal(at, literal, rest)?,
                _ if numbers > 1 => {
                    rest = numbers_in_a_row(&self.items[at..at + numbers], rest, &mut read)?;
                    at += numbers;
                    continue;
                }
                Item::Field(letter, count) => rest = read_field(*letter, *count, None, rest, &mut read)?,
            }
            at += 1;
        }
        (rest.len() < text.len()).then(|| read.instant())
    }

    /// What is left behind a literal.
    fn literal<'t>(&self, at: usize, literal: &str, text: &'t str) -> Option<&'t str> {
        let after_name = at > 0 && !self.items[at - 1].is_number();
        let (mut wanted, mut rest) = (literal, text);
        while let (Some(w), Some(h)) = (wanted.chars().next(), rest.chars().next()) {
            let next = &wanted[w.len_utf8()..];
            if w.is_whitespace() && h.is_whitespace() {
                (wanted, rest) = (wanted.trim_start(), rest.trim_start());
            } else if w == h {
                (wanted, rest) = (next, &rest[h.len_utf8()..]);
            } else if h == '.' && rest.len() == text.len() && after_name {
                rest = &rest[1..];
            } else if w == ' ' || w == '.' || rest.len() < text.len() {
                wanted = next;
            } else {
                break;
            }
        }
        if wanted.is_empty() {
            return Some(rest);
        }
        // Between a date and a time blanks will do for any literal.
        let kinds = at.checked_sub(1).and_then(|before| self.items.get(before)?.is_of_date());
        let kinds = kinds.zip(self.items.get(at + 1).and_then(Item::is_of_date));
        let blanks = text.trim_start();
        (kinds.is_some_and(|(before, after)| before != after) && blanks.len() < text.len()).then_some(blanks)
    }
}

/// Reads fields of numbers between which nothing stands: each has its width, and where that does not fit the first has less.
fn numbers_in_a_row<'t>(items: &[Item], text: &'t str, read: &mut Read) -> Option<&'t str> {
    let Some(Item::Field(_, first)) = items.first() else { return None };
    for less in 0..*first {
        let mut rest = Some(text);
        for (i, item) in items.iter().enumerate() {
            let Item::Field(letter, count) = item else { return None };
            let width = if i == 0 { count - less } else { *count };
            rest = rest.and_then(|rest| read_field(*letter, *count, Some(width), rest, read));
        }
        if rest.is_some() {
            return rest;
        }
    }
    None
}

/// Reads one field, of so many characters where that is said; gives what is left.
fn read_field<'t>(
    letter: char,
    count: usize,
    width: Option<usize>,
    text: &'t str,
    read: &mut Read,
) -> Option<&'t str> {
    let text = text.trim_start();
    if !Item::Field(letter, count).is_number() {
        return read_name(letter, text, read);
    }
    let part = width.map_or(Some(text), |width| text.get(..width))?;
    let digits_from = usize::from(width.is_none() && part.starts_with('-'));
    let digits = part[digits_from..].bytes().take_while(u8::is_ascii_digit).count();
    let taken = digits_from + digits;
    let number: i64 = if digits == 0 { None } else { part[..taken].parse().ok() }?;
    match letter {
        'y' if count == 2 && taken == 2 && digits == 2 => {
            read.year = Some(if number < PIVOT { 2000 } else { 1900 } + number);
        }
        'y' | 'u' => read.year = Some(number),
        'M' | 'L' => read.month = Some(number),
        'd' => read.day = Some(number),
        'D' => read.day_of_year = Some(number),
        'H' | 'K' => read.hour = number,
        'k' => read.hour = if number == 24 { 0 } else { number },
        'h' => read.hour = if number == 12 { 0 } else { number },
        'm' => read.minute = number,
        's' => read.second = number,
        _ => {
            // Digits of a fraction, of which three are kept.
            let scale = |power: usize| 10i64.checked_pow(power as u32);
            read.millis = match digits {
                ..3 => number * scale(3 - digits)?,
                _ => number / scale(digits - 3)?,
            };
        }
    }
    Some(&text[taken..])
}

/// Reads a field that is no number.
fn read_name<'t>(letter: char, text: &'t str, read: &mut Read) -> Option<&'t str> {
    let among = |names: &[&str]| {
        let starts = |name: &str| text.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name));
        let full = names.iter().position(|name| starts(name)).map(|i| (i, names[i].len()));
        full.or_else(|| names.iter().position(|name| starts(&name[..3])).map(|i| (i, 3)))
    };
    let taken = match letter {
        'M' | 'L' => {
            let (month, taken) = among(&MONTHS)?;
            read.month = Some(month as i64 + 1);
            taken
        }
        'E' => among(&DAYS)?.1,
        'a' | 'G' => {
            let start = text.get(..2)?.to_ascii_uppercase();
            match (letter, start.as_str()) {
                ('a', "AM") | ('G', "AD") => {}
                ('a', "PM") => read.afternoon = true,
                ('G', "BC") => read.before_common_era = true,
                _ => return None,
            }
            2
        }
        _ => return read_zone(text, read),
    };
    Some(&text[taken..])
}

/// Reads an offset, or a name of UTC.
fn read_zone<'t>(text: &'t str, read: &mut Read) -> Option<&'t str> {
    let named = ["UTC", "GMT", "UT", "Z"].iter().find_map(|name| text.strip_prefix(name));
    let text = named.unwrap_or(text);
    let Some(sign) = text.chars().next().filter(|c| matches!(c, '+' | '-')) else { return named };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count().min(4);
    let (mut rest, mut minutes) = (&text[1..], 0);
    let count = digits(rest);
    let number: i64 = rest[..count].parse().ok()?;
    rest = &rest[count..];
    let hours = if count > 2 { number / 100 } else { number };
    if count > 2 {
        minutes = number % 100;
    } else if let Some(after) = rest.strip_prefix(':') {
        let count = digits(after).min(2);
        minutes = after[..count].parse().ok()?;
        rest = &after[count..];
    }
    let offset = hours * 60 + minutes;
    read.offset_minutes = if sign == '-' { -offset } else { offset };
    Some(rest)
}

impl Read {
    fn instant(&self) -> Millis {
        let year = self.year.unwrap_or(1970);
        let year = if self.before_common_era { 1 - year } else { year };
        let days = match self.day_of_year.filter(|_| self.month.is_none() && self.day.is_none()) {
            Some(day) => days_of(year, 1, 1).saturating_add(day - 1),
            None => days_of(year, self.month.unwrap_or(1), 1).saturating_add(self.day.unwrap_or(1) - 1),
        };
        let hour = self.hour.saturating_add(if self.afternoon { 12 } else { 0 });
        let minutes = hour.saturating_mul(60).saturating_add(self.minute - self.offset_minutes);
        let millis = minutes.saturating_mul(60).saturating_add(self.second).saturating_mul(1000);
        days.saturating_mul(DAY_MS).saturating_add(millis).saturating_add(self.millis)
    }
}

fn write_field(out: &mut String, letter: char, count: usize, day: &Day, t: Millis) {
    let millis = t.rem_euclid(DAY_MS);
    let hour = millis / 3_600_000;
    let one_based = |value: i64, size: i64| if value == 0 { size } else { value };
    let of_era = if day.year > 0 { day.year } else { 1 - day.year };
    let number = match letter {
        'y' if count == 2 => of_era % 100,
        'y' => of_era,
        'u' => day.year,
        'M' | 'L' if count <= 2 => day.month,
        'd' => day.day,
        'D' => day.number - days_of(day.year, 1, 1) + 1,
        'H' => hour,
        'k' => one_based(hour, 24),
        'K' => hour % 12,
        'h' => one_based(hour % 12, 12),
        'm' => millis / 60_000 % 60,
        's' => millis / 1000 % 60,
        'S' => {
            let digits = format!("{:03}{}", millis % 1000, "0".repeat(count.saturating_sub(3)));
            return out.push_str(&digits[..count]);
        }
        _ => return out.push_str(&name(letter, count, day, hour)),
    };
    // Writing to a string does not fail.
    let _ = write!(out, "{number:0count$}");
}

/// What stands for a field that is no number.
fn name(letter: char, count: usize, day: &Day, hour: i64) -> String {
    let named = |name: &str| match count {
        4 => name.to_owned(),
        5 => name[..1].to_owned(),
        _ => name[..3].to_owned(),
    };
    let text = match (letter, count) {
        ('M' | 'L', _) => return named(MONTHS[(day.month - 1).rem_euclid(12) as usize]),
        ('E', _) => return named(DAYS[(day.number + 3).rem_euclid(7) as usize]),
        ('a', _) => ["AM", "PM"][usize::from(hour >= 12)],
        ('G', 4) => ["Before Christ", "Anno Domini"][usize::from(day.year > 0)],
        ('G', _) => ["BC", "AD"][usize::from(day.year > 0)],
        ('z', 4) => "Coordinated Universal Time",
        ('z', _) => "UTC",
        ('Z', 4) => "GMT",
        ('Z', 5) | ('X', _) => "Z",
        ('x', 1) => "+00",
        ('x', 3 | 5) => "+00:00",
        _ => "+0000",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(from: &str, to: &str, text: &str) -> Option<String> {
        let (from, to) = (IcuFormat::new(from).unwrap(), IcuFormat::new(to).unwrap());
        from.parse(text).map(|t| to.format(t))
    }

    #[test]
    fn reads_leniently() {
        let read = |text| changed("yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy/MM/dd HH:mm", text);
        assert_eq!(read("2023-02-29T10:00:00Z").as_deref(), Some("2023/03/01 10:00"));
        assert_eq!(read(" 2024-03-31T04:00:00Z ").as_deref(), Some("2024/03/31 04:00"));
        assert_eq!(read("0000-01-01T00:00:00Z").as_deref(), Some("0001/01/01 00:00"));
        for text in
            ["", "2024-03-28", "2024-03-28T12:00", "1969-12-31T23:59:59.999Z", "2024-W13-6", "not a date"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(changed("yyyyMMdd", "d.M.yy", "20240330").as_deref(), Some("30.3.24"));
    }

    #[test]
    fn writes() {
        let write = |text| changed("yyyy-MM-dd", "EEE d MMM yyyy", text);
        assert_eq!(write("0000-01-01T00:00:00Z").as_deref(), Some("Thu 1 Jan 0001"));
        assert_eq!(write("9999-12-31").as_deref(), Some("Fri 31 Dec 9999"));
        assert_eq!(write("20240330T150000Z"), None);
        assert_eq!(
            changed("yyyy-MM-dd HH:mm", "EEEE, MMMM d, h:mm a G z", "2024-03-30 00:05").as_deref(),
            Some("Saturday, March 30, 12:05 AM AD UTC")
        );
        assert!(IcuFormat::new("qqq").is_err());
    }
}
