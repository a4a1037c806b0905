//! How does DataFusion call a function of Druid's? As a scalar function that our evaluator computes.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use alluvium_segments::catalog::Lookup;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::{Definition, definitions, evaluate};

/// A function of the table, as DataFusion sees it.
#[derive(Clone)]
pub(crate) struct DruidFunction {
    pub(crate) definition: &'static Definition,
    signature: Signature,
    /// What the name in its call stands for, in a plan that is about to run.
    lookup: Option<Arc<Lookup>>,
}

impl std::fmt::Debug for DruidFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DruidFunction({})", self.definition.name)
    }
}

impl DruidFunction {
    /// Whether it is `LOOKUP`, of which it is not known yet what its name stands for.
    pub(crate) fn wants_lookup(&self) -> bool {
        self.definition.name == "lookup" && self.lookup.is_none()
    }

    /// The same that asks this lookup.
    pub(crate) fn asking(&self, lookup: Arc<Lookup>) -> ScalarUDF {
        ScalarUDF::from(Self { lookup: Some(lookup), ..self.clone() })
    }

    /// Whether it leaves values alone that are of its type.
    fn is_cast(&self) -> bool {
        let name = self.definition.name;
        name.starts_with("cast_") && !matches!(name, "cast_date" | "cast_timestamp_seconds")
    }
}

impl PartialEq for DruidFunction {
    fn eq(&self, other: &Self) -> bool {
        let load = |f: &Self| f.lookup.as_ref().map(|lookup| lookup.load());
        self.definition.name == other.definition.name && load(self) == load(other)
    }
}

impl Eq for DruidFunction {}

impl Hash for DruidFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
    }
}

/// Every function, made once.
pub(crate) fn all_functions() -> &'static [Arc<ScalarUDF>] {
    static ALL: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(|| {
        let one = |definition| {
            let signature = Signature::user_defined(Volatility::Immutable);
            Arc::new(ScalarUDF::from(DruidFunction { definition, signature, lookup: None }))
        };
        definitions().map(one).collect()
    });
    &ALL
}

impl ScalarUDFImpl for DruidFunction {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.definition.returns.of(arg_types))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|f| f.data_type().clone()).collect();
        let wanted = self.definition.returns.of(&types);
        // What `simplify` makes of a needless cast is null only where the value is.
        let same = args.arg_fields.first().filter(|f| self.is_cast() && *f.data_type() == wanted);
        let nullable = same.is_none_or(|f| f.is_nullable());
        Ok(Arc::new(Field::new(self.definition.name, wanted, nullable)))
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let (fewest, most) = self.definition.arity;
        if arg_types.len() < fewest || arg_types.len() > most {
            let name = self.definition.name.to_uppercase();
            return plan_err!("Invalid number of arguments to function '{name}': {}", arg_types.len());
        }
        Ok(arg_types.to_vec())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        evaluate::evaluate(self.definition, self.lookup.as_ref(), &args)
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        // A cast to the type a value has already.
        if self.is_cast()
            && let Some(value) = args.first()
            && info.get_data_type(value)? == self.definition.returns.of(&[])
            && let Some(value) = args.first()
        {
            return Ok(ExprSimplifyResult::Simplified(value.clone()));
        }
        Ok(ExprSimplifyResult::Original(args))
    }
}
