//! What are months, days and halves of the day called in other languages than English? As the Unicode CLDR has it, whose
//! names lie beside this file.

use std::sync::LazyLock;

/// The names of a language, as they stand in dates.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// `de`, `en-GB`
    tag: &'static str,
    /// January is at 0.
    months: Vec<&'static str>,
    short_months: Vec<&'static str>,
    /// Monday is at 0.
    days: Vec<&'static str>,
    short_days: Vec<&'static str>,
    /// Before noon and after.
    halfdays: Vec<&'static str>,
    /// Before the common era and in it.
    eras: Vec<&'static str>,
}

static ALL: LazyLock<Vec<Names>> = LazyLock::new(|| {
    let lines = include_str!("locales.tsv").lines().filter(|line| !line.starts_with('#'));
    let names = |line: &'static str| {
        let mut parts = line.split('\t');
        let tag = parts.next()?;
        let mut list = || Some(parts.next()?.split('|').collect());
        let (months, short_months, days, short_days) = (list()?, list()?, list()?, list()?);
        Some(Names { tag, months, short_months, days, short_days, halfdays: list()?, eras: list()? })
    };
    lines.filter_map(names).collect()
});

impl Names {
    /// Those of a language tag; of its language where its region has none. `None` for English, and for languages whose
    /// names are not known.
    pub(crate) fn of(tag: &str) -> Option<&'static Self> {
        let tag = tag.replace('_', "-");
        let named = |wanted: &str| ALL.iter().find(|names| names.tag.eq_ignore_ascii_case(wanted));
        let language = match tag.split('-').next().unwrap_or_default() {
            "no" | "nn" => "nb",
            "iw" => "he",
            "in" => "id",
            language => language,
        };
        named(&tag).or_else(|| named(language))
    }

    pub(super) fn month(&self, number: i64, full: bool) -> &'static str {
        at(if full { &self.months } else { &self.short_months }, number - 1)
    }

    pub(super) fn day(&self, number: i64, full: bool) -> &'static str {
        at(if full { &self.days } else { &self.short_days }, number - 1)
    }

    pub(super) fn halfday(&self, afternoon: bool) -> &'static str {
        at(&self.halfdays, i64::from(afternoon))
    }

    pub(super) fn era(&self, common: bool) -> &'static str {
        at(&self.eras, i64::from(common))
    }
}

fn at(names: &[&'static str], place: i64) -> &'static str {
    usize::try_from(place).ok().and_then(|place| names.get(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_all_names() {
        for names in ALL.iter() {
            assert_eq!((names.months.len(), names.short_months.len()), (12, 12), "{}", names.tag);
            assert_eq!((names.days.len(), names.short_days.len()), (7, 7), "{}", names.tag);
            assert_eq!((names.halfdays.len(), names.eras.len()), (2, 2), "{}", names.tag);
        }
        assert_eq!(Names::of("fr-BE").unwrap().month(3, true), "mars");
        assert_eq!(Names::of("de_DE").unwrap().day(4, false), "Do.");
        assert!(Names::of("en").is_none() && Names::of("en-US").is_none() && Names::of("tlh").is_none());
        assert_eq!(Names::of("en-GB").unwrap().month(9, false), "Sept");
    }
}
