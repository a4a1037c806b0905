//! Over what does a query stand that no table answers alone? A join, an array unnested, another query: each is a data
//! source whose columns have names of their own.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field as ArrowField, Schema};
use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::{Aggregate, Expr, Join, LogicalPlan, Unnest};
use serde_json::{Map, Value, json};

use super::native::data_source;
use super::outline::{Outline, Shape};
use super::virtuals::UNNESTED;
use crate::sql::prepare::Values;
use crate::sql::table::DatasourceTable;
use crate::sql::translate::{
    ComputedColumn, Dimension, Field, SegmentQuery, Source, Work, native_type, render, segment_query,
};

/// Makes queries of plans.
pub(super) struct Composer<'c> {
    /// Of the statement.
    pub(super) context: &'c Map<String, Value>,
}

/// Rows, and what they are read from where that is no table.
struct Composed {
    rows: Source,
    source: Option<Value>,
}

/// Columns that are read from something else than a table.
fn unnamed(fields: Vec<ArrowField>) -> Arc<DatasourceTable> {
    Arc::new(DatasourceTable::new(Vec::new(), Arc::new(Schema::new(fields)), Arc::new(Values::default())))
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// The name of a column as it is.
fn plain(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Column(column) => Some(&column.name),
        _ => None,
    }
}

impl Composed {
    fn fields(&self) -> Vec<ArrowField> {
        self.rows.table.arrow_schema().fields().iter().map(|field| field.as_ref().clone()).collect()
    }

    /// What the rows are read from.
    fn json(&self) -> Value {
        self.source.clone().unwrap_or_else(|| data_source(self.rows.table.names()))
    }

    /// A name that no column begins with.
    fn unused(&self, name: &str) -> String {
        let mut name = name.to_owned();
        while self.fields().iter().any(|field| field.name().starts_with(&name)) {
            name.insert(0, '_');
        }
        name
    }

    fn is_lookup(&self) -> bool {
        self.rows.filters.is_empty() && self.json()["type"] == "lookup"
    }

    fn is_query(&self) -> bool {
        self.rows.filters.is_empty() && self.json()["type"] == "query"
    }
}

impl Composer<'_> {
    fn compose(&self, plan: &LogicalPlan) -> Option<Composed> {
        match plan {
            // A limit of its own is that of an operator above too.
            LogicalPlan::TableScan(scan) => Some(Composed { rows: Source::scan(scan)?, source: None }),
            LogicalPlan::SubqueryAlias(alias) => self.compose(&alias.input),
            LogicalPlan::Filter(filter) => {
                let mut below = self.compose(&filter.input)?;
                let condition = below.rows.inline(&filter.predicate, filter.input.schema())?;
                below.rows.filters.push(condition);
                Some(below)
            }
            LogicalPlan::Projection(projection) => {
                let mut below = self.compose(&projection.input)?;
                let schema = projection.input.schema();
                let outputs = projection.expr.iter().map(|e| below.rows.inline(e, schema));
                below.rows.outputs = outputs.collect::<Option<_>>()?;
                Some(below)
            }
            LogicalPlan::Unnest(unnest) => self.unnested(unnest),
            LogicalPlan::Join(join) => self.joined(join),
            other => self.subquery(other),
        }
    }

    /// A query as what others are asked of.
    fn subquery(&self, plan: &LogicalPlan) -> Option<Composed> {
        if !matches!(
            plan,
            LogicalPlan::Extension(_)
                | LogicalPlan::Aggregate(_)
                | LogicalPlan::Sort(_)
                | LogicalPlan::Limit(_)
        ) {
            return None;
        }
        self.queried(&Outline::read(plan, self)?, plan)
    }

    fn queried(&self, outline: &Outline, plan: &LogicalPlan) -> Option<Composed> {
        let json = outline.json(self)?;
        let mut fields: Vec<ArrowField> = Vec::new();
        let mut outputs = Vec::new();
        for (field, name) in plan.schema().fields().iter().zip(&outline.names) {
            let name = name.as_ref()?;
            if !fields.iter().any(|known| known.name() == name) {
                fields.push(ArrowField::new(name, field.data_type().clone(), true));
            }
            outputs.push(column(name));
        }
        let rows = Source { table: unnamed(fields), filters: Vec::new(), outputs, unnested: None };
        Some(Composed { rows, source: Some(json!({"type": "query", "query": json})) })
    }

    fn unnested(&self, unnest: &Unnest) -> Option<Composed> {
        let mut below = self.compose(&unnest.input)?;
        let [(at, _)] = unnest.list_type_columns.as_slice() else { return None };
        let array = render(below.rows.outputs.get(*at)?, below.rows.table.arrow_schema())?;
        let DataType::List(element) = &array.data_type else { return None };
        let name = below.unused("j0.").replace("j0.", UNNESTED);
        let of_values =
            array.text.strip_prefix("mv_harmonize_nulls(").and_then(|text| text.strip_suffix(')'));
        let output = match of_values {
            Some(_) => "STRING".to_owned(),
            None => format!("ARRAY<{}>", native_type(element.data_type())?.druid_name()),
        };
        let json = json!({"type": "unnest", "base": below.json(),
            "virtualColumn": {"type": "expression", "name": name,
                "expression": of_values.unwrap_or(&array.text), "outputType": output},
            "unnestFilter": null});
        let mut fields = below.fields();
        fields.push(ArrowField::new(&name, element.data_type().clone(), true));
        *below.rows.outputs.get_mut(*at)? = column(&name);
        let outputs = unnest.dependency_indices.iter().map(|from| below.rows.outputs.get(*from).cloned());
        let rows = Source {
            table: unnamed(fields),
            outputs: outputs.collect::<Option<_>>()?,
            filters: below.rows.filters,
            unnested: None,
        };
        Some(Composed { rows, source: Some(json) })
    }

    fn joined(&self, join: &Join) -> Option<Composed> {
        let kind = match join.join_type {
            JoinType::Inner | JoinType::LeftSemi => "INNER",
            JoinType::Left => "LEFT",
            JoinType::Right => "RIGHT",
            JoinType::Full => "FULL",
            _ => return None,
        };
        let mut left = self.compose(&join.left)?;
        let keeps_left = matches!(kind, "INNER" | "LEFT");
        let plain_keys = |side: &Composed| {
            let schema = join.left.schema();
            join.on
                .iter()
                .all(|(key, _)| side.rows.inline(key, schema).is_some_and(|key| plain(&key).is_some()))
        };
        if !plain_keys(&left) || !keeps_left && !left.rows.filters.is_empty() {
            left = self.queried(&self.rows(&join.left)?, &join.left)?;
        }
        let (right, keys) = self.right(join)?;
        let prefix = left.unused("j0.");
        let right_column = |name: &str| column(&format!("{prefix}{name}"));
        let mut fields = left.fields();
        for field in right.fields() {
            let name = format!("{prefix}{}", field.name());
            fields.push(field.with_name(name));
        }
        let schema = Schema::new(fields.clone());
        let mut tests = Vec::with_capacity(keys.len());
        for ((key, _), right) in join.on.iter().zip(&keys) {
            let key = render(&left.rows.inline(key, join.left.schema())?, &schema)?;
            let right = render(&right_column(right), &schema)?;
            tests.push(format!("({} == {})", key.text, right.text));
        }
        let mut outputs = left.rows.outputs.clone();
        if join.join_type != JoinType::LeftSemi {
            let names = right.rows.outputs.iter().map(|output| plain(output).map(right_column));
            outputs.extend(names.collect::<Option<Vec<_>>>()?);
        }
        let rows =
            Source { table: unnamed(fields), filters: left.rows.filters.clone(), outputs, unnested: None };
        if let Some(filter) = &join.filter {
            let both = join.left.schema().join(join.right.schema()).ok()?;
            tests.push(render(&rows.inline(filter, &both)?, &schema)?.text);
        }
        let condition = match tests.as_slice() {
            [] => "1".to_owned(),
            [only] => only.clone(),
            many => format!("({})", many.join(" && ")),
        };
        let json = json!({"type": "join", "left": left.json(), "right": right.json(), "rightPrefix": prefix,
            "condition": condition, "joinType": kind});
        Some(Composed { rows, source: Some(json) })
    }

    /// The right side of a join, which is a lookup or a query, and the names of its keys.
    fn right(&self, join: &Join) -> Option<(Composed, Vec<String>)> {
        let schema = join.right.schema();
        let right = self.compose(&join.right)?;
        let keys = |right: &Composed| {
            let name = |(_, key): &(Expr, Expr)| plain(&right.rows.inline(key, schema)?).map(str::to_owned);
            join.on.iter().map(name).collect::<Option<Vec<String>>>()
        };
        if join.join_type == JoinType::LeftSemi {
            return self.distinct(&right, join);
        }
        let all_plain = right.rows.outputs.iter().all(|output| plain(output).is_some());
        if let (true, Some(keys)) = (all_plain && (right.is_lookup() || right.is_query()), keys(&right)) {
            return Some((right, keys));
        }
        let right = self.queried(&self.rows(&join.right)?, &join.right)?;
        let keys = keys(&right)?;
        Some((right, keys))
    }

    /// The keys of a side, each once.
    fn distinct(&self, side: &Composed, join: &Join) -> Option<(Composed, Vec<String>)> {
        let schema = side.rows.table.arrow_schema();
        let mut dimensions = Vec::with_capacity(join.on.len());
        let mut fields = Vec::with_capacity(join.on.len());
        for (at, (_, key)) in join.on.iter().enumerate() {
            let key = render(&side.rows.inline(key, join.right.schema())?, schema)?;
            let name = format!("d{at}");
            let output = native_type(&key.data_type)?;
            fields.push(ArrowField::new(&name, key.data_type.clone(), true));
            dimensions.push(Dimension { name, field: Field::of(key), output, unnested: false });
        }
        let names: Vec<String> = dimensions.iter().map(|key| key.name.clone()).collect();
        let query = side.rows.query(Work::Groups { dimensions, aggregators: Vec::new() })?;
        let outline = Outline {
            query,
            schema: schema.clone(),
            source: side.source.clone(),
            names: names.iter().cloned().map(Some).collect(),
            shape: Shape::default(),
        };
        let source = json!({"type": "query", "query": outline.json(self)?});
        let outputs = names.iter().map(|name| column(name)).collect();
        let rows = Source { table: unnamed(fields), filters: Vec::new(), outputs, unnested: None };
        Some((Composed { rows, source: Some(source) }, names))
    }

    /// The groups of an aggregation.
    pub(super) fn groups(&self, aggregate: &Aggregate) -> Option<Outline> {
        let below = self.compose(&aggregate.input)?;
        if aggregate.group_expr.iter().any(|key| matches!(key, Expr::GroupingSet(_))) {
            return None;
        }
        let mut query = segment_query(&below.rows, aggregate, &aggregate.group_expr)?;
        let mut names = Vec::new();
        if let Work::Groups { dimensions, aggregators } = &mut query.work {
            let (keys, values) = (below.unused("d"), below.unused("a"));
            let free = |kind: &str, name: &str| {
                let is_taken = below.fields().iter().any(|field| {
                    let digits = field.name().strip_prefix(kind);
                    digits.is_some_and(|d| !d.is_empty() && d.chars().all(|c| c.is_ascii_digit()))
                });
                if is_taken { name.to_owned() } else { kind.to_owned() }
            };
            let (keys, values) = (free("d", &keys), free("a", &values));
            for (at, key) in dimensions.iter_mut().enumerate() {
                key.name = format!("{keys}{at}");
            }
            for (at, value) in aggregators.iter_mut().enumerate() {
                value.name = format!("{values}{at}");
            }
            names.extend(dimensions.iter().map(|key| Some(key.name.clone())));
            names.extend(aggregators.iter().map(|value| Some(value.name.clone())));
        }
        let schema = below.rows.table.arrow_schema().clone();
        Some(Outline { query, schema, source: below.source, names, shape: Shape::default() })
    }

    /// The rows of a plan.
    pub(super) fn rows(&self, plan: &LogicalPlan) -> Option<Outline> {
        let below = self.compose(plan)?;
        let schema = below.rows.table.arrow_schema();
        let mut computed: Vec<ComputedColumn> = Vec::new();
        let mut names = Vec::with_capacity(below.rows.outputs.len());
        for output in &below.rows.outputs {
            if let Some(name) = plain(output) {
                names.push(Some(name.to_owned()));
                continue;
            }
            let operand = render(output, schema)?;
            let output = native_type(&operand.data_type)?;
            let name = format!("v{}", computed.len());
            computed.push(ComputedColumn { name: name.clone(), expression: operand.text, output });
            names.push(Some(name));
        }
        let columns = names.iter().flatten().cloned().collect();
        let work = Work::Rows { columns, computed, descending: None, offset: 0, limit: None };
        let query: SegmentQuery = below.rows.query(work)?;
        let schema = schema.clone();
        Some(Outline { query, schema, source: below.source, names, shape: Shape::default() })
    }
}
