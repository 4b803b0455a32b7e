//! Layers made of rows of layers that see the same frames, some of them late.

use super::elements::TransferState;
use super::{Branch, Layer, Node, Outlet, Packer, Play, Row, row, run};
use crate::kernels::elementwise;

/// Frames on their way into a row, some of them kept for later blocks.
#[derive(Debug)]
struct Late {
    frames: Vec<f32>,
    /// How many numbers come late.
    delay: usize,
}

impl Late {
    fn new(delay: usize, inlet: Outlet) -> Self {
        let delay = delay * inlet.channels;
        Self { frames: vec![0.0; delay + inlet.channels * inlet.max_frames], delay }
    }

    /// Puts frames in; as many are then at the start.
    fn take(&mut self, x: &[f32]) {
        self.frames[self.delay..self.delay + x.len()].copy_from_slice(x);
    }

    /// Keeps what is not at the start, after `n` numbers were taken.
    fn keep(&mut self, n: usize) {
        self.frames.copy_within(n..n + self.delay, 0);
    }

    fn reset(&mut self) {
        self.frames.fill(0.0);
    }
}

/// Layers around which the input goes.
#[derive(Debug)]
pub(super) struct Residual {
    around: Late,
    nodes: Row,
}

impl Residual {
    pub(super) fn new(
        delay: usize,
        layers: &[Layer],
        inlet: Outlet,
        weights: &mut Packer,
    ) -> (Self, Outlet) {
        let (nodes, outlet) = row(layers, inlet, weights);
        assert_eq!(outlet.channels, inlet.channels, "channels around layers");
        (Self { around: Late::new(delay, inlet), nodes }, outlet)
    }
}

impl Node for Residual {
    fn run<'a>(&'a mut self, x: &'a mut [f32], play: &mut Play<'_>) -> &'a mut [f32] {
        self.around.take(x);
        let out = run(&mut self.nodes, x, play);
        elementwise::add(out, &self.around.frames[..out.len()]);
        self.around.keep(out.len());
        out
    }

    fn reset(&mut self) {
        self.around.reset();
        self.nodes.iter_mut().for_each(|node| node.reset());
    }

    fn for_each_transfer(&mut self, visit: &mut dyn FnMut(&mut TransferState)) {
        self.nodes.iter_mut().for_each(|node| node.for_each_transfer(visit));
    }
}

/// Branches whose outputs become one.
#[derive(Debug)]
pub(super) struct Joined {
    branches: Vec<BranchState>,
    by: By,
    out: Vec<f32>,
}

#[derive(Clone, Copy, Debug)]
enum By {
    Sum,
    Product,
}

#[derive(Debug)]
struct BranchState {
    input: Late,
    nodes: Row,
    channels: usize,
}

impl Joined {
    pub(super) fn sum(branches: &[Branch], inlet: Outlet, weights: &mut Packer) -> (Self, Outlet) {
        Self::new(branches, By::Sum, inlet, weights)
    }

    pub(super) fn product(
        branches: &[Branch],
        inlet: Outlet,
        weights: &mut Packer,
    ) -> (Self, Outlet) {
        Self::new(branches, By::Product, inlet, weights)
    }

    fn new(branches: &[Branch], by: By, inlet: Outlet, weights: &mut Packer) -> (Self, Outlet) {
        let (mut states, mut joined) = (vec![], None::<Outlet>);
        for Branch { delay, layers } in branches {
            let late = inlet.delay + *delay as f64 * inlet.frames_in;
            let (nodes, outlet) = row(layers, Outlet { delay: late, ..inlet }, weights);
            let joined = joined.get_or_insert(outlet);
            let is_one = matches!(by, By::Product) && outlet.channels == 1;
            assert!(outlet.channels == joined.channels || is_one, "channels of branches");
            assert!(outlet.frames_in == joined.frames_in, "frames of branches");
            joined.delay = joined.delay.max(outlet.delay);
            joined.max_frames = joined.max_frames.max(outlet.max_frames);
            let channels = outlet.channels;
            states.push(BranchState { input: Late::new(*delay, inlet), nodes, channels });
        }
        let outlet = joined.expect("there is a branch");
        let out = vec![0.0; outlet.channels * outlet.max_frames];
        (Self { branches: states, by, out }, outlet)
    }
}

impl Node for Joined {
    fn run<'a>(&'a mut self, x: &'a mut [f32], play: &mut Play<'_>) -> &'a mut [f32] {
        let mut n_out = 0;
        let channels = self.branches[0].channels;
        for (i, branch) in self.branches.iter_mut().enumerate() {
            branch.input.take(x);
            let y = run(&mut branch.nodes, &mut branch.input.frames[..x.len()], play);
            if i == 0 {
                n_out = y.len();
                self.out[..n_out].copy_from_slice(y);
            } else {
                assert_eq!(n_out * branch.channels, y.len() * channels, "branches in step");
                let out = &mut self.out[..n_out];
                match self.by {
                    By::Sum => elementwise::add(out, y),
                    By::Product if branch.channels < channels => {
                        for (frame, y) in out.chunks_exact_mut(channels).zip(y) {
                            frame.iter_mut().for_each(|x| *x *= *y);
                        }
                    }
                    By::Product => out.iter_mut().zip(y).for_each(|(x, y)| *x *= *y),
                }
            }
            branch.input.keep(x.len());
        }
        &mut self.out[..n_out]
    }

    fn reset(&mut self) {
        for branch in &mut self.branches {
            branch.input.reset();
            branch.nodes.iter_mut().for_each(|node| node.reset());
        }
    }

    fn for_each_transfer(&mut self, visit: &mut dyn FnMut(&mut TransferState)) {
        let nodes = self.branches.iter_mut().flat_map(|branch| &mut branch.nodes);
        nodes.for_each(|node| node.for_each_transfer(visit));
    }
}
