//! How many threads compute, and how a kernel spreads its tasks over them.
//!
//! The calling thread always takes part, and all claim tasks from one counter. With one thread there
//! are no helpers at all.

mod crew;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crew::Crew;

/// The helpers, when there are any, and the number of threads with the caller among them.
#[derive(Clone)]
struct Threads {
    n: usize,
    crew: Option<Arc<Crew>>,
}

static THREADS: Mutex<Option<Threads>> = Mutex::new(None);

/// Sets how many threads compute from now on, the calling one included (at least 1).
///
/// The first call in a process also bounds the loops of the tensor library itself.
pub fn set_threads(n_threads: usize) {
    let threads = start(n_threads.max(1));
    *THREADS.lock().unwrap_or_else(PoisonError::into_inner) = Some(threads);
}

/// How many threads compute, the calling one included.
///
/// Unless [`set_threads`] said otherwise: the physical cores, less what others keep busy.
#[must_use]
pub fn n_threads() -> usize {
    threads().n
}

/// Runs `task(i)` for every `i` below `n_tasks`, in any order, on all threads.
pub(crate) fn for_each(n_tasks: usize, task: impl Fn(usize) + Sync) {
    for_each_with(n_tasks, || (), |(), i| task(i));
}

/// Like [`for_each`], where every thread that takes part first makes itself a workspace.
pub(crate) fn for_each_with<W>(
    n_tasks: usize,
    workspace: impl Fn() -> W + Sync,
    task: impl Fn(&mut W, usize) + Sync,
) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut claimed = next.fetch_add(1, Ordering::Relaxed);
        if claimed >= n_tasks {
            return;
        }
        let mut own = workspace();
        while claimed < n_tasks {
            task(&mut own, claimed);
            claimed = next.fetch_add(1, Ordering::Relaxed);
        }
    };
    let threads = threads();
    match threads.crew.filter(|_| n_tasks > 1) {
        None => work(),
        Some(crew) => crew.run(n_tasks.min(threads.n) - 1, &work),
    }
}

/// Runs `task(i, chunk)` for every `chunk_len` elements of `out`, on all threads.
pub(crate) fn for_each_chunk<T: Send>(
    out: &mut [T],
    chunk_len: usize,
    task: impl Fn(usize, &mut [T]) + Sync,
) {
    if out.is_empty() {
        return;
    }
    let n_chunks = out.len().div_ceil(chunk_len);
    let chunks = Mutex::new(out.chunks_mut(chunk_len).enumerate());
    for_each(n_chunks, |_| {
        let chunk = chunks.lock().unwrap_or_else(PoisonError::into_inner).next();
        if let Some((i, chunk)) = chunk {
            task(i, chunk);
        }
    });
}

fn threads() -> Threads {
    let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    threads.get_or_insert_with(|| start(n_threads_free())).clone()
}

fn start(n: usize) -> Threads {
    // The tensor library computes what is no kernel of ours in the pool that it shares with everybody.
    // This fails when the pool exists already; then its size was someone else's decision.
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(n)
        .thread_name(|i| format!("tensor-{i}"))
        .build_global();
    if n == 1 {
        return Threads { n: 1, crew: None };
    }
    // A machine that refuses threads still computes, on those that it gave.
    let (crew, n_helpers) = Crew::new(n - 1);
    Threads { n: n_helpers + 1, crew: Some(Arc::new(crew)) }
}

/// Physical cores that this process may use, less the load of the last minute; at least 1.
fn n_threads_free() -> usize {
    let allowed = std::thread::available_parallelism().map_or(1, usize::from);
    let cores = n_physical_cores().map_or(allowed, |n| n.min(allowed));
    let busy = std::fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|line| line.split(' ').next()?.parse::<f64>().ok())
        .map_or(0, |load| load.round() as usize);
    cores.saturating_sub(busy).max(1)
}

/// Cores as Linux lists them, hyper-threads counted once; unknown elsewhere.
fn n_physical_cores() -> Option<usize> {
    let mut siblings = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir("/sys/devices/system/cpu").ok()?.flatten() {
        let list = entry.path().join("topology/thread_siblings_list");
        if let Ok(list) = std::fs::read_to_string(list) {
            siblings.insert(list);
        }
    }
    (!siblings.is_empty()).then_some(siblings.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once_on_any_number_of_threads() {
        for n_threads in [1, 2, 5] {
            assert_eq!(start(n_threads).n, n_threads);
        }
        for n_tasks in [0, 1, 2, 1000] {
            let counts: Vec<AtomicUsize> = (0..n_tasks).map(|_| AtomicUsize::new(0)).collect();
            for_each(n_tasks, |i| {
                counts[i].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn a_crew_helps_many_askers_and_itself() {
        let (crew, n_helpers) = Crew::new(3);
        assert_eq!(n_helpers, 3);
        let n_done = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let left = AtomicUsize::new(10);
                        let claim = || {
                            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                                n.checked_sub(1)
                            })
                        };
                        crew.run(3, &|| {
                            while claim().is_ok() {
                                crew.run(1, &|| {});
                                n_done.fetch_add(1, Ordering::Relaxed);
                            }
                        });
                        assert_eq!(left.load(Ordering::Relaxed), 0);
                    }
                });
            }
        });
        assert_eq!(n_done.load(Ordering::Relaxed), 4 * 200 * 10);
    }

    #[test]
    fn a_panic_of_a_helper_reaches_the_asker() {
        let (crew, _) = Crew::new(1);
        let here = std::thread::current().id();
        let asker_waits = std::sync::Barrier::new(2);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            crew.run(1, &|| {
                asker_waits.wait();
                assert_eq!(std::thread::current().id(), here, "a helper's mistake");
            });
        }));
        assert!(result.is_err());
        crew.run(1, &|| {});
    }
}
