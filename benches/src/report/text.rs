//! The report for people: times, ratios, means, and what is known of the engines.

use super::{QueryReport, Report, geometric_mean, median};

const WIDTH: usize = 18;

impl Report {
    /// All tables.
    #[must_use]
    pub fn text(&self) -> String {
        let projections =
            if self.projections > 0 { format!(", {} projections", self.projections) } else { String::new() };
        let head = format!(
            "{}: {} rows, segments by {}{projections}; {} cores of {}\n\
             {} runs of {} repeats, interleaved; other processes used {:.2} cores meanwhile\n",
            self.workload,
            self.rows,
            self.granularity,
            self.cores,
            self.processor,
            self.runs,
            self.repeats,
            self.foreign_cores
        );
        head + &self.times() + &self.ratios() + &self.errors() + &self.left_out() + &self.engines_text()
    }

    fn times(&self) -> String {
        let mut text = format!("\n{:<28}", "ms: minimum / median");
        for engine in &self.engines {
            text += &format!("{:>WIDTH$}", engine.name);
        }
        for (name, _) in &self.published {
            text += &format!("{:>WIDTH$}", format!("{name}*"));
        }
        text += "\n";
        for query in &self.queries {
            text += &format!("{:<28}", query.name);
            for (at, outcome) in query.outcomes.iter().enumerate() {
                let cell = match (query.minimum(at), median(&outcome.times_ms), &outcome.left_out) {
                    (Some(least), Some(middle), _) => format!("{least:.2} / {middle:.2}"),
                    (_, _, Some(why)) => why.split(':').next().unwrap_or_default().to_owned(),
                    _ => "-".to_owned(),
                };
                text += &format!("{cell:>WIDTH$}");
            }
            for at in 0..self.published.len() {
                text += &format!("{:>WIDTH$}", number(self.published_ms(at, &query.name)));
            }
            text += "\n";
        }
        for (label, queries) in self.grouped() {
            text += &format!("{:<28}", format!("geometric mean, {label}"));
            let mean = |values: Vec<f64>| number(geometric_mean(&values));
            for at in 0..self.engines.len() {
                text += &format!("{:>WIDTH$}", mean(queries.iter().filter_map(|q| q.minimum(at)).collect()));
            }
            for at in 0..self.published.len() {
                let times = queries.iter().filter_map(|q| self.published_ms(at, &q.name));
                text += &format!("{:>WIDTH$}", mean(times.collect()));
            }
            text += "\n";
        }
        if !self.published.is_empty() {
            text += "* measured elsewhere, on 2 cores: minima as published, not of this run\n";
        }
        text
    }

    fn ratios(&self) -> String {
        let Some(ours) = self.ours() else { return String::new() };
        let mut text = format!("\n{:<28}", "ours / peer, of minima");
        for at in self.peers() {
            text += &format!("{:>WIDTH$}", self.engines[at].name);
        }
        text += &format!("{:>WIDTH$}{:>WIDTH$}\n", "fastest here", "fastest with *");
        for query in &self.queries {
            text += &format!("{:<28}", query.name);
            for at in self.peers() {
                text += &format!("{:>WIDTH$}", number(query.ratio(ours, at)));
            }
            for elsewhere in [false, true] {
                let name = self.fastest_peer(query, elsewhere).map_or("", |(name, _)| name);
                let short: String = name.chars().take(WIDTH - 8).collect();
                text += &format!(
                    "{:>WIDTH$}",
                    format!("{short} {}", number(self.ratio_to_fastest(query, elsewhere)))
                );
            }
            text += "\n";
        }
        for (label, queries) in self.grouped() {
            text += &format!("{:<28}", format!("geometric mean, {label}"));
            let mean = |values: Vec<f64>| format!("{:>WIDTH$}", number(geometric_mean(&values)));
            for at in self.peers() {
                text += &mean(queries.iter().filter_map(|q| q.ratio(ours, at)).collect());
            }
            for elsewhere in [false, true] {
                text += &mean(queries.iter().filter_map(|q| self.ratio_to_fastest(q, elsewhere)).collect());
            }
            text += "\n";
        }
        text
    }

    fn errors(&self) -> String {
        let mut text = String::new();
        for query in &self.queries {
            let errors = self.engines.iter().zip(&query.outcomes);
            let errors =
                errors.filter_map(|(e, o)| o.error.map(|error| format!("{} {:.2} %", e.name, error * 100.0)));
            let errors: Vec<String> = errors.collect();
            if !errors.is_empty() {
                text += &format!("largest error of {}: {}\n", query.name, errors.join(", "));
            }
        }
        for (query, own, best) in self.worse_errors() {
            text += &format!(
                "WORSE: {query}: our error is {:.2} %, the best peer's {:.2} %\n",
                own * 100.0,
                best * 100.0
            );
        }
        if text.is_empty() { text } else { format!("\n{text}") }
    }

    fn left_out(&self) -> String {
        let mut text = String::new();
        for query in &self.queries {
            for (engine, outcome) in self.engines.iter().zip(&query.outcomes) {
                if let Some(why) = &outcome.left_out {
                    text += &format!("{} {}: {why}\n", engine.name, query.name);
                }
            }
        }
        if text.is_empty() { text } else { format!("\nleft out\n{text}") }
    }

    fn engines_text(&self) -> String {
        let mut text = format!(
            "\n{:<16}{:<16}{:>14}{:>16}{:>18}{:>18}\n",
            "engine", "version", "load s", "MB on disk", "load peak MB", "query peak MB"
        );
        let megabytes =
            |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), |b| format!("{:.1}", b as f64 / 1e6));
        for engine in &self.engines {
            let facts = &engine.facts;
            text += &format!(
                "{:<16}{:<16}{:>14}{:>16}{:>18}{:>18}\n",
                engine.name,
                facts.version,
                facts.load_seconds.map_or_else(|| "-".to_owned(), |s| format!("{s:.1}")),
                megabytes(facts.bytes),
                megabytes(facts.load_peak_bytes),
                megabytes(engine.query_peak_bytes)
            );
        }
        text
    }

    /// Labels and queries of all means: all, then each group.
    fn grouped(&self) -> Vec<(&str, Vec<&QueryReport>)> {
        let mut groups = vec![("all", self.queries.iter().collect::<Vec<_>>())];
        for (label, start) in &self.groups {
            let queries: Vec<_> =
                self.queries.iter().filter(|q| q.name.starts_with(start.as_str())).collect();
            if !queries.is_empty() {
                groups.push((label.as_str(), queries));
            }
        }
        groups
    }
}

fn number(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(v) if v < 10.0 => format!("{v:.2}"),
        Some(v) => format!("{v:.1}"),
    }
}
