//! How does a rewritten statement become a plan that runs? Names are found in one snapshot, DataFusion plans and
//! optimises, our rule puts segment operators in.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use alluvium_segments::catalog::{Snapshot, lookup_table};
use alluvium_segments::{ColumnSpec, ColumnType};
use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::Session;
use datafusion::catalog::default_table_source::provider_as_source;
use datafusion::common::config::ConfigOptions;
use datafusion::common::{Result, TableReference};
use datafusion::execution::TaskContext;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner, RelationPlanner};
use datafusion::logical_expr::{
    AggregateUDF, Expr, HigherOrderUDF, LogicalPlan, LogicalPlanBuilder, ScalarUDF, TableSource,
    UserDefinedLogicalNode, WindowUDF,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use datafusion::prelude::SessionConfig;
use datafusion::sql::planner::{NullOrdering, ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::Statement;
use parking_lot::Mutex;

use super::access::Access;
use super::aggregates::all_aggregates;
use super::coerce::coerce;
use super::exact::count_exactly;
use super::exec::SegmentExec;
use super::fault::{from_datafusion, invalid, outside};
use super::forms::{Reads, check_forms};
use super::functions::{all_functions, list_functions};
use super::lookups::{bind_lookups, lookup_schema};
use super::memory::{MemoryOptions, Room, scarce};
use super::metadata::{SCHEMAS, metadata_table};
use super::node::SegmentNode;
use super::operators::DruidOperators;
use super::prepare::{Holes, Known, Values};
use super::relations::{APPENDED, appended, relation_planners};
use super::request::Settings;
use super::several::gather_each;
use super::single::keep_filters;
use super::system::SystemTables;
use super::table::{DatasourceTable, arrow_schema};
use super::top_n::nulls_of_top_n;
use super::totals::{without_empty, without_rows};
use super::translate::push_down;
use super::types::{Typed, check, check_constants, columns};
use crate::QueryError;

/// Everything about planning that does not depend on a query; made once.
#[derive(Debug)]
pub(crate) struct Planner {
    state: SessionState,
    memory: MemoryOptions,
    operators: Vec<Arc<dyn ExprPlanner>>,
    scalars: HashMap<String, Arc<ScalarUDF>>,
    aggregates: HashMap<String, Arc<AggregateUDF>>,
}

impl Planner {
    /// A planner whose upper operators may use so much memory and so many threads each.
    pub(crate) fn new(memory: MemoryOptions, threads: usize) -> Result<Self, QueryError> {
        let runtime = memory.runtime().map_err(from_datafusion)?;
        let config = memory.configure(SessionConfig::new().with_target_partitions(threads.max(1)));
        let builder = SessionStateBuilder::new().with_config(config).with_runtime_env(runtime);
        let state = builder.with_default_features().build();
        let mut scalars: HashMap<String, Arc<ScalarUDF>> = HashMap::new();
        for (name, function) in state.scalar_functions() {
            if name.starts_with("array_") || ["make_array", "cardinality", "flatten"].contains(&name.as_str())
            {
                scalars.insert(name.clone(), Arc::clone(function));
            }
        }
        for function in all_functions().iter().chain(list_functions()) {
            scalars.insert(function.name().to_owned(), Arc::clone(function));
        }
        let mut aggregates: HashMap<String, Arc<AggregateUDF>> =
            state.aggregate_functions().iter().map(|(n, f)| (n.clone(), Arc::clone(f))).collect();
        if let Some(function) = aggregates.get("string_agg").map(Arc::clone) {
            aggregates.insert("listagg".to_owned(), function);
        }
        for function in all_aggregates() {
            for name in function.aliases() {
                aggregates.insert(name.clone(), Arc::clone(function));
            }
            aggregates.insert(function.name().to_owned(), Arc::clone(function));
        }
        let mut operators: Vec<Arc<dyn ExprPlanner>> = vec![Arc::new(DruidOperators)];
        operators.extend(state.expr_planners().iter().cloned());
        Ok(Self { state, memory, operators, scalars, aggregates })
    }

    /// The optimised plan of a rewritten statement, the types of its columns, and how many operators over a datasource did
    /// not translate.
    pub(crate) fn plan(
        &self,
        statement: Statement,
        holes: &mut Holes<'_>,
        names: &Names<'_>,
        settings: &Settings,
    ) -> Result<(LogicalPlan, Vec<Typed>, usize)> {
        let plan = holes.settle(named(self.read(statement, names)?)?)?;
        let reads = Reads::of(&plan)?;
        check(&plan, settings.zone, reads.datasources)?;
        check_forms(&plan, reads)?;
        let types = columns(&plan);
        let plan = without_rows(plan, reads)?;
        let plan = gather_each(coerce(plan, settings.zone)?)?;
        let plan = keep_filters(nulls_of_top_n(count_exactly(plan)?)?)?;
        let plan = match settings.outer_limit {
            Some(limit) => LogicalPlanBuilder::from(plan).limit(0, Some(limit))?.build()?,
            None => plan,
        };
        let plan = self.state.optimize(&plan)?;
        check_constants(&plan)?;
        let (plan, fallbacks) = push_down(plan)?;
        Ok((without_empty(plan)?, types, fallbacks))
    }

    /// The columns of a rewritten statement's answer.
    pub(crate) fn schema(
        &self,
        statement: Statement,
        names: &Names<'_>,
        settings: &Settings,
    ) -> Result<SchemaRef> {
        let plan = coerce(named(self.read(statement, names)?)?, settings.zone)?;
        Ok(SchemaRef::clone(plan.schema().inner()))
    }

    /// The types of a rewritten statement's placeholders, by name, as far as they can be told.
    pub(crate) fn parameter_types(
        &self,
        statement: Statement,
        names: &Names<'_>,
    ) -> Result<HashMap<String, Option<DataType>>> {
        self.read(statement, names)?.get_parameter_types()
    }

    /// A statement as a plan of DataFusion.
    fn read(&self, statement: Statement, names: &Names<'_>) -> Result<LogicalPlan> {
        let options = ParserOptions {
            parse_float_as_decimal: false,
            enable_ident_normalization: false,
            support_varchar_with_length: true,
            enable_options_value_normalization: false,
            collect_spans: false,
            map_string_types_to_utf8view: false,
            default_null_ordering: NullOrdering::NullsMin,
        };
        let context = Context { planner: self, names };
        SqlToRel::new_with_options(&context, options).sql_statement_to_plan(statement)
    }

    /// Whether operators may go on in files.
    pub(crate) fn spills(&self) -> bool {
        self.memory.spill_folder.is_some()
    }

    /// The plan that runs over a snapshot with these values in its holes, and what its operators run in.
    pub(crate) async fn physical(
        &self,
        plan: &LogicalPlan,
        access: &Access,
        values: &Values,
        room: Room,
    ) -> Result<(Arc<dyn ExecutionPlan>, Arc<TaskContext>)> {
        let segments = SegmentPlanner { access: access.clone(), values: values.clone() };
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(segments)]);
        let bound = bind_lookups(plan, access)?;
        let state = match room {
            Room::Ample => Cow::Borrowed(&self.state),
            Room::Scarce => {
                let mut state = self.state.clone();
                *state.config_mut() = scarce(state.config().clone());
                Cow::Owned(state)
            }
        };
        let physical = planner.create_physical_plan(bound.as_ref().unwrap_or(plan), &*state).await?;
        let runtime = self.memory.of_query(state.runtime_env())?;
        Ok((physical, Arc::new(TaskContext::from(&*state).with_runtime(runtime))))
    }
}

/// A statement that is rows only, whose columns have Druid's names.
fn named(plan: LogicalPlan) -> Result<LogicalPlan> {
    let LogicalPlan::Values(_) = plan else { return Ok(plan) };
    let columns = plan.schema().columns().into_iter().enumerate();
    let columns: Vec<Expr> =
        columns.map(|(at, column)| Expr::Column(column).alias(format!("EXPR${at}"))).collect();
    LogicalPlanBuilder::from(plan).project(columns)?.build()
}

/// Plans [`SegmentNode`]s.
#[derive(Debug)]
struct SegmentPlanner {
    access: Access,
    values: Values,
}

#[async_trait]
impl ExtensionPlanner for SegmentPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        _physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(ours) = node.as_any().downcast_ref::<SegmentNode>() else { return Ok(None) };
        Ok(Some(Arc::new(SegmentExec::new(ours, self.access.clone(), &self.values)?)))
    }
}

/// Where one query's tables are, and which it uses.
#[derive(Debug)]
pub(crate) struct Names<'q> {
    snapshot: &'q Snapshot,
    system: &'q dyn SystemTables,
    values: Arc<Values>,
    used: Mutex<Used>,
}

/// What planning a statement gives.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) plan: LogicalPlan,
    pub(crate) types: Vec<Typed>,
    /// Operators over a datasource that did not translate.
    pub(crate) fallbacks: usize,
    pub(crate) used: Used,
}

/// What a query reads.
#[derive(Debug, Default)]
pub(crate) struct Used {
    pub(crate) datasources: Vec<Known>,
    /// Whether it reads tables about tables, whose rows are part of the plan.
    pub(crate) metadata: bool,
}

impl<'q> Names<'q> {
    /// The tables of a snapshot, for a statement with these values.
    pub(crate) fn new(snapshot: &'q Snapshot, system: &'q dyn SystemTables, values: Values) -> Self {
        Self { snapshot, system, values: Arc::new(values), used: Mutex::default() }
    }

    /// What was asked for.
    pub(crate) fn used(self) -> Used {
        self.used.into_inner()
    }

    fn table(&self, name: &TableReference) -> Result<Arc<dyn TableSource>> {
        let schema = name.schema().unwrap_or("druid");
        if let (APPENDED, Some(names)) = (schema, appended(name.table())) {
            return self.appended(&names);
        }
        let unknown = || outside(invalid(format!("Object '{}' not found", name.table())));
        if name.catalog().is_some_and(|c| c != "druid") || !SCHEMAS.contains(&schema) {
            let missing = name.catalog().filter(|c| *c != "druid").unwrap_or(schema);
            return Err(outside(invalid(format!("Object '{missing}' not found"))));
        }
        if schema == "lookup" {
            return self.lookup(name.table()).ok_or_else(unknown);
        }
        if schema != "druid" {
            self.used.lock().metadata = true;
            let found = metadata_table(schema, name.table(), self.snapshot, self.system)?;
            return found.map(provider_as_source).ok_or_else(unknown);
        }
        let known = self.known(name.table()).ok_or_else(unknown)?;
        Ok(self.rows_of(vec![known.name], arrow_schema(&known.columns)))
    }

    /// The rows of a registered lookup.
    fn lookup(&self, name: &str) -> Option<Arc<dyn TableSource>> {
        let rows = self.snapshot.datasource(&lookup_table(name))?;
        let known = Known { name: rows.name.clone(), columns: rows.columns.clone() };
        let table = self.rows_of(vec![known.name.clone()], lookup_schema());
        self.used.lock().datasources.push(known);
        Some(table)
    }

    /// A table of the rows of datasources.
    fn rows_of(&self, names: Vec<String>, schema: SchemaRef) -> Arc<dyn TableSource> {
        provider_as_source(Arc::new(DatasourceTable::new(names, schema, Arc::clone(&self.values))))
    }

    /// A datasource, which is read.
    fn known(&self, name: &str) -> Option<Known> {
        let datasource = self.snapshot.datasources.get(name)?;
        let known = Known { name: datasource.name.clone(), columns: datasource.current_columns() };
        self.used.lock().datasources.push(known.clone());
        Some(known)
    }

    /// Several datasources as one.
    fn appended(&self, names: &[String]) -> Result<Arc<dyn TableSource>> {
        let mut columns: Vec<ColumnSpec> = Vec::new();
        for name in names {
            let unknown = || outside(invalid(format!("Table [{name}] not found")));
            for column in self.known(name).ok_or_else(unknown)?.columns {
                match columns.iter_mut().find(|known| known.name == column.name) {
                    Some(known) => known.column_type = common_type(known.column_type, column.column_type),
                    None => columns.push(column),
                }
            }
        }
        Ok(self.rows_of(names.to_vec(), arrow_schema(&columns)))
    }
}

/// The type that holds the values of both.
fn common_type(a: ColumnType, b: ColumnType) -> ColumnType {
    match (a, b) {
        (a, b) if a == b => a,
        (ColumnType::Json, _) | (_, ColumnType::Json) => ColumnType::Json,
        (a, b) if a.is_numeric() && b.is_numeric() => ColumnType::Double,
        (array @ ColumnType::Array(_), _) | (_, array @ ColumnType::Array(_)) => array,
        _ => ColumnType::String,
    }
}

struct Context<'c> {
    planner: &'c Planner,
    names: &'c Names<'c>,
}

impl ContextProvider for Context<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        self.names.table(&name)
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.planner.operators
    }

    fn get_relation_planners(&self) -> &[Arc<dyn RelationPlanner>] {
        relation_planners()
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.planner.scalars.get(name).cloned()
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.planner.aggregates.get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.planner.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.planner.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.planner.scalars.keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.planner.aggregates.keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.planner.state.window_functions().keys().cloned().collect()
    }
}
