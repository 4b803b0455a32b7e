//! A quadtree of points on a plane, which sums what far points do to one as if they were one. Source: Barnes and Hut, "A
//! hierarchical O(N log N) force-calculation algorithm" (1986).

/// A square with points in it, or one point.
struct Node {
    /// The centre of its points.
    centre: [f32; 2],
    n_points: f32,
    /// Its squared side over the square of the opening angle: from that squared distance on, it counts as one.
    near: f32,
    /// The next node that lies not in this one.
    after: u32,
}

/// Points, sorted by where they are.
pub(super) struct Quadtree {
    /// From the outside in: the parts of a square follow it.
    nodes: Vec<Node>,
}

/// The opening angle: the largest side of a square that counts as one, as a share of its distance.
const ANGLE: f32 = 0.5;
/// Each axis is cut so many times into halves.
const LEVELS: u32 = 20;

impl Quadtree {
    pub(super) fn new(places: &[[f32; 2]]) -> Self {
        let bound = |axis: usize, of: fn(f32, f32) -> f32, from: f32| {
            places.iter().map(|place| place[axis]).fold(from, of)
        };
        let least = [0, 1].map(|axis| bound(axis, f32::min, f32::INFINITY));
        let most = [0, 1].map(|axis| bound(axis, f32::max, f32::NEG_INFINITY));
        let side = (most[0] - least[0]).max(most[1] - least[1]).max(f32::MIN_POSITIVE);
        let cells = (1u32 << LEVELS) as f32;
        let cell = |x: f32, least: f32| ((x - least) / side * cells).clamp(0.0, cells - 1.0) as u64;
        let code = |place: &[f32; 2]| {
            interleaved(cell(place[0], least[0])) | interleaved(cell(place[1], least[1])) << 1
        };
        let mut sorted: Vec<(u64, [f32; 2])> = places.iter().map(|it| (code(it), *it)).collect();
        // Equal codes keep the order of the points.
        sorted.sort_by_key(|(code, _)| *code);
        let mut tree = Self { nodes: Vec::with_capacity(2 * places.len()) };
        tree.add(&sorted, side);
        tree
    }

    /// Adds a node for points that lie in one square, and then its parts.
    fn add(&mut self, points: &[(u64, [f32; 2])], whole_side: f32) {
        let [(first, _), .., (last, _)] = points else {
            if let [(_, centre)] = points {
                let after = self.nodes.len() as u32 + 1;
                self.nodes.push(Node { centre: *centre, n_points: 1.0, near: 0.0, after });
            }
            return;
        };
        let sum = |axis: usize| points.iter().map(|(_, at)| f64::from(at[axis])).sum::<f64>();
        let centre = [0, 1].map(|axis| (sum(axis) / points.len() as f64) as f32);
        let at = self.nodes.len();
        // The smallest square that holds the first and the last holds all.
        let n_bits = 64 - (first ^ last).leading_zeros();
        let level = n_bits.div_ceil(2);
        let side = whole_side * (0.5f32).powi(LEVELS as i32 - level as i32);
        let near = if level == 0 { 0.0 } else { (side / ANGLE) * (side / ANGLE) };
        self.nodes.push(Node { centre, n_points: points.len() as f32, near, after: 0 });
        if level > 0 {
            let quarter = |code: u64| code >> (2 * (level - 1)) & 3;
            let mut rest = points;
            for which in 0..4 {
                let n = rest.partition_point(|(code, _)| quarter(*code) <= which);
                let (part, others) = rest.split_at(n);
                self.add(part, whole_side);
                rest = others;
            }
        }
        self.nodes[at].after = self.nodes.len() as u32;
    }

    /// What all other points do to one that is among them: the sum of `q² (own − other)` and that of `q`, where
    /// `q = 1 / (1 + distance²)`.
    pub(super) fn repulsion(&self, [x, y]: [f32; 2]) -> ([f32; 2], f32) {
        let (mut force, mut sum) = ([0.0f32; 2], 0.0f32);
        let mut i = 0;
        while let Some(node) = self.nodes.get(i) {
            let (dx, dy) = (x - node.centre[0], y - node.centre[1]);
            let square = dx * dx + dy * dy;
            if square >= node.near {
                let q = 1.0 / (1.0 + square);
                sum += node.n_points * q;
                let push = node.n_points * q * q;
                force[0] += push * dx;
                force[1] += push * dy;
                i = node.after as usize;
            } else {
                i += 1;
            }
        }
        // It has met itself, at no distance.
        (force, sum - 1.0)
    }
}

/// Puts a 0 after each of the lowest 32 bits. Source: Warren, "Hacker's Delight", 7-2.
fn interleaved(mut x: u64) -> u64 {
    x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ff;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x << 2) & 0x3333_3333_3333_3333;
    (x | x << 1) & 0x5555_5555_5555_5555
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(places: &[[f32; 2]], tolerance: f64) {
        let tree = Quadtree::new(places);
        let (mut errors, mut sizes) = (0.0, 0.0);
        for (i, at) in places.iter().enumerate() {
            let (mut force, mut sum) = ([0.0f64; 2], 0.0f64);
            for other in places.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, it)| it) {
                let d = [0, 1].map(|axis| f64::from(at[axis] - other[axis]));
                let q = 1.0 / (1.0 + d[0] * d[0] + d[1] * d[1]);
                sum += q;
                force = [force[0] + q * q * d[0], force[1] + q * q * d[1]];
            }
            let (found, found_sum) = tree.repulsion(*at);
            errors += (f64::from(found[0]) - force[0]).hypot(f64::from(found[1]) - force[1]);
            sizes += force[0].hypot(force[1]);
            assert!((f64::from(found_sum) / sum - 1.0).abs() < 2.0 * tolerance);
        }
        assert!(errors <= tolerance * sizes, "{errors} of {sizes}");
    }

    #[test]
    fn far_points_count_as_one_with_little_error() {
        let mut rng = audio::Rng::new(1);
        let mut cloud = |n: usize, size: f32| -> Vec<[f32; 2]> {
            (0..n)
                .map(|i| [(i % 7) as f32 * 3.0 + size * rng.normal(), size * rng.normal()])
                .collect()
        };
        check(&cloud(700, 0.5), 0.02);
        check(&cloud(500, 20.0), 0.02);
        // Points at one place, and on a line.
        let mut same = cloud(50, 1.0);
        same.extend([[1.0, 1.0]; 20]);
        check(&same, 0.02);
        check(&[[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [30.0, 0.0]], 0.02);
        check(&[[5.0, 5.0]; 3], 1e-3);
    }
}
