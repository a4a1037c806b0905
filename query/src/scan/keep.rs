//! Which texts pass a value filter, and what do a dimension's transforms make of a text?

use std::borrow::Cow;

use alluvium_expression::{JavaRegex, decode, encode};
use alluvium_segments::ColumnType;

use crate::QueryError;
use crate::plan::{DimensionTransform, ValueFilter};

/// A value filter ready to run.
#[derive(Debug)]
pub(crate) enum Keep<'p> {
    List { values: &'p std::collections::BTreeSet<Option<String>>, allow: bool },
    Regex(JavaRegex),
    Prefix(&'p str),
}

impl ValueFilter {
    pub(crate) fn compile(&self) -> Result<Keep<'_>, QueryError> {
        Ok(match self {
            Self::List { values, allow } => Keep::List { values, allow: *allow },
            Self::Regex(pattern) => {
                Keep::Regex(JavaRegex::new(&format!("^(?:{pattern})$")).map_err(|e| {
                    QueryError::invalid(format!("`{pattern}` is not a regular expression: {e}"))
                })?)
            }
            Self::Prefix(prefix) => Keep::Prefix(prefix),
        })
    }
}

impl Keep<'_> {
    /// Whether a text (or null) passes.
    pub(crate) fn passes(&self, text: Option<&str>) -> bool {
        match self {
            Self::List { values, allow } => values.contains(&text.map(str::to_owned)) == *allow,
            Self::Regex(regex) => text.is_some_and(|t| regex.is_found(t)),
            Self::Prefix(prefix) => text.is_some_and(|t| t.starts_with(prefix)),
        }
    }
}

/// The transforms of a dimension, ready to run.
#[derive(Debug)]
pub(crate) struct Transforms<'p> {
    steps: Vec<Step<'p>>,
}

#[derive(Debug)]
enum Step<'p> {
    Extract(&'p alluvium_expression::ExtractionFn),
    Keep(Keep<'p>),
    /// What stands for a value of the one type becomes what stands for it in the other.
    Recode(ColumnType, ColumnType),
}

impl<'p> Transforms<'p> {
    pub(crate) fn new(transforms: &'p [DimensionTransform]) -> Result<Self, QueryError> {
        let mut steps = Vec::with_capacity(transforms.len());
        for transform in transforms {
            steps.push(match transform {
                DimensionTransform::Extract(function) => Step::Extract(function),
                DimensionTransform::Keep(filter) => Step::Keep(filter.compile()?),
            });
        }
        Ok(Self { steps })
    }

    /// Before all else, what stands for a value of the one type becomes what stands for it in the other.
    pub(crate) fn recoding(mut self, from: ColumnType, to: ColumnType) -> Self {
        self.steps.insert(0, Step::Recode(from, to));
        self
    }

    /// What becomes of an integer; instants are formatted as such.
    pub(crate) fn apply_long(&self, value: i64) -> Option<Option<String>> {
        if let Some((Step::Extract(first), rest)) = self.steps.split_first() {
            let text = first.apply_long(value);
            return run(rest, text.map(Cow::Owned)).map(|text| text.map(Cow::into_owned));
        }
        self.apply(Some(&value.to_string())).map(|text| text.map(Cow::into_owned))
    }

    /// Why the first step does not apply to a text.
    pub(crate) fn refusal(&self, text: Option<&str>) -> Option<String> {
        match (self.steps.first(), text) {
            (Some(Step::Extract(first)), Some(text)) => first.refusal(text),
            _ => None,
        }
    }

    /// What becomes of a text (or null); `None` when it is dropped.
    pub(crate) fn apply<'t>(&self, text: Option<&'t str>) -> Option<Option<Cow<'t, str>>> {
        run(&self.steps, text.map(Cow::Borrowed))
    }
}

fn run<'t>(steps: &[Step<'_>], mut value: Option<Cow<'t, str>>) -> Option<Option<Cow<'t, str>>> {
    for step in steps {
        match step {
            Step::Extract(function) => {
                value = function.apply(value.as_deref()).map(|text| Cow::Owned(text.into_owned()));
            }
            Step::Recode(from, to) => {
                let text = value.and_then(|text| encode(&decode(&text, *from), *to));
                value = text.map(|text| Cow::Owned(text.as_ref().to_owned()));
            }
            Step::Keep(keep) => {
                if !keep.passes(value.as_deref()) {
                    return None;
                }
            }
        }
    }
    Some(value)
}
