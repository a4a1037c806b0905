//! Of which pieces is a Joda-Time pattern made?

use super::JodaError;

/// A number that a pattern shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// `y`: year, negative before the common era (0 is 1 BC).
    Year,
    /// `Y`: year of the era, from 1.
    YearOfEra,
    /// `C`: century of the era.
    Century,
    /// `x`: year of the ISO week.
    WeekYear,
    /// `w`: ISO week, 1 to 53.
    Week,
    /// `e`: day of the week, Monday is 1.
    DayOfWeek,
    /// `D`: day of the year, from 1.
    DayOfYear,
    /// `M`: month, from 1.
    Month,
    /// `d`: day of the month, from 1.
    Day,
    /// `H`: 0 to 23.
    Hour,
    /// `k`: 1 to 24.
    ClockHour,
    /// `K`: 0 to 11.
    HalfdayHour,
    /// `h`: 1 to 12.
    HalfdayClockHour,
    /// `m`
    Minute,
    /// `s`
    Second,
}

impl Field {
    /// Most digits read, before anything else limits them.
    pub(super) fn max_digits(self) -> usize {
        match self {
            Self::Year | Self::YearOfEra | Self::WeekYear | Self::Century => 9,
            Self::DayOfYear => 3,
            Self::DayOfWeek => 1,
            _ => 2,
        }
    }
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands.
    Text(String),
    /// A number with at least `min` and, when read, at most `max` digits.
    Number { field: Field, min: usize, max: usize },
    /// A year of two digits; `lenient` when other numbers of digits are read as full years.
    TwoDigits { field: Field, lenient: bool },
    /// `S`: digits of the fraction of a second.
    Fraction(usize),
    /// `MMM`, `MMMM`
    MonthName { full: bool },
    /// `E`
    DayName { full: bool },
    /// `a`
    Halfday,
    /// `G`
    Era,
    /// `Z`, `ZZ`
    Offset { colon: bool },
    /// `ZZZ`
    ZoneId,
    /// `z`
    ZoneName,
}

enum Token {
    Letters(char, usize),
    Text(String),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut chars = pattern.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        if c == '\'' && chars.peek() != Some(&'\'') {
            quoted = !quoted;
            continue;
        }
        if !quoted && c.is_ascii_alphabetic() {
            let mut count = 1;
            while chars.next_if_eq(&c).is_some() {
                count += 1;
            }
            tokens.push(Token::Letters(c, count));
            continue;
        }
        if c == '\'' {
            chars.next();
        }
        match tokens.last_mut() {
            Some(Token::Text(text)) => text.push(c),
            _ => tokens.push(Token::Text(c.to_string())),
        }
    }
    tokens
}

fn is_numeric(token: Option<&Token>) -> bool {
    match token {
        Some(Token::Letters('M', count)) => *count <= 2,
        Some(Token::Letters(c, _)) => "cCxyYdhHmsSeDFwWkK".contains(*c),
        _ => false,
    }
}

/// Cuts a pattern into pieces.
pub(super) fn compile(pattern: &str) -> Result<Vec<Piece>, JodaError> {
    let tokens = tokens(pattern);
    let mut pieces = Vec::with_capacity(tokens.len());
    for (i, token) in tokens.iter().enumerate() {
        let before_number = is_numeric(tokens.get(i + 1));
        match token {
            Token::Text(text) => pieces.push(Piece::Text(text.clone())),
            Token::Letters(c, count) => {
                let piece = letters(*c, *count, before_number).ok_or_else(|| JodaError::Pattern {
                    pattern: pattern.to_owned(),
                    component: c.to_string().repeat((*count).min(20)),
                })?;
                pieces.push(piece);
            }
        }
    }
    Ok(pieces)
}

fn letters(c: char, count: usize, before_number: bool) -> Option<Piece> {
    let count = count.min(100);
    let number = |field: Field| Piece::Number { field, min: count, max: field.max_digits().max(count) };
    let year = |field: Field| match count {
        2 => Piece::TwoDigits { field, lenient: !before_number },
        _ => Piece::Number { field, min: count, max: if before_number { count } else { 9.max(count) } },
    };
    Some(match c {
        'y' => year(Field::Year),
        'Y' => year(Field::YearOfEra),
        'x' => year(Field::WeekYear),
        'C' => number(Field::Century),
        'M' if count >= 3 => Piece::MonthName { full: count >= 4 },
        'M' => number(Field::Month),
        'd' => number(Field::Day),
        'H' => number(Field::Hour),
        'k' => number(Field::ClockHour),
        'K' => number(Field::HalfdayHour),
        'h' => number(Field::HalfdayClockHour),
        'm' => number(Field::Minute),
        's' => number(Field::Second),
        'D' => number(Field::DayOfYear),
        'w' => number(Field::Week),
        'e' => number(Field::DayOfWeek),
        'S' => Piece::Fraction(count),
        'E' => Piece::DayName { full: count >= 4 },
        'a' => Piece::Halfday,
        'G' => Piece::Era,
        'Z' if count >= 3 => Piece::ZoneId,
        'Z' => Piece::Offset { colon: count == 2 },
        'z' => Piece::ZoneName,
        _ => return None,
    })
}
