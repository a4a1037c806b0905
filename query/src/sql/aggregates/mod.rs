//! Which aggregates are Druid's own? These are their forms for what stands above the segments (subqueries, joins).

mod distinct;
mod exact;
mod gathered;
mod kind;
mod pick;
mod sketches;
mod states;
mod summarized;

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

pub(crate) use exact::exact_distinct;
pub(crate) use gathered::gathered;
pub(crate) use kind::Kind;
use states::picked_of_field;
pub(crate) use states::{picked_of, state_made};
pub(crate) use summarized::Summarized;

use super::functions::{JSON, TIMESTAMP, plain};

/// The aggregate as DataFusion sees it.
#[derive(Debug, Clone)]
pub(crate) struct DruidAggregate {
    pub(crate) kind: Kind,
    signature: Signature,
    aliases: Vec<String>,
}

impl PartialEq for DruidAggregate {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for DruidAggregate {}

impl Hash for DruidAggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
    }
}

fn of_kind(kind: Kind) -> Arc<AggregateUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(AggregateUDF::from(DruidAggregate { kind, signature, aliases: kind.aliases() }))
}

/// Every one that has a name, made once.
pub(crate) fn all_aggregates() -> &'static [Arc<AggregateUDF>] {
    static ALL: LazyLock<Vec<Arc<AggregateUDF>>> = LazyLock::new(|| {
        let kinds = [Kind::Distinct, Kind::Quantile, Kind::Earliest, Kind::Latest, Kind::Any];
        kinds.into_iter().chain(Summarized::ALL.map(Kind::Summary)).map(of_kind).collect()
    });
    &ALL
}

impl AggregateUDFImpl for DruidAggregate {
    fn name(&self) -> &str {
        self.kind.name()
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_field(&self, args: &[FieldRef]) -> Result<FieldRef> {
        let types: Vec<DataType> = args.iter().map(|field| field.data_type().clone()).collect();
        let picked = args.first().filter(|_| self.kind.picks()).and_then(|field| picked_of_field(field));
        let data_type = picked.map_or_else(|| self.return_type(&types), Ok)?;
        Ok(Arc::new(Field::new(self.name(), data_type, self.is_nullable())))
    }

    fn return_type(&self, args: &[DataType]) -> Result<DataType> {
        Ok(match self.kind {
            kind if kind.counts() => DataType::Int64,
            Kind::Quantile => DataType::Float64,
            Kind::Summary(summary) => summary.output(),
            _ => args.first().map_or(DataType::Utf8, states::as_picked),
        })
    }

    fn coerce_types(&self, args: &[DataType]) -> Result<Vec<DataType>> {
        let (fewest, most) = self.kind.arity();
        if args.len() < fewest || args.len() > most {
            let name = self.kind.name().to_uppercase();
            return plan_err!("Invalid number of arguments to function '{name}': {}", args.len());
        }
        let mut types: Vec<DataType> = args.to_vec();
        if let (Kind::Earliest | Kind::Latest, Some(time)) = (self.kind, types.get_mut(1)) {
            *time = TIMESTAMP;
        }
        if let Kind::Summary(_) = self.kind {
            return Ok(types);
        }
        let counts = self.kind.counts();
        if self.kind == Kind::Quantile {
            let numbers = types.iter_mut().take(2).filter(|t| **t != JSON);
            numbers.for_each(|t| *t = DataType::Float64);
        }
        if let (false, Some(value)) = (counts, types.first_mut())
            && *value != DataType::Float32
        {
            *value = plain(value);
        }
        Ok(types)
    }

    fn is_nullable(&self) -> bool {
        !self.kind.counts()
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(match self.kind {
            Kind::Distinct => Box::new(distinct::DistinctCount::default()),
            Kind::Summary(summary) => Box::new(sketches::Summaries::of(summary, &args)?),
            Kind::ExactDistinct => Box::new(exact::ExactCount::default()),
            Kind::Quantile if args.expr_fields.first().is_some_and(|field| *field.data_type() == JSON) => {
                Box::new(sketches::Summaries::of(Summarized::SketchQuantile, &args)?)
            }
            Kind::Quantile => Box::new(sketches::SketchedQuantile::default()),
            kind => Box::new(pick::Pick::new(kind, args.return_field.data_type())?),
        })
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = |part: &str| format!("{}[{part}]", args.name);
        Ok(match self.kind {
            kind if !kind.picks() => {
                vec![Arc::new(Field::new(name("summary"), DataType::Binary, true))]
            }
            _ => vec![
                Arc::new(Field::new(name("value"), args.return_field.data_type().clone(), true)),
                Arc::new(Field::new(name("time"), DataType::Int64, true)),
            ],
        })
    }
}
