//! How does one text of a query become each engine's SQL? Markers in braces stand for what engines write
//! differently: `{time}`, `{date 1993-01-01}`, `{year}`, `{distinct X}`, `{quantile 0.95 X}` and so on.

/// Whose SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Ours and Apache Druid's.
    Druid,
    /// ClickHouse's.
    ClickHouse,
    /// DuckDB's.
    DuckDb,
    /// DuckDB's with exact functions in place of approximate ones: the answers that all are held against.
    Exact,
    /// DataFusion's, with identifiers taken as they stand.
    DataFusion,
}

/// A table as queries see it.
#[derive(Debug, Clone, Copy)]
pub struct Table<'t> {
    /// Its name.
    pub name: &'t str,
    /// Its time column where that is not called `__time`.
    pub time: &'t str,
}

impl Dialect {
    /// Replaces the markers of a text.
    ///
    /// # Errors
    /// When a marker is not known or not closed.
    pub fn render(self, text: &str, table: Table<'_>) -> Result<String, String> {
        let mut sql = String::with_capacity(text.len() + 64);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (marker, tail) =
                after.split_once('}').ok_or_else(|| format!("a marker is open in `{text}`"))?;
            sql += before;
            sql += &self.marker(marker, table).ok_or_else(|| format!("no marker `{marker}`"))?;
            rest = tail;
        }
        Ok(sql + rest)
    }

    fn marker(self, marker: &str, table: Table<'_>) -> Option<String> {
        let (word, rest) = marker.split_once(' ').unwrap_or((marker, ""));
        let time = if self == Self::Druid { "__time" } else { table.time };
        Some(match word {
            "table" => table.name.to_owned(),
            "time" => time.to_owned(),
            "date" => self.date(rest),
            "year" | "month" | "day" | "hour" | "minute" => self.truncated(word, time),
            "distinct" if self == Self::ClickHouse => format!("uniqExact({rest})"),
            "distinct" => format!("COUNT(DISTINCT {rest})"),
            "approximate_distinct" => self.approximate_distinct(rest),
            "quantile" => {
                let (fraction, column) = rest.split_once(' ')?;
                self.quantile(fraction, column)
            }
            "average" if self == Self::Druid => format!("AVG(CAST({rest} AS DOUBLE))"),
            "average" => format!("AVG({rest})"),
            "minus" => {
                let (left, right) = rest.split_once(' ')?;
                if self == Self::ClickHouse {
                    format!("toInt64({left}) - toInt64({right})")
                } else {
                    format!("{left} - {right}")
                }
            }
            _ => return None,
        })
    }

    fn date(self, day: &str) -> String {
        match self {
            Self::ClickHouse => format!("toDateTime('{day} 00:00:00', 'UTC')"),
            Self::DataFusion => format!("arrow_cast('{day}T00:00:00', 'Timestamp(Millisecond, None)')"),
            Self::Druid | Self::DuckDb | Self::Exact => format!("TIMESTAMP '{day} 00:00:00'"),
        }
    }

    fn truncated(self, unit: &str, time: &str) -> String {
        match self {
            Self::Druid => format!("FLOOR({time} TO {})", unit.to_uppercase()),
            Self::ClickHouse => {
                format!("toStartOf{}{}({time})", unit[..1].to_uppercase(), &unit[1..])
            }
            Self::DuckDb | Self::Exact | Self::DataFusion => format!("date_trunc('{unit}', {time})"),
        }
    }

    fn approximate_distinct(self, column: &str) -> String {
        match self {
            Self::Druid => format!("APPROX_COUNT_DISTINCT_DS_HLL({column})"),
            Self::ClickHouse => format!("uniqCombined({column})"),
            Self::DuckDb => format!("approx_count_distinct({column})"),
            Self::Exact => format!("COUNT(DISTINCT {column})"),
            Self::DataFusion => format!("approx_distinct({column})"),
        }
    }

    fn quantile(self, fraction: &str, column: &str) -> String {
        match self {
            Self::Druid => format!("APPROX_QUANTILE_DS({column}, {fraction})"),
            Self::ClickHouse => format!("quantileTDigest({fraction})({column})"),
            Self::DuckDb => format!("approx_quantile({column}, {fraction})"),
            Self::Exact => format!("quantile_cont({column}, {fraction})"),
            Self::DataFusion => format!("approx_percentile_cont({column}, {fraction})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Table<'_> = Table { name: "lines", time: "ordered" };

    #[test]
    fn markers_become_each_dialect() {
        let text = "SELECT {year} AS y, {distinct k} FROM {table} WHERE {time} >= {date 1993-01-01}";
        assert_eq!(
            Dialect::Druid.render(text, T).unwrap(),
            "SELECT FLOOR(__time TO YEAR) AS y, COUNT(DISTINCT k) FROM lines \
             WHERE __time >= TIMESTAMP '1993-01-01 00:00:00'"
        );
        assert_eq!(
            Dialect::ClickHouse.render(text, T).unwrap(),
            "SELECT toStartOfYear(ordered) AS y, uniqExact(k) FROM lines \
             WHERE ordered >= toDateTime('1993-01-01 00:00:00', 'UTC')"
        );
        assert_eq!(
            Dialect::DataFusion.render("{quantile 0.95 x} {minus a b}", T).unwrap(),
            "approx_percentile_cont(x, 0.95) a - b"
        );
        assert_eq!(Dialect::Exact.render("{approximate_distinct x}", T).unwrap(), "COUNT(DISTINCT x)");
    }

    #[test]
    fn an_unknown_or_open_marker_is_refused() {
        assert_eq!(Dialect::DuckDb.render("{yeer}", T).unwrap_err(), "no marker `yeer`");
        assert!(Dialect::DuckDb.render("SELECT {year", T).unwrap_err().contains("open"));
        assert!(Dialect::DuckDb.render("{quantile x}", T).is_err());
    }
}
