//! How many threads compute, and how a kernel spreads its tasks over them.
//!
//! The calling thread always takes part and helpers claim tasks from one counter, so a helper that
//! the machine does not schedule costs nothing but its share. Nobody spins: idle helpers sleep. With
//! one thread there are no helpers at all.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The helpers, when there are any, and the number of threads with the caller among them.
#[derive(Clone)]
struct Crew {
    n_threads: usize,
    helpers: Option<Arc<rayon::ThreadPool>>,
}

static CREW: Mutex<Option<Crew>> = Mutex::new(None);

/// Sets how many threads compute from now on, the calling one included (at least 1).
///
/// The first call in a process also bounds the loops of the tensor library itself.
pub fn set_threads(n_threads: usize) {
    let crew = crew_of(n_threads.max(1));
    *CREW.lock().unwrap_or_else(PoisonError::into_inner) = Some(crew);
}

/// How many threads compute, the calling one included.
///
/// Unless [`set_threads`] said otherwise: the physical cores, less what others keep busy.
#[must_use]
pub fn n_threads() -> usize {
    crew().n_threads
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
    let crew = crew();
    match crew.helpers.filter(|_| n_tasks > 1) {
        None => work(),
        Some(pool) => pool.in_place_scope(|scope| {
            for _ in 1..crew.n_threads.min(n_tasks) {
                scope.spawn(|_| work());
            }
            work();
        }),
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

fn crew() -> Crew {
    let mut crew = CREW.lock().unwrap_or_else(PoisonError::into_inner);
    crew.get_or_insert_with(|| crew_of(n_threads_free())).clone()
}

fn crew_of(n_threads: usize) -> Crew {
    // Fails when the pool exists already; then its size was someone else's decision.
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .thread_name(|i| format!("tensor-{i}"))
        .build_global();
    let helpers = (n_threads > 1).then(|| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads - 1)
            .thread_name(|i| format!("kernel-{i}"))
            .build()
    });
    match helpers {
        // A machine that refuses more threads still computes, on the one it has.
        None | Some(Err(_)) => Crew { n_threads: 1, helpers: None },
        Some(Ok(pool)) => Crew { n_threads, helpers: Some(Arc::new(pool)) },
    }
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
            let crew = crew_of(n_threads);
            assert_eq!(crew.n_threads, n_threads);
        }
        for n_tasks in [0, 1, 2, 1000] {
            let counts: Vec<AtomicUsize> = (0..n_tasks).map(|_| AtomicUsize::new(0)).collect();
            for_each(n_tasks, |i| {
                counts[i].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        }
    }
}
