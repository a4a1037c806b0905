//! How does a cost grow? Points by what grows and what is asked, as a table, JSON and a plot.

use serde_json::{Value, json};

use crate::plot::{self, Line};

/// Some lines over one axis.
#[derive(Debug)]
pub struct Curve {
    /// Its name, one word.
    pub name: &'static str,
    x: String,
    y: &'static str,
    lines: Vec<Line>,
}

impl Curve {
    /// An empty one: what grows along x, and the unit of y.
    #[must_use]
    pub fn new(name: &'static str, x: &str, y: &'static str) -> Self {
        Self { name, x: x.to_owned(), y, lines: Vec::new() }
    }

    /// Adds a point to the line of that name.
    pub fn add(&mut self, line: &str, x: f64, y: f64) {
        match self.lines.iter_mut().find(|l| l.name == line) {
            Some(known) => known.points.push((x, y)),
            None => self.lines.push(Line { name: line.to_owned(), points: vec![(x, y)] }),
        }
    }

    /// For people: a row for each x, a column for each line.
    #[must_use]
    pub fn text(&self) -> String {
        let mut places: Vec<f64> = self.lines.iter().flat_map(|l| l.points.iter().map(|p| p.0)).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let mut text = format!("{} ({})\n{:>14}", self.x, self.y, "");
        for line in &self.lines {
            text += &format!("{:>28}", line.name);
        }
        for place in places {
            text += &format!("\n{place:>14}");
            for line in &self.lines {
                let point = line.points.iter().find(|p| p.0 == place);
                text += &point.map_or_else(|| format!("{:>28}", "-"), |p| format!("{:>28.3}", p.1));
            }
        }
        text + "\n"
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let lines: Vec<Value> =
            self.lines.iter().map(|l| json!({"name": l.name, "points": l.points})).collect();
        json!({"curve": self.name, "x": self.x, "y": self.y, "lines": lines})
    }

    /// Drawn, both axes logarithmic.
    #[must_use]
    pub fn svg(&self) -> String {
        plot::lines(&format!("{}: {} by {}", self.name, self.y, self.x), [&self.x, self.y], &self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_a_name_are_one_line() {
        let mut curve = Curve::new("c", "rows", "ms");
        curve.add("a", 1.0, 2.0);
        curve.add("b", 1.0, 3.0);
        curve.add("a", 10.0, 4.0);
        assert_eq!(curve.json()["lines"][0]["points"].as_array().unwrap().len(), 2);
        assert_eq!(curve.text().lines().count(), 4);
        assert!(curve.text().contains("4.000") && curve.svg().contains("rows"));
    }
}
