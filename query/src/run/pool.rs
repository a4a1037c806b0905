//! On which threads do segments get scanned? A fixed number of workers that take the next task of the waiting query that
//! has had the least time, so that a small query does not wait behind a large one (the rule of Linux's completely fair
//! scheduler).

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::QueryError;

type Task = Box<dyn FnOnce() + Send>;

/// A worker takes as many tasks at once as take this long.
const AT_ONCE_NANOS: u64 = 200_000;

/// The workers.
#[derive(Debug)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
    threads: usize,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("waiting", &self.state.lock().queries.len()).finish()
    }
}

#[derive(Default)]
struct State {
    /// In the order in which they came.
    queries: VecDeque<Waiting>,
    stopped: bool,
}

/// The tasks of a query that have not begun.
struct Waiting {
    tasks: VecDeque<Task>,
    time: Arc<Time>,
}

/// The time that a query has had, in nanoseconds.
#[derive(Default)]
struct Time {
    /// What it had, what running tasks will likely take, and what the others had had when it came.
    had: AtomicU64,
    /// What each of its last tasks took.
    last: AtomicU64,
}

impl Time {
    fn had(&self) -> u64 {
        self.had.load(Ordering::Relaxed)
    }

    /// Runs tasks on its account.
    fn run(&self, expected: u64, tasks: &mut VecDeque<Task>) {
        let (started, count) = (Instant::now(), tasks.len().max(1) as u64);
        tasks.drain(..).for_each(|task| task());
        let took = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.last.store(took / count, Ordering::Relaxed);
        // Wraps where it took less than was expected.
        self.had.fetch_add(took.wrapping_sub(expected), Ordering::Relaxed);
    }

    /// Notes that so many tasks begin; what they will likely take.
    fn begin(&self, count: usize) -> u64 {
        let expected = self.last.load(Ordering::Relaxed).saturating_mul(count as u64);
        self.had.fetch_add(expected, Ordering::Relaxed);
        expected
    }

    /// How many of so many waiting tasks one worker of some takes at once: one, or a part that takes little time
    /// and leaves enough to the others.
    fn at_once(&self, waiting: usize, threads: usize) -> usize {
        let short = match self.last.load(Ordering::Relaxed) {
            0 => 1,
            last => usize::try_from(AT_ONCE_NANOS / last).unwrap_or(usize::MAX),
        };
        short.min(waiting / (2 * threads.max(1))).max(1)
    }
}

impl State {
    fn push(&mut self, tasks: VecDeque<Task>) {
        let least = self.queries.iter().map(|query| query.time.had()).min().unwrap_or(0);
        let time = Arc::new(Time { had: AtomicU64::new(least), last: AtomicU64::new(0) });
        self.queries.push_back(Waiting { tasks, time });
    }

    /// Moves the next tasks of the query that has had the least time to `tasks`; its account, and what they will
    /// likely take.
    fn pop(&mut self, threads: usize, tasks: &mut VecDeque<Task>) -> Option<(Arc<Time>, u64)> {
        let (at, query) = self.queries.iter_mut().enumerate().min_by_key(|(_, query)| query.time.had())?;
        let time = Arc::clone(&query.time);
        let count = time.at_once(query.tasks.len(), threads).min(query.tasks.len());
        tasks.extend(query.tasks.drain(..count));
        if query.tasks.is_empty() {
            self.queries.remove(at);
        }
        let expected = time.begin(count);
        Some((time, expected))
    }
}

impl Pool {
    /// Starts `threads` workers (at least one).
    pub(crate) fn start(threads: usize) -> Result<Self, QueryError> {
        let shared = Arc::new(Shared { state: Mutex::default(), wake: Condvar::new() });
        for i in 0..threads.max(1) {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name(format!("query-{i}"));
            thread
                .spawn(move || work(&shared, threads))
                .map_err(|e| QueryError::Internal(format!("cannot start a query thread: {e}")))?;
        }
        Ok(Self { shared, threads: threads.max(1) })
    }

    /// Number of workers.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Runs the tasks of one query and hands their results back in the order of the tasks. A panic in one is
    /// an error of this query and of nothing else.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        tasks: Vec<Box<dyn FnOnce() -> Result<T, QueryError> + Send>>,
    ) -> Result<Vec<T>, QueryError> {
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        let (sender, receiver) = oneshot::channel();
        let answers = Arc::new(Answers::new(tasks.len(), sender));
        let queue = tasks.into_iter().enumerate().map(|(i, task)| {
            let answers = Arc::clone(&answers);
            Box::new(move || answers.run(i, task)) as Task
        });
        let queue: VecDeque<Task> = queue.collect();
        let count = queue.len();
        self.shared.state.lock().push(queue);
        for _ in 0..count.min(self.threads) {
            self.shared.wake.notify_one();
        }
        drop(answers);
        receiver.await.map_err(|_| QueryError::Internal("the server is stopping".to_owned()))?
    }
}

/// Collects the answers of the tasks of one query; whoever gives the last one, or an error, sends them.
struct Answers<T> {
    state: Mutex<Collected<T>>,
}

struct Collected<T> {
    /// In the order of the tasks.
    answers: Vec<Option<T>>,
    missing: usize,
    /// Gone once they are sent.
    sender: Option<oneshot::Sender<Result<Vec<T>, QueryError>>>,
}

impl<T> Answers<T> {
    fn new(count: usize, sender: oneshot::Sender<Result<Vec<T>, QueryError>>) -> Self {
        let answers = (0..count).map(|_| None).collect();
        Self { state: Mutex::new(Collected { answers, missing: count, sender: Some(sender) }) }
    }

    /// Runs task `i`, unless nobody waits for it any more.
    fn run(&self, i: usize, task: impl FnOnce() -> Result<T, QueryError>) {
        if self.state.lock().sender.as_ref().is_none_or(oneshot::Sender::is_closed) {
            return;
        }
        let answer = guarded(task);
        let mut state = self.state.lock();
        let all = match answer {
            Err(error) => Err(error),
            Ok(answer) => {
                state.answers[i] = Some(answer);
                state.missing -= 1;
                if state.missing > 0 {
                    return;
                }
                Ok(state.answers.drain(..).flatten().collect())
            }
        };
        if let Some(sender) = state.sender.take() {
            // When the query is gone nobody listens.
            let _ = sender.send(all);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.state.lock().stopped = true;
        self.shared.wake.notify_all();
    }
}

/// Runs a task; a panic becomes an error.
pub(crate) fn guarded<T>(task: impl FnOnce() -> Result<T, QueryError>) -> Result<T, QueryError> {
    catch_unwind(AssertUnwindSafe(task)).unwrap_or_else(|payload| {
        let message = panic_message(payload.as_ref());
        tracing::error!(message, "a segment task panicked");
        Err(QueryError::Internal(format!("a segment task failed: {message}")))
    })
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown panic")
}

fn work(shared: &Shared, threads: usize) {
    let mut tasks = VecDeque::new();
    while let Some((time, expected)) = next(shared, threads, &mut tasks) {
        time.run(expected, &mut tasks);
    }
}

/// Waits for tasks, which it puts into `tasks`; `None`: there will be no more.
fn next(shared: &Shared, threads: usize, tasks: &mut VecDeque<Task>) -> Option<(Arc<Time>, u64)> {
    let mut state = shared.state.lock();
    loop {
        if let Some(begun) = state.pop(threads, tasks) {
            return Some(begun);
        }
        if state.stopped {
            return None;
        }
        shared.wake.wait(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    type Boxed = Box<dyn FnOnce() -> Result<usize, QueryError> + Send>;

    #[test]
    fn results_come_in_order_and_a_panic_fails_one_query_only() {
        let pool = Pool::start(3).unwrap();
        let good = || (0..50_usize).map(|i| Box::new(move || Ok(i)) as Boxed).collect::<Vec<_>>();
        let mut bad = good();
        bad[7] = Box::new(|| -> Result<usize, QueryError> { panic!("boom") });
        block_on(async {
            let (a, b) = futures::join!(pool.run(good()), pool.run(bad));
            assert_eq!(a.unwrap(), (0..50).collect::<Vec<_>>());
            assert!(b.unwrap_err().to_string().contains("boom"));
            assert_eq!(pool.run(good()).await.unwrap().len(), 50);
        });
    }

    #[test]
    fn short_tasks_are_taken_many_at_once() {
        let time = |last| Time { had: AtomicU64::new(0), last: AtomicU64::new(last) };
        assert_eq!(time(0).at_once(80, 2), 1);
        assert_eq!(time(5_000).at_once(80, 2), 20);
        assert_eq!(time(20_000).at_once(80, 2), 10);
        assert_eq!(time(5_000).at_once(3, 2), 1);
        assert_eq!(time(5_000_000).at_once(80, 2), 1);
        let mut state = State::default();
        state.push((0..8).map(|_| Box::new(|| {}) as Task).collect());
        state.queries[0].time.last.store(1000, Ordering::Relaxed);
        let (mut taken, mut sizes) = (VecDeque::new(), Vec::new());
        while let Some((time, expected)) = state.pop(2, &mut taken) {
            sizes.push((taken.len(), expected));
            time.run(expected, &mut taken);
            assert!(taken.is_empty());
            time.last.store(1000, Ordering::Relaxed);
        }
        assert_eq!(sizes, [(2, 2000), (1, 1000), (1, 1000), (1, 1000), (1, 1000), (1, 1000), (1, 1000)]);
    }

    #[test]
    fn a_small_query_does_not_wait_for_all_tasks_of_a_large_one() {
        let pool = Pool::start(1).unwrap();
        let finished = Arc::new(AtomicU64::new(0));
        let tasks = |count: usize, ms: u64| -> Vec<Boxed> {
            let task = |_| {
                let finished = Arc::clone(&finished);
                Box::new(move || {
                    std::thread::sleep(std::time::Duration::from_millis(ms));
                    Ok(finished.fetch_add(1, Ordering::Relaxed) as usize)
                }) as Boxed
            };
            (0..count).map(task).collect()
        };
        block_on(async {
            let (large, small) = futures::join!(pool.run(tasks(20, 10)), pool.run(tasks(20, 0)));
            assert_eq!(large.unwrap().len(), 20);
            // All of them ended before the third or so of the large ones.
            assert!(small.unwrap().into_iter().all(|before| before < 30), "{finished:?}");
        });
    }
}
