//! Measures what ratings teach: the recall of what is alike, before and after. No pair that was rated is measured.
//!
//! `cargo bench -p memory --bench learning -- --measure VECTORS` reads what `benches/memory/vectors.py` writes: pieces of
//! recordings, each with its source and its kind. A person who likes what is of the same source and the same kind searches
//! with pieces that are drawn at random, and rates the first five results of each search; what is found follows their
//! ratings so far. Measured is the share of a piece's kin (ten at most) that is among its ten nearest:
//!
//! - in the same searches, without what was rated in them, before and after (the residual collection of Salton and
//!   Buckley, "Improving retrieval performance by relevance feedback", 1990);
//! - in searches with other pieces of the same recordings, none of which was ever rated or searched with: the pieces of
//!   each source are dealt into two halves, by fours, and a person sees the first half alone.
//!
//! Means over some persons, who search for different pieces.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use memory::{PatternId, Rating, Snapshot, Space, SpaceName, Taste};

const N_FOUND: usize = 10;
const N_PERSONS: u64 = 20;
/// Results that are rated of each search.
const RATED: usize = 5;
/// Identifiers of pieces that are never rated begin here.
const HELD_OUT: u64 = 1 << 32;

fn main() {
    // `cargo test` runs benches too, without asking for a measurement.
    let arguments: Vec<String> = std::env::args().collect();
    let Some(at) = arguments.iter().position(|it| it == "--measure") else { return };
    let text = std::fs::read_to_string(&arguments[at + 1]).expect("the file of vectors");
    // How many patterns of a source that follow each other go to the same half.
    let deal = arguments.iter().position(|it| it == "--deal");
    let deal = deal.map_or(4, |at| arguments[at + 1].parse().expect("a number"));
    let halves = halves(&text, deal);
    let folder = tempfile::tempdir().expect("a folder for the test");
    let [rated, held_out] = &halves;
    let spaces = [(rated, "rated", 0), (held_out, "held-out", HELD_OUT)]
        .map(|(pieces, name, first)| space(&folder.path().join(name), pieces, first));
    let snapshots = spaces.each_ref().map(Space::snapshot);
    print(&format!("{} pieces to rate, {} held out", rated.len(), held_out.len()));
    print("ratings  liked  the same searches: before  after   others: before  after");
    let plain = recall(held_out, &snapshots[1], &Taste::default());
    for n_ratings in [10, 25, 50, 100, 200] {
        let (mut before, mut after, mut others, mut n_liked) = (0.0, 0.0, 0.0, 0);
        for person in 0..N_PERSONS {
            let (ratings, searches) = rate(rated, &snapshots[0], n_ratings, person);
            n_liked += ratings.iter().filter(|it| it.is_liked).count();
            let taste = Taste::of(&ratings, &snapshots[0]);
            before += residual(rated, &snapshots[0], &Taste::default(), &searches);
            after += residual(rated, &snapshots[0], &taste, &searches);
            others += recall(held_out, &snapshots[1], &taste);
        }
        let [before, after, others] = [before, after, others].map(|it| it / N_PERSONS as f64);
        let liked = n_liked as f64 / N_PERSONS as f64;
        print(&format!(
            "{n_ratings:7} {liked:6.1} {before:26.3} {after:6.3} {plain:16.3} {others:6.3}"
        ));
    }
}

struct Piece {
    source: String,
    kind: String,
    vector: Vec<f32>,
}

impl Piece {
    fn is_kin(&self, other: &Self) -> bool {
        self.source == other.source && self.kind == other.kind
    }
}

fn halves(text: &str, deal: usize) -> [Vec<Piece>; 2] {
    let mut halves = [vec![], vec![]];
    let mut n_of = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split(' ').map(str::to_owned);
        let [source, kind] =
            [(); 2].map(|()| words.next().expect("a line has a source and a kind"));
        let vector = words.map(|it| it.parse().expect("a number")).collect();
        let n: &mut usize = n_of.entry(source.clone()).or_default();
        halves[*n / deal % 2].push(Piece { source, kind, vector });
        *n += 1;
    }
    halves
}

fn space(folder: &Path, pieces: &[Piece], first: u64) -> Space {
    let dim = pieces[0].vector.len();
    let name = SpaceName { name: "bench".into(), version: 1, dim };
    let mut space = Space::open(folder, &name).expect("the folder is empty");
    let rows: Vec<(u64, &[f32])> =
        (first..).zip(pieces).map(|(id, it)| (id, it.vector.as_slice())).collect();
    space.add(&rows).expect("there is room");
    space
}

/// Searches of a person: a piece, and what was rated of its results.
type Searches = BTreeMap<usize, BTreeSet<usize>>;

/// What a person rates, in their own order, and in which searches.
fn rate(
    pieces: &[Piece],
    snapshot: &Snapshot,
    n_ratings: usize,
    person: u64,
) -> (Vec<Rating>, Searches) {
    let mut state = person + 1000;
    let (mut ratings, mut searches) = (vec![], Searches::new());
    while ratings.len() < n_ratings {
        let own = (random(&mut state) % pieces.len() as u64) as usize;
        if searches.contains_key(&own) {
            continue;
        }
        let query = &pieces[own].vector;
        let taste = Taste::of(&ratings, snapshot);
        let found = taste.find(snapshot, query, RATED + 1, None).expect("the query fits");
        let others = found.iter().map(|it| it.id.0 as usize).filter(|it| *it != own);
        let seen: Vec<usize> = others.take(RATED.min(n_ratings - ratings.len())).collect();
        for item in &seen {
            ratings.push(Rating {
                space: "bench-1".into(),
                query: query.clone(),
                item: PatternId(*item as u64),
                is_liked: pieces[own].is_kin(&pieces[*item]),
            });
        }
        searches.insert(own, seen.into_iter().collect());
    }
    (ratings, searches)
}

/// Recall in searches without what was rated in them.
fn residual(pieces: &[Piece], snapshot: &Snapshot, taste: &Taste, searches: &Searches) -> f64 {
    let (mut sum, mut n) = (0.0, 0);
    for (own, seen) in searches {
        let is_left = |it: &usize| it != own && !seen.contains(it);
        let n_kin =
            (0..pieces.len()).filter(is_left).filter(|it| pieces[*it].is_kin(&pieces[*own]));
        let n_kin = n_kin.count();
        if n_kin == 0 {
            continue;
        }
        let n_asked = N_FOUND + 1 + seen.len();
        let found = taste.find(snapshot, &pieces[*own].vector, n_asked, None).expect("it fits");
        let left = found.iter().map(|it| it.id.0 as usize).filter(is_left).take(N_FOUND);
        let n_right = left.filter(|it| pieces[*it].is_kin(&pieces[*own])).count();
        sum += n_right as f64 / n_kin.min(N_FOUND) as f64;
        n += 1;
    }
    sum / f64::from(n.max(1))
}

fn recall(pieces: &[Piece], snapshot: &Snapshot, taste: &Taste) -> f64 {
    let (mut sum, mut n) = (0.0, 0);
    for (own, piece) in pieces.iter().enumerate() {
        let n_kin = pieces.iter().filter(|it| it.is_kin(piece)).count() - 1;
        if n_kin == 0 {
            continue;
        }
        let found = taste.find(snapshot, &piece.vector, N_FOUND + 1, None).expect("it fits");
        let others = found.iter().map(|it| (it.id.0 - HELD_OUT) as usize).filter(|it| *it != own);
        let n_right = others.take(N_FOUND).filter(|it| pieces[*it].is_kin(piece)).count();
        sum += n_right as f64 / n_kin.min(N_FOUND) as f64;
        n += 1;
    }
    sum / f64::from(n)
}

/// `SplitMix64` by Vigna, public domain.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[expect(clippy::print_stdout, reason = "a bench is read on a terminal")]
fn print(line: &str) {
    println!("{line}");
}
