//! Do two engines give the same answer? Rows become cells of a few kinds and are compared as multisets; of
//! approximate cells the error is measured.

use alluvium_segments::time::parse_iso;
use serde_json::Value;

/// An approximate value further from the exact one than this part of it is wrong.
const APPROXIMATE: f64 = 0.06;
/// Floating-point sums may differ by the order of their parts.
const FLOATING: f64 = 1e-9;

/// What a column of an answer holds, by the letter that stands for it in [`Shape::kinds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Time,
    Text,
    Whole,
    Floating,
    Approximate,
}

/// What answers of a query look like.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'s> {
    /// A letter a column: `t` time, `s` text, `n` whole number, `f` floating point, `a` approximate number.
    pub kinds: &'s str,
    /// The column that a descending order with a limit goes by: rows with its last value may be any.
    pub cut: Option<usize>,
}

/// One value of an answer.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Cell {
    /// No value.
    Null,
    /// Milliseconds since 1970, or a whole number.
    Whole(i64),
    /// A text.
    Text(String),
    /// A floating-point number, exact or not.
    Number(f64),
}

impl Shape<'_> {
    /// Values as engines give them, as cells.
    ///
    /// # Errors
    /// When a row has another number of columns, or a value is not of its column's kind.
    pub fn cells(&self, rows: &[Value]) -> Result<Vec<Vec<Cell>>, String> {
        let kinds: Vec<Kind> = self.kinds.chars().map(kind).collect::<Result<_, _>>()?;
        let row = |row: &Value| -> Result<Vec<Cell>, String> {
            let values = row.as_array().ok_or_else(|| format!("not a row: {row}"))?;
            if values.len() != kinds.len() {
                return Err(format!("{} columns, expected {}: {row}", values.len(), kinds.len()));
            }
            kinds.iter().zip(values).map(|(kind, value)| cell(*kind, value)).collect()
        };
        rows.iter().map(row).collect()
    }

    /// Compares an answer with the exact one; gives the largest relative error of the approximate cells.
    ///
    /// # Errors
    /// What differs.
    pub fn compare(&self, exact: &[Vec<Cell>], got: &[Vec<Cell>]) -> Result<f64, String> {
        if exact.len() != got.len() {
            return Err(format!("{} rows, expected {}", got.len(), exact.len()));
        }
        let (mut exact, mut got): (Vec<_>, Vec<_>) = (exact.iter().collect(), got.iter().collect());
        if let Some(by) = self.cut {
            self.compare_cut(by, &mut exact, &mut got)?;
        }
        let exact_kinds = |row: &&Vec<Cell>| -> Vec<Cell> {
            let pairs = self.kinds.chars().zip(row.iter());
            pairs.filter(|(letter, _)| "tsn".contains(*letter)).map(|(_, cell)| cell.clone()).collect()
        };
        let order = |a: &&Vec<Cell>, b: &&Vec<Cell>| {
            exact_kinds(a).partial_cmp(&exact_kinds(b)).unwrap_or(std::cmp::Ordering::Equal)
        };
        exact.sort_by(order);
        got.sort_by(order);
        let mut error: f64 = 0.0;
        for (want, have) in exact.into_iter().zip(got) {
            for ((letter, a), b) in self.kinds.chars().zip(want).zip(have) {
                let off = distance(a, b);
                let allowed = match letter {
                    'a' => APPROXIMATE,
                    'f' => FLOATING,
                    _ => 0.0,
                };
                if off > allowed {
                    return Err(format!("{have:?}, expected {want:?}"));
                }
                error = error.max(if letter == 'a' { off } else { 0.0 });
            }
        }
        Ok(error)
    }

    /// The cut column must descend alike on both sides; rows with its last value are left out of the rest.
    fn compare_cut(
        &self,
        by: usize,
        exact: &mut Vec<&Vec<Cell>>,
        got: &mut Vec<&Vec<Cell>>,
    ) -> Result<(), String> {
        let column = |rows: &[&Vec<Cell>]| rows.iter().map(|row| row[by].clone()).collect::<Vec<_>>();
        let values = column(got);
        if values.windows(2).any(|pair| pair[0] < pair[1]) {
            return Err("not ordered".to_owned());
        }
        let mut wanted = column(exact);
        wanted.sort_by(|a, b| b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal));
        if wanted != values {
            return Err(format!("column {by} differs"));
        }
        if let Some(last) = values.last() {
            exact.retain(|row| row[by] != *last);
            got.retain(|row| row[by] != *last);
        }
        Ok(())
    }
}

/// Relative distance of two numbers; of other cells 0 when equal and infinite when not.
fn distance(want: &Cell, have: &Cell) -> f64 {
    match (want, have) {
        (Cell::Number(a), Cell::Number(b)) => (a - b).abs() / a.abs().max(1.0),
        _ if want == have => 0.0,
        _ => f64::INFINITY,
    }
}

fn kind(letter: char) -> Result<Kind, String> {
    Ok(match letter {
        't' => Kind::Time,
        's' => Kind::Text,
        'n' => Kind::Whole,
        'f' => Kind::Floating,
        'a' => Kind::Approximate,
        other => return Err(format!("no kind of column `{other}`")),
    })
}

fn cell(kind: Kind, value: &Value) -> Result<Cell, String> {
    let wrong = || format!("{value} is not of kind {kind:?}");
    if value.is_null() {
        return Ok(Cell::Null);
    }
    Ok(match kind {
        Kind::Text => Cell::Text(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        Kind::Time => match value.as_str() {
            Some(text) => Cell::Whole(parse_iso(&text.replacen(' ', "T", 1)).map_err(|_| wrong())?),
            None => Cell::Whole(whole(value).ok_or_else(wrong)?),
        },
        Kind::Whole => Cell::Whole(whole(value).ok_or_else(wrong)?),
        Kind::Floating | Kind::Approximate => Cell::Number(number(value).ok_or_else(wrong)?),
    })
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn whole(value: &Value) -> Option<i64> {
    let exact = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    exact.or_else(|| number(value).filter(|n| n.fract() == 0.0 && n.abs() < 9e15).map(|n| n as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(shape: Shape<'_>, value: Value) -> Vec<Vec<Cell>> {
        shape.cells(value.as_array().unwrap()).unwrap()
    }

    #[test]
    fn times_and_numbers_are_read_in_every_spelling() {
        let shape = Shape { kinds: "tn", cut: None };
        let spellings = json!([
            ["1993-01-01T00:00:00.000Z", 5],
            ["1993-01-01 00:00:00", "5"],
            ["1993-01-01", 5.0],
            [725_846_400_000_i64, 5]
        ]);
        let cells = rows(shape, spellings);
        assert!(cells.iter().all(|row| *row == cells[0]), "{cells:?}");
        assert!(shape.cells(&[json!(["x", 1])]).is_err());
        assert!(shape.cells(&[json!([0, 1.5])]).is_err());
        assert!(shape.cells(&[json!([0])]).is_err());
    }

    #[test]
    fn rows_are_compared_as_multisets() {
        let shape = Shape { kinds: "sn", cut: None };
        let a = rows(shape, json!([["x", 1], ["y", 2], ["y", 2]]));
        let b = rows(shape, json!([["y", 2], ["x", 1], ["y", 2]]));
        let c = rows(shape, json!([["y", 2], ["x", 1], ["x", 1]]));
        assert_eq!(shape.compare(&a, &b), Ok(0.0));
        assert!(shape.compare(&a, &c).is_err());
        assert_eq!(shape.compare(&a, &b[1..]).unwrap_err(), "2 rows, expected 3");
    }

    #[test]
    fn errors_of_approximate_cells_are_measured() {
        let shape = Shape { kinds: "sa", cut: None };
        let exact = rows(shape, json!([["x", 100], ["y", 200]]));
        let near = rows(shape, json!([["x", 101], ["y", 206.0]]));
        let far = rows(shape, json!([["x", 101], ["y", 220]]));
        assert!((shape.compare(&exact, &near).unwrap() - 0.03).abs() < 1e-12);
        assert!(shape.compare(&exact, &far).is_err());
    }

    #[test]
    fn ties_at_the_cut_may_be_any_rows() {
        let shape = Shape { kinds: "sn", cut: Some(1) };
        let exact = rows(shape, json!([["x", 3], ["y", 2], ["z", 1]]));
        let other_tie = rows(shape, json!([["x", 3], ["y", 2], ["q", 1]]));
        let other_row = rows(shape, json!([["x", 3], ["q", 2], ["z", 1]]));
        let unordered = rows(shape, json!([["y", 2], ["x", 3], ["z", 1]]));
        assert!(shape.compare(&exact, &other_tie).is_ok());
        assert!(shape.compare(&exact, &other_row).is_err());
        assert_eq!(shape.compare(&exact, &unordered).unwrap_err(), "not ordered");
    }
}
