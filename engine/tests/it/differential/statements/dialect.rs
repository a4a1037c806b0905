//! How is one piece of SQL written for us and for DuckDB? A piece holds both texts; where the dialects agree one
//! template makes both.

/// A piece of SQL in two dialects.
#[derive(Debug, Clone)]
pub(super) struct Sql {
    /// Druid's.
    pub(super) ours: String,
    /// DuckDB's.
    pub(super) theirs: String,
}

impl Sql {
    /// The same text in both.
    pub(super) fn same(text: impl Into<String>) -> Self {
        let ours = text.into();
        Self { theirs: ours.clone(), ours }
    }

    /// Two templates in which each `{}` is the next part.
    pub(super) fn each(ours: &str, theirs: &str, parts: &[&Self]) -> Self {
        Self {
            ours: fill(ours, parts.iter().map(|part| part.ours.as_str())),
            theirs: fill(theirs, parts.iter().map(|part| part.theirs.as_str())),
        }
    }

    /// One template for both.
    pub(super) fn both(template: &str, parts: &[&Self]) -> Self {
        Self::each(template, template, parts)
    }

    /// Pieces with a text between them.
    pub(super) fn joined(parts: &[Self], between: &str) -> Self {
        let texts = |of: fn(&Self) -> &str| parts.iter().map(of).collect::<Vec<_>>().join(between);
        Self { ours: texts(|part| &part.ours), theirs: texts(|part| &part.theirs) }
    }

    /// This piece, then another.
    pub(super) fn then(self, more: &Self) -> Self {
        Self { ours: self.ours + &more.ours, theirs: self.theirs + &more.theirs }
    }
}

fn fill<'p>(template: &str, parts: impl Iterator<Item = &'p str>) -> String {
    let mut pieces = template.split("{}");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    let mut parts = parts;
    for piece in pieces {
        text += parts.next().unwrap();
        text += piece;
    }
    assert!(parts.next().is_none(), "{template}");
    text
}
