//! How do Druid's aggregators write the recipe of a summary? Their JSON, with Druid's defaults.

use serde_json::{Map, Value};

use super::{Form, Item, Recipe};
use crate::{
    ApproximateHistogram, ArrayOfDoubles, Bloom, DdSketch, Estimator, FixedBuckets, HllSketch, HllTarget,
    KllDoubles, OutlierMode, QuantilesDoubles, SketchError, TDigest, TextEncoding, Theta,
};

/// The fields of an aggregator; null is as if it was not there.
#[derive(Clone, Copy)]
struct Fields<'j>(&'j Map<String, Value>);

impl<'j> Fields<'j> {
    fn get(self, name: &str) -> Option<&'j Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn wrong<T>(self, name: &str, what: &str) -> Result<T, SketchError> {
        let found = self.get(name).map_or_else(|| "nothing".to_owned(), Value::to_string);
        Err(SketchError::parameter(format!("`{name}` must be {what}, not {found}")))
    }

    fn flag(self, name: &str, default: bool) -> Result<bool, SketchError> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
            _ => self.wrong(name, "true or false"),
        }
    }

    fn number(self, name: &str) -> Result<Option<f64>, SketchError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(number.as_f64()),
            Some(Value::String(text)) => match text.trim().parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => self.wrong(name, "a number"),
            },
            _ => self.wrong(name, "a number"),
        }
    }

    /// A whole number that is not negative; fractions are cut, as Druid does.
    fn count(self, name: &str, default: u64) -> Result<u64, SketchError> {
        match self.number(name)? {
            None => Ok(default),
            Some(number) if number >= 0.0 => Ok(number as u64),
            Some(_) => self.wrong(name, "a number that is not negative"),
        }
    }

    fn size(self, name: &str, default: usize) -> Result<usize, SketchError> {
        Ok(self.count(name, default as u64)? as usize)
    }

    fn text(self, name: &str) -> Result<Option<&'j str>, SketchError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            _ => self.wrong(name, "a text"),
        }
    }

    /// A text that stands for something.
    fn named<T>(
        self,
        name: &str,
        default: T,
        read: impl Fn(&str) -> Option<T>,
        what: &str,
    ) -> Result<T, SketchError> {
        match self.text(name)? {
            None => Ok(default),
            Some(text) => read(text).map_or_else(|| self.wrong(name, what), Ok),
        }
    }

    fn needed(self, name: &str) -> Result<f64, SketchError> {
        self.number(name)?.map_or_else(|| self.wrong(name, "a number"), Ok)
    }
}

/// Whether a type is one of merging aggregators, whose texts are summaries.
fn merges(kind: &str) -> bool {
    let folds =
        ["HLLSketch", "preComputedHyperUnique", "mergeTDigestSketch", "approxHistogramFold", "varianceFold"];
    kind.ends_with("Merge") || folds.contains(&kind)
}

impl Recipe {
    /// Reads an aggregator; `None` when its `type` is none of those that make summaries.
    ///
    /// # Errors
    /// When a field is missing or out of its range.
    pub fn from_json(json: &Map<String, Value>) -> Result<Option<Self>, SketchError> {
        let fields = Fields(json);
        let Some(kind) = fields.text("type")? else { return Ok(None) };
        let Some(form) = form(kind, fields)? else { return Ok(None) };
        let flag = match form {
            Form::Theta { .. } => fields.flag("isInputThetaSketch", false)?,
            Form::HyperUnique { .. } => fields.flag("isInputHyperUnique", false)?,
            Form::Variance { .. } => fields.text("inputType")?.is_some_and(|of| of == "variance"),
            Form::ArrayOfDoubles { ref columns, .. } => columns.is_empty(),
            _ => false,
        };
        // Kinds that are shown as they are, whatever `shouldFinalize` says, and one that never is.
        let asked = fields.flag("shouldFinalize", true)?;
        let finalizes = match form {
            Form::Hll { .. } | Form::Theta { .. } | Form::Quantiles { .. } => asked,
            _ => true,
        };
        let recipe = Self { form, finalizes, merges: merges(kind) || flag, asks: None };
        // All parameters are in their ranges when one value can be shown.
        let mut summary = recipe.empty()?;
        recipe.update(&mut summary, Item::Long(1));
        recipe.finish(&summary)?;
        Ok(Some(recipe))
    }
}

fn form(kind: &str, fields: Fields<'_>) -> Result<Option<Form>, SketchError> {
    Ok(Some(match kind {
        "HLLSketchBuild" | "HLLSketchMerge" | "HLLSketch" => {
            let lg_k = fields.count("lgK", u64::from(HllSketch::DEFAULT_LG_K))?;
            Form::Hll {
                lg_k: u8::try_from(lg_k).unwrap_or(u8::MAX),
                target: fields.named(
                    "tgtHllType",
                    HllTarget::Hll4,
                    HllTarget::from_name,
                    "HLL_4, HLL_6 or HLL_8",
                )?,
                encoding: fields.named(
                    "stringEncoding",
                    TextEncoding::Utf16Le,
                    TextEncoding::from_name,
                    "utf8 or utf16le",
                )?,
                round: fields.flag("round", false)?,
            }
        }
        "thetaSketch" | "thetaSketchBuild" | "thetaSketchMerge" => {
            let bounds = fields.number("errorBoundsStdDev")?.map(|deviations| deviations as u8);
            Form::Theta { size: fields.size("size", Theta::DEFAULT_SIZE)?, bounds }
        }
        "quantilesDoublesSketch" | "quantilesDoublesSketchMerge" => Form::Quantiles {
            k: fields.size("k", QuantilesDoubles::DEFAULT_K)?,
            max_stream_length: stream_length(fields)?,
        },
        "KllDoublesSketch" | "KllDoublesSketchMerge" => kll(fields, false)?,
        "KllFloatsSketch" | "KllFloatsSketchMerge" => kll(fields, true)?,
        "arrayOfDoublesSketch" | "arrayOfDoublesSketchBuild" | "arrayOfDoublesSketchMerge" => tuples(fields)?,
        "hyperUnique" | "preComputedHyperUnique" => Form::HyperUnique { round: fields.flag("round", false)? },
        "approxHistogram" | "approxHistogramFold" => Form::ApproximateHistogram {
            resolution: fields.size("resolution", ApproximateHistogram::DEFAULT_RESOLUTION)?,
            buckets: fields.size("numBuckets", ApproximateHistogram::DEFAULT_BUCKETS)?,
            lower_limit: fields.number("lowerLimit")?.map_or(f32::NEG_INFINITY, |limit| limit as f32),
            upper_limit: fields.number("upperLimit")?.map_or(f32::INFINITY, |limit| limit as f32),
            base64: fields.flag("finalizeAsBase64Binary", false)?,
        },
        "fixedBucketsHistogram" => Form::FixedBuckets {
            buckets: fields.size("numBuckets", FixedBuckets::DEFAULT_BUCKETS)?,
            lower_limit: fields.needed("lowerLimit")?,
            upper_limit: fields.needed("upperLimit")?,
            mode: fields.named(
                "outlierHandlingMode",
                OutlierMode::Ignore,
                OutlierMode::from_name,
                "ignore, overflow or clip",
            )?,
            base64: fields.flag("finalizeAsBase64Binary", false)?,
        },
        "variance" | "varianceFold" => Form::Variance {
            estimator: fields.text("estimator")?.map_or(Estimator::Sample, Estimator::from_name),
        },
        "tDigestSketch" | "buildTDigestSketch" | "mergeTDigestSketch" => {
            let compression = fields.count("compression", u64::from(TDigest::DEFAULT_COMPRESSION))?;
            Form::TDigest { compression: u32::try_from(compression).unwrap_or(u32::MAX) }
        }
        "bloom" | "bloomMerge" => {
            Form::Bloom { max_entries: fields.count("maxNumEntries", Bloom::DEFAULT_ENTRIES)? }
        }
        "ddSketch" => Form::DdSketch {
            relative_error: fields.number("relativeError")?.unwrap_or(DdSketch::DEFAULT_ERROR),
            bins: fields.size("numBins", DdSketch::DEFAULT_BINS)?,
        },
        _ => return Ok(None),
    }))
}

fn stream_length(fields: Fields<'_>) -> Result<u64, SketchError> {
    fields.count("maxStreamLength", 1_000_000_000)
}

fn kll(fields: Fields<'_>, floats: bool) -> Result<Form, SketchError> {
    let k = fields.count("k", u64::from(KllDoubles::DEFAULT_K))?;
    let k = u16::try_from(k).or_else(|_| fields.wrong("k", "from 8 to 65535"))?;
    Ok(Form::Kll { floats, k, max_stream_length: stream_length(fields)? })
}

fn tuples(fields: Fields<'_>) -> Result<Form, SketchError> {
    let columns: Vec<String> = match fields.get("metricColumns") {
        None => Vec::new(),
        Some(Value::Array(names)) => {
            let names: Option<Vec<String>> = names.iter().map(|n| n.as_str().map(str::to_owned)).collect();
            names.map_or_else(|| fields.wrong("metricColumns", "names of columns"), Ok)?
        }
        Some(_) => return fields.wrong("metricColumns", "names of columns"),
    };
    let values = fields.size("numberOfValues", columns.len().max(1))?;
    if !columns.is_empty() && columns.len() != values {
        let text =
            format!("Number of metricColumns [{}] must agree with numberOfValues [{values}]", columns.len());
        return Err(SketchError::parameter(text));
    }
    Ok(Form::ArrayOfDoubles {
        entries: fields.size("nominalEntries", ArrayOfDoubles::DEFAULT_ENTRIES)?,
        columns,
        values,
    })
}
