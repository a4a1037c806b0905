//! The one table of what can be asked.

use super::routes::Handler::{Blocking, Inline, Task};
use super::routes::{Route, delete, get, post};
use super::{console, coordinator, datasources, marking, metrics, native, status, supervisors, tasks};

/// Everything that can be asked.
#[rustfmt::skip] // a table: one route a line
pub(super) static ROUTES: &[Route] = &[
    // The node itself
    get("/", "status page", Inline(console::page)),
    get("/status", "version and memory", Inline(status::status)),
    get("/status/overview", "what the status page shows", Blocking(console::overview)),
    get("/status/health", "whether the process answers", Inline(status::health)),
    get("/status/ready", "whether it takes work", Inline(status::ready)),
    get("/status/properties", "configuration", Inline(status::properties)),
    get("/status/selfDiscovered", "discovery", Inline(status::self_discovered)),
    get("/status/selfDiscovered/status", "discovery", Inline(status::self_discovered)),
    get("/metrics", "counters for Prometheus", Blocking(metrics::metrics)),
    get("/proxy/coordinator/status", "version and memory", Inline(status::status)),
    get("/proxy/coordinator/status/properties", "configuration", Inline(status::properties)),
    get("/proxy/overlord/status", "version and memory", Inline(status::status)),
    get("/proxy/overlord/status/properties", "configuration", Inline(status::properties)),
    get("/druid/broker/v1/loadstatus", "segments are known", Inline(status::inventory_initialized)),
    get("/druid/broker/v1/readiness", "200", Inline(status::readiness)),
    get("/druid/historical/v1/loadstatus", "segments are open", Inline(status::cache_initialized)),
    get("/druid/historical/v1/readiness", "200", Inline(status::readiness)),
    get("/druid/coordinator/v1/leader", "address of the leader", Inline(status::leader)),
    get("/druid/coordinator/v1/isLeader", "true", Inline(status::is_leader)),
    get("/druid/indexer/v1/leader", "address of the leader", Inline(status::leader)),
    get("/druid/indexer/v1/isLeader", "true", Inline(status::is_leader)),

    // Queries
    post("/druid/v2", "native query", Task(native::query)),
    delete("/druid/v2/{id}", "end a native query", Inline(native::cancel)),
    get("/druid/v2/datasources", "names", Inline(datasources::names)),
    get("/druid/v2/datasources/{ds}", "dimensions and metrics", Inline(datasources::columns)),
    get("/druid/v2/datasources/{ds}/dimensions", "names", Inline(datasources::dimensions)),
    get("/druid/v2/datasources/{ds}/metrics", "names", Inline(datasources::metrics)),
    get("/druid/v2/datasources/{ds}/candidates", "segments of a query", Inline(datasources::candidates)),

    // Supervisors
    get("/druid/indexer/v1/supervisor", "list", Blocking(supervisors::list)),
    post("/druid/indexer/v1/supervisor", "create or change", Blocking(supervisors::submit)),
    get("/druid/indexer/v1/supervisor/history", "specs of all", Blocking(supervisors::histories)),
    post("/druid/indexer/v1/supervisor/suspendAll", "suspend all", Blocking(supervisors::suspend_all)),
    post("/druid/indexer/v1/supervisor/resumeAll", "resume all", Blocking(supervisors::resume_all)),
    post("/druid/indexer/v1/supervisor/terminateAll", "terminate all", Blocking(supervisors::terminate_all)),
    get("/druid/indexer/v1/supervisor/{id}", "spec", Blocking(supervisors::spec)),
    get("/druid/indexer/v1/supervisor/{id}/status", "state, offsets, lag", Blocking(supervisors::status)),
    get("/druid/indexer/v1/supervisor/{id}/stats", "row counters", Blocking(supervisors::stats)),
    get("/druid/indexer/v1/supervisor/{id}/health", "200 or 503", Blocking(supervisors::health)),
    get("/druid/indexer/v1/supervisor/{id}/history", "specs", Blocking(supervisors::history)),
    post("/druid/indexer/v1/supervisor/{id}/suspend", "commit and stand still", Blocking(supervisors::suspend)),
    post("/druid/indexer/v1/supervisor/{id}/resume", "go on", Blocking(supervisors::resume)),
    post("/druid/indexer/v1/supervisor/{id}/reset", "forget offsets", Blocking(supervisors::reset)),
    post("/druid/indexer/v1/supervisor/{id}/resetOffsets", "set offsets", Blocking(supervisors::reset_offsets)),
    post("/druid/indexer/v1/supervisor/{id}/terminate", "commit and end", Blocking(supervisors::terminate)),
    post("/druid/indexer/v1/supervisor/{id}/shutdown", "commit and end", Blocking(supervisors::terminate)),
    post("/druid/indexer/v1/supervisor/{id}/taskGroups/handoff", "commit now", Blocking(supervisors::hand_off)),

    // Tasks
    post("/druid/indexer/v1/task", "start", Blocking(tasks::submit)),
    post("/druid/indexer/v1/taskStatus", "status of several", Blocking(tasks::statuses)),
    get("/druid/indexer/v1/tasks", "list", Blocking(tasks::list)),
    get("/druid/indexer/v1/runningTasks", "list", Blocking(tasks::running)),
    get("/druid/indexer/v1/pendingTasks", "list", Blocking(tasks::pending)),
    get("/druid/indexer/v1/waitingTasks", "list", Blocking(tasks::waiting)),
    get("/druid/indexer/v1/completeTasks", "list", Blocking(tasks::complete)),
    get("/druid/indexer/v1/task/{id}", "spec", Blocking(tasks::task)),
    get("/druid/indexer/v1/task/{id}/status", "status", Blocking(tasks::status)),
    get("/druid/indexer/v1/task/{id}/log", "what happened", Blocking(tasks::log)),
    get("/druid/indexer/v1/task/{id}/reports", "row counters and errors", Blocking(tasks::reports)),
    post("/druid/indexer/v1/task/{id}/shutdown", "end", Blocking(tasks::shutdown)),
    post("/druid/indexer/v1/datasources/{ds}/shutdownAllTasks", "end all", Blocking(tasks::shutdown_all)),
    get("/druid/indexer/v1/totalWorkerCapacity", "task slots", Blocking(tasks::capacity)),
    get("/druid/indexer/v1/workers", "this node", Blocking(tasks::workers)),

    // Published segments
    get("/druid/coordinator/v1/datasources", "published datasources", Blocking(coordinator::datasources)),
    get("/druid/coordinator/v1/datasources/{ds}", "sizes", Blocking(coordinator::datasource)),
    get("/druid/coordinator/v1/datasources/{ds}/intervals", "time chunks", Blocking(coordinator::intervals)),
    get("/druid/coordinator/v1/datasources/{ds}/segments", "ids", Blocking(coordinator::segments)),
    get("/druid/coordinator/v1/datasources/{ds}/segments/{id}", "one segment", Blocking(coordinator::segment)),
    get("/druid/coordinator/v1/datasources/{ds}/tiers", "tiers", Blocking(coordinator::tiers)),
    get("/druid/coordinator/v1/datasources/{ds}/loadstatus", "percent loaded", Blocking(coordinator::datasource_loadstatus)),
    get("/druid/coordinator/v1/datasources/{ds}/handoffComplete", "whether a segment is served sealed", Inline(coordinator::handoff_complete)),
    get("/druid/coordinator/v1/loadstatus", "percent loaded", Inline(coordinator::loadstatus)),
    get("/druid/coordinator/v1/servers", "this node", Blocking(coordinator::servers)),
    get("/druid/coordinator/v1/metadata/datasources", "published datasources", Blocking(coordinator::metadata_datasources)),
    get("/druid/coordinator/v1/metadata/datasources/{ds}/segments", "ids", Blocking(coordinator::segments)),
    get("/druid/coordinator/v1/metadata/segments", "every published segment", Blocking(coordinator::metadata_segments)),
    delete("/druid/coordinator/v1/datasources/{ds}", "drop a datasource", Blocking(marking::drop_datasource)),
    delete("/druid/indexer/v1/datasources/{ds}", "drop a datasource", Blocking(marking::drop_datasource)),
    delete("/druid/coordinator/v1/datasources/{ds}/segments/{id}", "drop a segment", Blocking(marking::drop_segment)),
    delete("/druid/indexer/v1/datasources/{ds}/segments/{id}", "drop a segment", Blocking(marking::drop_segment)),
    post("/druid/coordinator/v1/datasources/{ds}/markUnused", "drop segments", Blocking(marking::mark_segments_unused)),
    post("/druid/indexer/v1/datasources/{ds}/markUnused", "drop segments", Blocking(marking::mark_segments_unused)),
];
