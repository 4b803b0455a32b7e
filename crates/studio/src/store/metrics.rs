//! Metrics: the curves of runs. New points wait row by row in a tail; every [`CHUNK`] rows they are
//! packed into one chunk for each metric.
//!
//! A chunk keeps its least and largest value beside the packed points, so that a curve of a million
//! points is thinned from two thousand small rows. Packed: steps as varints of their differences,
//! values as `f32` where every one is exactly that, else as `f64`; 5 to 9 bytes a point.

use std::collections::BTreeMap;

use api::{Curve, Id, Metrics};
use rusqlite::{Connection, params};

use super::{from_json, int, to_json, uint};
use crate::Error;

pub(super) const MIGRATIONS: &[(&str, &str)] = &[(
    "metrics-1",
    "CREATE TABLE metric_tail (
        job  TEXT NOT NULL,
        seq  INTEGER NOT NULL,
        step INTEGER NOT NULL,
        vals TEXT NOT NULL,
        PRIMARY KEY (job, seq)
    ) WITHOUT ROWID;
    CREATE TABLE metric_chunks (
        number       INTEGER PRIMARY KEY,
        job          TEXT NOT NULL,
        metric       TEXT NOT NULL,
        first_step   INTEGER NOT NULL,
        last_step    INTEGER NOT NULL,
        n            INTEGER NOT NULL,
        least_step   INTEGER NOT NULL,
        least        REAL NOT NULL,
        largest_step INTEGER NOT NULL,
        largest      REAL NOT NULL,
        body         BLOB NOT NULL
    );
    CREATE INDEX metric_chunks_by_metric ON metric_chunks (job, metric, first_step);",
)];

/// Rows of the tail that are packed together.
const CHUNK: usize = 512;

/// One point of a curve: step and value.
type Point = (u64, f64);

/// Adds numbers measured at a step.
pub(crate) fn add(
    connection: &Connection,
    job: &Id,
    seq: u64,
    metrics: &Metrics,
) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO metric_tail VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![
        job.as_str(),
        int(seq),
        int(metrics.step),
        to_json(&metrics.values)
    ])?;
    Ok(())
}

/// Packs the tail of a job once it is long enough. Called once for every batch of events.
pub(crate) fn pack(connection: &Connection, job: &Id) -> Result<(), Error> {
    let sql = "SELECT count(*) FROM metric_tail WHERE job = ?1";
    let mut count = connection.prepare_cached(sql)?;
    while count.query_row([job.as_str()], |row| uint(row, 0))? >= CHUNK as u64 {
        let (last_seq, curves) = tail(connection, job, CHUNK)?;
        for (metric, points) in curves {
            save_chunk(connection, job, &metric, &points)?;
        }
        connection
            .prepare_cached("DELETE FROM metric_tail WHERE job = ?1 AND seq <= ?2")?
            .execute(params![job.as_str(), int(last_seq)])?;
    }
    Ok(())
}

/// Forgets points after a step: the run went on from there and will measure them again.
pub(crate) fn rewind(connection: &Connection, job: &Id, step: u64) -> Result<(), Error> {
    let values = params![job.as_str(), int(step)];
    connection.execute("DELETE FROM metric_tail WHERE job = ?1 AND step > ?2", values)?;
    let sql = "DELETE FROM metric_chunks WHERE job = ?1 AND last_step > ?2
               RETURNING metric, first_step, body";
    let mut cut = Vec::new();
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        if uint(row, 1)? <= step {
            cut.push((row.get::<_, String>(0)?, unpacked(&row.get::<_, Vec<u8>>(2)?)));
        }
    }
    for (metric, mut points) in cut {
        points.retain(|point| point.0 <= step);
        save_chunk(connection, job, &metric, &points)?;
    }
    Ok(())
}

/// The names of all metrics of a job.
pub(crate) fn names(connection: &Connection, job: &Id) -> Result<Vec<String>, Error> {
    let sql = "SELECT DISTINCT metric FROM metric_chunks WHERE job = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([job.as_str()], |row| row.get(0))?;
    let mut names: Vec<String> = rows.collect::<rusqlite::Result<_>>()?;
    names.extend(tail(connection, job, usize::MAX)?.1.into_keys());
    names.sort();
    names.dedup();
    Ok(names)
}

/// Curves of the named metrics, each with at most `n_points` points (and at least 4).
pub(crate) fn curves(
    connection: &Connection,
    job: &Id,
    names: &[String],
    n_points: usize,
) -> Result<Vec<Curve>, Error> {
    let (_, mut tail) = tail(connection, job, usize::MAX)?;
    let curve = |name: &String| {
        let tail = tail.remove(name).unwrap_or_default();
        curve(connection, job, name, tail, n_points.max(4))
    };
    names.iter().map(curve).collect()
}

fn curve(
    connection: &Connection,
    job: &Id,
    name: &str,
    tail: Vec<Point>,
    n_points: usize,
) -> Result<Curve, Error> {
    let n_packed = count_packed(connection, job, name)?;
    let n_all = n_packed + tail.len() as u64;
    // From the summaries there are two points for each chunk; that must be enough to choose from.
    let are_summaries_enough = n_packed / (CHUNK as u64) * 2 >= 2 * n_points as u64;
    let mut points = if are_summaries_enough {
        summaries(connection, job, name)?
    } else {
        all_packed(connection, job, name)?
    };
    points.extend(tail);
    make_rising(&mut points);
    let (steps, values) = thinned(&points, n_points).into_iter().unzip();
    Ok(Curve { name: name.to_owned(), steps, values, n_points: n_all })
}

fn count_packed(connection: &Connection, job: &Id, metric: &str) -> Result<u64, Error> {
    let sql = "SELECT coalesce(sum(n), 0) FROM metric_chunks WHERE job = ?1 AND metric = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row(params![job.as_str(), metric], |row| uint(row, 0))?)
}

fn all_packed(connection: &Connection, job: &Id, metric: &str) -> Result<Vec<Point>, Error> {
    let sql = "SELECT body FROM metric_chunks WHERE job = ?1 AND metric = ?2
               ORDER BY first_step, number";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![job.as_str(), metric])?;
    let mut points = Vec::new();
    while let Some(row) = rows.next()? {
        let body = row.get_ref(0)?.as_blob().map_err(|error| super::conversion(0, error))?;
        points.extend(unpacked(body));
    }
    Ok(points)
}

/// Least and largest point of every chunk, with all points of the first and the last chunk so that
/// the curve begins and ends where it does.
fn summaries(connection: &Connection, job: &Id, metric: &str) -> Result<Vec<Point>, Error> {
    let sql = "SELECT least_step, least, largest_step, largest, number FROM metric_chunks
               WHERE job = ?1 AND metric = ?2 ORDER BY first_step, number";
    let mut statement = connection.prepare_cached(sql)?;
    let chunks = statement
        .query_map(params![job.as_str(), metric], |row| {
            let least: Point = (uint(row, 0)?, row.get(1)?);
            let largest: Point = (uint(row, 2)?, row.get(3)?);
            let (first, second) =
                if least.0 <= largest.0 { (least, largest) } else { (largest, least) };
            Ok(([first, second], row.get::<_, i64>(4)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut points = Vec::with_capacity(chunks.len() * 2 + 2 * CHUNK);
    for (i, (two, number)) in chunks.iter().enumerate() {
        if i == 0 || i + 1 == chunks.len() {
            let sql = "SELECT body FROM metric_chunks WHERE number = ?1";
            let body: Vec<u8> = connection.query_row(sql, [number], |row| row.get(0))?;
            points.extend(unpacked(&body));
        } else {
            points.extend(two);
        }
    }
    Ok(points)
}

/// The oldest rows of the tail as curves, and the number of the last of them.
fn tail(
    connection: &Connection,
    job: &Id,
    n_rows: usize,
) -> Result<(u64, BTreeMap<String, Vec<Point>>), Error> {
    let sql = "SELECT seq, step, vals FROM metric_tail WHERE job = ?1 ORDER BY seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![job.as_str(), int(n_rows as u64)])?;
    let (mut last_seq, mut curves) = (0, BTreeMap::<String, Vec<Point>>::new());
    while let Some(row) = rows.next()? {
        last_seq = uint(row, 0)?;
        let step = uint(row, 1)?;
        for (name, value) in from_json::<BTreeMap<String, f64>>(row, 2)? {
            match curves.get_mut(&name) {
                Some(points) => points.push((step, value)),
                None => drop(curves.insert(name, vec![(step, value)])),
            }
        }
    }
    Ok((last_seq, curves))
}

fn save_chunk(
    connection: &Connection,
    job: &Id,
    metric: &str,
    points: &[Point],
) -> Result<(), Error> {
    let by_value = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
    let least = points.iter().min_by(by_value);
    let largest = points.iter().max_by(by_value);
    let (Some(least), Some(largest)) = (least, largest) else { return Ok(()) };
    let first_step = points.iter().map(|point| point.0).min().unwrap_or(0);
    let last_step = points.iter().map(|point| point.0).max().unwrap_or(0);
    let sql = "INSERT INTO metric_chunks (job, metric, first_step, last_step, n,
                   least_step, least, largest_step, largest, body)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    connection.prepare_cached(sql)?.execute(params![
        job.as_str(),
        metric,
        int(first_step),
        int(last_step),
        int(points.len() as u64),
        int(least.0),
        least.1,
        int(largest.0),
        largest.1,
        packed(points),
    ])?;
    Ok(())
}

/// Steps must rise on a screen. They do, unless a worker of another make repeats some: then the
/// newest value of a step counts.
fn make_rising(points: &mut Vec<Point>) {
    if points.is_sorted_by(|a, b| a.0 < b.0) {
        return;
    }
    points.reverse();
    points.sort_by_key(|point| point.0);
    points.dedup_by_key(|point| point.0);
}

/// First and last point, and least and largest of each bucket between: peaks stay.
fn thinned(points: &[Point], n_points: usize) -> Vec<Point> {
    let [first, inner @ .., last] = points else { return points.to_vec() };
    if points.len() <= n_points {
        return points.to_vec();
    }
    let n_buckets = ((n_points - 2) / 2).max(1);
    let mut thin = Vec::with_capacity(n_points);
    thin.push(*first);
    for i in 0..n_buckets {
        let bucket = &inner[i * inner.len() / n_buckets..(i + 1) * inner.len() / n_buckets];
        let by_value = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
        let least = bucket.iter().min_by(by_value);
        let largest = bucket.iter().max_by(by_value);
        let (Some(least), Some(largest)) = (least, largest) else { continue };
        match least.0.cmp(&largest.0) {
            std::cmp::Ordering::Less => thin.extend([*least, *largest]),
            std::cmp::Ordering::Equal => thin.push(*least),
            std::cmp::Ordering::Greater => thin.extend([*largest, *least]),
        }
    }
    thin.push(*last);
    thin
}

/// Format byte of values that are all exactly `f32`.
const SINGLE: u8 = 1;
/// Format byte of values that are `f64`.
const DOUBLE: u8 = 2;

fn packed(points: &[Point]) -> Vec<u8> {
    let is_single = points.iter().all(|point| f64::from(point.1 as f32) == point.1);
    let mut bytes = vec![if is_single { SINGLE } else { DOUBLE }];
    let mut before = 0_u64;
    for (step, _) in points {
        let mut rest = zigzag(step.wrapping_sub(before).cast_signed());
        before = *step;
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    for (_, value) in points {
        if is_single {
            bytes.extend((*value as f32).to_le_bytes());
        } else {
            bytes.extend(value.to_le_bytes());
        }
    }
    // The number of points goes last, where adding it needs no second pass.
    bytes.extend((points.len() as u32).to_le_bytes());
    bytes
}

/// The inverse of [`packed`]; bytes that are none give no points.
fn unpacked(bytes: &[u8]) -> Vec<Point> {
    try_unpacked(bytes).unwrap_or_default()
}

fn try_unpacked(bytes: &[u8]) -> Option<Vec<Point>> {
    let (rest, n) = bytes.split_last_chunk::<4>()?;
    let n = u32::from_le_bytes(*n) as usize;
    let (&format, rest) = rest.split_first()?;
    let width = if format == SINGLE { 4 } else { 8 };
    let (steps, values) = rest.split_at_checked(rest.len().checked_sub(n.checked_mul(width)?)?)?;
    let mut steps = steps.iter();
    let mut before = 0_u64;
    let mut points = Vec::with_capacity(n);
    for value in values.chunks_exact(width) {
        let mut difference = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *steps.next()?;
            difference |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        before = before.wrapping_add(unzigzag(difference).cast_unsigned());
        let value = match value {
            [a, b, c, d] => f64::from(f32::from_le_bytes([*a, *b, *c, *d])),
            wide => f64::from_le_bytes(wide.try_into().ok()?),
        };
        points.push((before, value));
    }
    Some(points)
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;
    use crate::store::{Store, Trust};

    proptest! {
        #[test]
        fn packing_keeps_every_point(points in prop::collection::vec((any::<u64>(), -1e9..1e9_f64), 0..600)) {
            prop_assert_eq!(unpacked(&packed(&points)), points.clone());
            let single: Vec<Point> = points.iter().map(|p| (p.0, f64::from(p.1 as f32))).collect();
            prop_assert_eq!(unpacked(&packed(&single)), single);
        }

        #[test]
        fn bytes_from_anywhere_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            assert!(unpacked(&bytes).len() <= bytes.len());
        }

        #[test]
        fn thinning_keeps_ends_and_peaks(n in 0..5000_usize, n_points in 4..600_usize, peak in any::<usize>()) {
            let mut points: Vec<Point> = (0..n as u64).map(|i| (i, (i % 17) as f64)).collect();
            if n > 0 {
                points[peak % n].1 = 1e6;
            }
            let thin = thinned(&points, n_points);
            prop_assert!(thin.len() <= n_points && thin.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert_eq!((thin.first(), thin.last()), (points.first(), points.last()));
            prop_assert_eq!(thin.iter().any(|point| point.1 == 1e6), n > 0);
        }
    }

    fn metrics(step: u64, values: &[(&str, f64)]) -> Metrics {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        Metrics { step, values }
    }

    fn with_store<R>(act: impl FnOnce(&Connection, &Id) -> Result<R, Error>) -> R {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("maquette.db"), Trust::Closed, 0).unwrap();
        let job = Id::from_name("run", 1);
        store.write(|tx| act(tx, &job), |result| result).unwrap()
    }

    #[test]
    fn rewinding_forgets_what_will_come_again() {
        let check = |n_before: u64, from_step: u64| {
            with_store(|connection, job| {
                for i in 1..=n_before {
                    add(connection, job, i, &metrics(i * 10, &[("loss", i as f64)]))?;
                }
                pack(connection, job)?;
                rewind(connection, job, from_step * 10)?;
                for i in from_step + 1..=from_step + 3 {
                    add(connection, job, n_before + i, &metrics(i * 10, &[("loss", -1.0)]))?;
                }
                let all = curves(connection, job, &["loss".to_owned()], 100_000)?;
                let steps: Vec<u64> = (1..=from_step + 3).map(|i| i * 10).collect();
                let values: Vec<f64> = (1..=from_step).map(|i| i as f64).collect();
                assert_eq!(all[0].steps, steps, "{n_before} {from_step}");
                assert_eq!(all[0].values, [values, vec![-1.0; 3]].concat());
                assert_eq!(all[0].n_points, from_step + 3);
                assert_eq!(names(connection, job)?, ["loss"]);
                Ok(())
            });
        };
        for (n_before, from_step) in [(5, 3), (5, 5), (600, 550), (600, 512), (600, 100), (1500, 0)]
        {
            check(n_before, from_step);
        }
    }

    #[test]
    fn a_million_points_are_thinned_quickly() {
        with_store(|connection, job| {
            for chunk in 0..1954_u64 {
                let point =
                    |i| (chunk * 512 + i, f64::from(((chunk * 512 + i) as f32 * 0.01).sin()));
                let points: Vec<Point> = (0..512).map(point).collect();
                save_chunk(connection, job, "loss", &points)?;
            }
            add(connection, job, 1, &metrics(2_000_000, &[("loss", 9.0)]))?;
            let began = Instant::now();
            let all = curves(connection, job, &["loss".to_owned()], 1000)?;
            let took = began.elapsed();
            let bytes: i64 =
                connection
                    .query_row("SELECT sum(length(body)) FROM metric_chunks", [], |r| r.get(0))?;
            let per_point = bytes as f64 / 1e6;
            println!(
                "1,000,000 points thinned to {} in {took:?}; {per_point:.2} bytes a point",
                all[0].steps.len()
            );
            assert_eq!(all[0].n_points, 1954 * 512 + 1);
            assert_eq!(all[0].values.last(), Some(&9.0));
            assert!((900..=1000).contains(&all[0].steps.len()));
            assert!(took.as_millis() < 500, "{took:?}");
            Ok(())
        });
    }
}
