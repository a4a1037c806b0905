//! How do measurements look? SVG with logarithmic axes: dots by row, or lines.

/// One kind of dots, a value a row.
#[derive(Debug, Clone)]
pub struct Dots {
    /// What they stand for.
    pub name: String,
    /// A value a row; none leaves the row without a dot.
    pub values: Vec<Option<f64>>,
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it stands for.
    pub name: String,
    /// Its points, x ascending.
    pub points: Vec<(f64, f64)>,
}

/// Told apart by colour-blind eyes too (Okabe and Ito); the first is ours.
const COLOURS: [&str; 8] =
    ["#d55e00", "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#7f7f7f", "#000000"];
const LEFT: f64 = 130.0;
const TOP: f64 = 60.0;
const WIDTH: f64 = 640.0;
const LEGEND: f64 = 190.0;

/// A logarithmic scale from whole powers of ten to whole powers of ten.
#[derive(Debug, Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let logs = values.filter(|v| *v > 0.0).map(f64::log10);
        let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let (low, high) = if low.is_finite() { (low.floor(), high.ceil()) } else { (0.0, 1.0) };
        Self { low, high: high.max(low + 1.0), from, to }
    }

    fn at(&self, value: f64) -> f64 {
        self.from + (value.log10() - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.low as i32..=self.high as i32).map(|power| 10_f64.powi(power))
    }
}

/// A dot a row and kind, on one logarithmic axis.
#[must_use]
pub fn dots(title: &str, rows: &[&str], kinds: &[Dots]) -> String {
    let step = 20.0;
    let bottom = TOP + step * rows.len() as f64;
    let values = kinds.iter().flat_map(|k| k.values.iter().flatten().copied());
    let x = Scale::over(values, LEFT, LEFT + WIDTH);
    let mut body = x_axis(x, bottom);
    for (at, row) in rows.iter().enumerate() {
        let y = TOP + step * (at as f64 + 0.5);
        body += &text(LEFT - 8.0, y + 4.0, "end", row);
        body += &line(LEFT, y, LEFT + WIDTH, y);
        for (kind, colour) in kinds.iter().zip(COLOURS.iter().cycle()) {
            if let Some(value) = kind.values.get(at).copied().flatten() {
                body += &dot(x.at(value), y, colour);
            }
        }
    }
    let names: Vec<&str> = kinds.iter().map(|k| k.name.as_str()).collect();
    page(title, bottom, &(body + &legend(&names)))
}

/// Lines over two logarithmic axes.
#[must_use]
pub fn lines(title: &str, [x_name, y_name]: [&str; 2], all: &[Line]) -> String {
    let bottom = TOP + 380.0;
    let points = || all.iter().flat_map(|l| l.points.iter().copied());
    let x = Scale::over(points().map(|p| p.0), LEFT, LEFT + WIDTH);
    let y = Scale::over(points().map(|p| p.1), bottom, TOP);
    let mut body = x_axis(x, bottom);
    for tick in y.ticks() {
        body += &line(LEFT, y.at(tick), LEFT + WIDTH, y.at(tick));
        body += &text(LEFT - 8.0, y.at(tick) + 4.0, "end", &tick_text(tick));
    }
    for (one, colour) in all.iter().zip(COLOURS.iter().cycle()) {
        let place = |p: &(f64, f64)| format!("{:.1},{:.1}", x.at(p.0), y.at(p.1));
        let path: Vec<String> = one.points.iter().map(place).collect();
        let path = path.join(" ");
        body +=
            &format!("<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n");
        for point in &one.points {
            body += &dot(x.at(point.0), y.at(point.1), colour);
        }
    }
    body += &text(LEFT + WIDTH / 2.0, bottom + 38.0, "middle", x_name);
    body += &text(LEFT, TOP - 12.0, "middle", y_name);
    let names: Vec<&str> = all.iter().map(|l| l.name.as_str()).collect();
    page(title, bottom, &(body + &legend(&names)))
}

fn x_axis(x: Scale, bottom: f64) -> String {
    let ticks = x.ticks().map(|tick| {
        line(x.at(tick), TOP, x.at(tick), bottom)
            + &text(x.at(tick), bottom + 18.0, "middle", &tick_text(tick))
    });
    ticks.collect()
}

fn tick_text(tick: f64) -> String {
    if (1e-3..1e5).contains(&tick) { format!("{tick}") } else { format!("{tick:e}") }
}

fn legend(names: &[&str]) -> String {
    let entries = names.iter().zip(COLOURS.iter().cycle()).enumerate().map(|(at, (name, colour))| {
        let y = TOP + 12.0 + 20.0 * at as f64;
        dot(LEFT + WIDTH + 20.0, y - 4.0, colour) + &text(LEFT + WIDTH + 32.0, y, "start", name)
    });
    entries.collect()
}

fn page(title: &str, bottom: f64, body: &str) -> String {
    let (width, height) = (LEFT + WIDTH + LEGEND, bottom + 50.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{}{body}</svg>\n",
        format_args!("<text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{}</text>\n", escaped(title))
    )
}

fn dot(x: f64, y: f64, colour: &str) -> String {
    format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"{colour}\" fill-opacity=\"0.85\"/>\n")
}

fn line(x1: f64, y1: f64, x2: f64, y2: f64) -> String {
    format!("<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#dddddd\"/>\n")
}

fn text(x: f64, y: f64, anchor: &str, words: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n", escaped(words))
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_spans_whole_powers_of_ten() {
        let scale = Scale::over([2.0, 30.0].into_iter(), 0.0, 100.0);
        assert_eq!(scale.ticks().collect::<Vec<_>>(), [1.0, 10.0, 100.0]);
        assert!((scale.at(10.0) - 50.0).abs() < 1e-9);
        let empty = Scale::over(std::iter::empty(), 0.0, 1.0);
        assert_eq!(empty.ticks().count(), 2);
    }

    #[test]
    fn what_is_drawn_is_there() {
        let kinds = [Dots { name: "a<b".to_owned(), values: vec![Some(1.0), None] }];
        let drawn = dots("t", &["one", "two"], &kinds);
        assert_eq!(drawn.matches("<circle").count(), 2);
        assert!(drawn.contains("a&lt;b") && drawn.contains(">two<"));
        let one = Line { name: "l".to_owned(), points: vec![(1.0, 1.0), (10.0, 100.0)] };
        assert_eq!(lines("t", ["x", "y"], &[one]).matches("<circle").count(), 3);
    }
}
