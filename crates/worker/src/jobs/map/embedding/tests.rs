//! Layouts of clusters and of a curve that is rolled up, against the first two principal components.

use audio::Rng;

use super::{super::neighbours::faithfulness, *};

/// So many clusters of equal size in ten dimensions.
fn clusters(n_clusters: usize, n: usize) -> (Vec<f32>, Vec<usize>) {
    let mut rng = Rng::new(7);
    let centres: Vec<[f32; 10]> =
        (0..n_clusters).map(|_| std::array::from_fn(|_| 4.0 * rng.normal())).collect();
    let which: Vec<usize> = (0..n).map(|i| i % n_clusters).collect();
    let points = which.iter().flat_map(|it| centres[*it].map(|x| x + rng.normal())).collect();
    (points, which)
}

/// The first two principal components.
fn principal(points: &[f32], n_dimensions: usize) -> Vec<[f32; 2]> {
    let space = models::LatentSpace::measured(points, n_dimensions).unwrap();
    let along = |point: &[f32], axis: &[f32]| {
        point.iter().zip(axis).map(|(x, along)| x * along).sum::<f32>()
    };
    let place = |point: &[f32]| [0, 1].map(|i: usize| along(point, &space.directions[i]));
    points.chunks_exact(n_dimensions).map(place).collect()
}

fn embedded(points: &[f32], n_dimensions: usize, n_threads: usize) -> Vec<[f32; 2]> {
    embed(points, n_dimensions, n_threads, &mut |_| true).unwrap()
}

#[test]
fn neighbours_stay_neighbours_more_than_along_principal_directions() {
    let (points, which) = clusters(12, 900);
    let found = embedded(&points, 10, 2);
    let plain = principal(&points, 10);
    let of = |places: &[[f32; 2]]| faithfulness((&points, 10), places, (15, 900), 2);
    let ((kept, trust), (kept_plain, trust_plain)) = (of(&found), of(&plain));
    println!("t-SNE {kept:.3} {trust:.4}, principal {kept_plain:.3} {trust_plain:.4}");
    assert!(trust > 0.95 && trust > trust_plain + 0.03, "{trust} {trust_plain}");
    assert!(kept > 1.5 * kept_plain, "{kept} {kept_plain}");
    // The nearest neighbour on the plane is nearly always of the same cluster.
    let near = Neighbours::found(found.as_flattened(), 2, 1, 1, &mut |_| true).unwrap();
    let same = near.of.iter().zip(&which).filter(|(it, own)| which[**it as usize] == **own);
    assert!(same.count() > 890);
    assert!(found.as_flattened().iter().all(|x| (-1.0..=1.0).contains(x)));
    assert!(found.as_flattened().iter().any(|x| x.abs() > 0.99));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (points, _) = clusters(5, 300);
    let one = embedded(&points, 10, 1);
    for n_threads in [2, 3] {
        assert_eq!(embedded(&points, 10, n_threads), one);
    }
}

#[test]
fn odd_points_have_places_too() {
    let check = |points: &[f32], n_dimensions: usize| {
        let found = embedded(points, n_dimensions, 2);
        assert_eq!(found.len(), points.len() / n_dimensions);
        assert!(found.as_flattened().iter().all(|x| x.is_finite()), "{found:?}");
    };
    check(&[], 3);
    check(&[1.0, 2.0, 3.0], 1);
    check(&[0.5; 100], 1);
    // Much silence, which is one place, and a few others; some of them far away.
    let mut points = vec![0.0; 3 * 200];
    points.extend((0..60).map(|i| i as f32 * 1e6));
    check(&points, 3);
}

#[test]
fn it_ends_when_it_is_told_to() {
    let (points, _) = clusters(3, 60);
    for last in [0, 1, 30] {
        let mut n = 0;
        let ended = embed(&points, 10, 1, &mut |share| {
            assert!((0.0..=1.0).contains(&share));
            n += 1;
            n <= last
        });
        assert_eq!((ended, n), (None, last + 1));
    }
}

#[test]
fn weights_reach_as_many_neighbours_as_they_should() {
    let (points, _) = clusters(4, 400);
    let neighbours = Neighbours::found(&points, 10, 60, 1, &mut |_| true).unwrap();
    let similar = similarities(&neighbours, 20.0);
    let sum: f64 = similar.values.iter().map(|it| f64::from(*it)).sum();
    assert!((sum - 1.0).abs() < 1e-3, "{sum}");
    // Each is as similar to the other as the other to it.
    let value = |a: u32, b: u32| {
        let row = similar.starts[a as usize]..similar.starts[a as usize + 1];
        let at = similar.of[row.clone()].iter().position(|it| *it == b);
        at.map(|at| similar.values[row][at])
    };
    for a in 0..50 {
        let row = similar.starts[a as usize]..similar.starts[a as usize + 1];
        for b in &similar.of[row] {
            assert_eq!(value(a, *b), value(*b, a));
        }
    }
}
