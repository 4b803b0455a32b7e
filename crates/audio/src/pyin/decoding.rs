//! The likeliest way through all frames: Viterbi decoding over pitches, each voiced or unvoiced.
//!
//! A pitch moves to near ones only, with a triangle of probabilities, so a frame costs as many steps as there are
//! pitches in reach of each other, not all with all. Ways that no later frame can choose any more are dropped while it
//! goes on, so memory does not grow with the sound once ways have met. In silence they may never meet, so there the
//! likeliest is taken after a while; otherwise the result is exact.

/// How likely a voiced frame is followed by an unvoiced one, and the other way round. Source: librosa, `switch_prob`.
const SWITCH: f64 = 0.01;
/// The logarithm of nothing: that of the least positive number, as in librosa.
const NOTHING: f32 = -708.396_4;
/// A state that came from the likeliest state of all, out of reach.
const FROM_BEST: u8 = u8::MAX;
/// Frames after which it is looked where all ways meet.
const FRAMES_TO_MEET: usize = 4096;
/// Frames after which the likeliest way is taken though others have not met it: 12 minutes of silence.
const FRAMES_MAX: usize = 32_768;

/// The furthest move, an octave a frame: what fits a byte. Only hops above 50 ms would have more.
const FURTHEST: usize = 120;

pub(super) struct Decoder {
    n_pitches: usize,
    /// The furthest move of a pitch, in states.
    reach: usize,
    /// Logarithms of the probabilities of moves from `-reach` to `reach`, not divided by their sum.
    moves: Vec<f32>,
    /// Logarithms of that sum for each pitch: near the ends there are fewer moves.
    sums: Vec<f32>,
    /// Logarithms of the likelihoods of the best ways to each state, voiced and unvoiced, the best of all 0.
    values: [Vec<f32>; 2],
    /// The same, less the sums and with `reach` pitches that cannot be on either side.
    sources: [Vec<f32>; 2],
    best: [Vec<f32>; 2],
    from: [Vec<u8>; 2],
    /// For each frame that is not decided: where each state came from, `[2 * n_pitches]`, and the likeliest state.
    steps: Vec<Step>,
    decided: Vec<Option<u16>>,
    n_frames: usize,
}

struct Step {
    from: Vec<u8>,
    is_other: Vec<bool>,
    best: u16,
}

impl Decoder {
    pub(super) fn new(n_pitches: usize, reach: usize) -> Self {
        let reach = reach.min(FURTHEST).min(n_pitches.saturating_sub(1));
        let weight = |step: isize| 1.0 - step.unsigned_abs() as f64 / (reach + 1) as f64;
        let steps = -(reach as isize)..=reach as isize;
        let sum = |pitch: usize| {
            let within = |step: &isize| {
                usize::try_from(pitch as isize + step).is_ok_and(|to| to < n_pitches)
            };
            steps.clone().filter(within).map(weight).sum::<f64>().ln() as f32
        };
        Self {
            n_pitches,
            reach,
            moves: steps.clone().map(|step| weight(step).ln() as f32).collect(),
            sums: (0..n_pitches).map(sum).collect(),
            values: std::array::from_fn(|_| vec![0.0; n_pitches]),
            sources: std::array::from_fn(|_| vec![f32::NEG_INFINITY; n_pitches + 2 * reach]),
            best: std::array::from_fn(|_| vec![0.0; n_pitches]),
            from: std::array::from_fn(|_| vec![0; n_pitches]),
            steps: vec![],
            decided: vec![],
            n_frames: 0,
        }
    }

    /// Takes the candidates of the next frame, in ascending order, and the probability that it has a pitch.
    pub(super) fn push(&mut self, candidates: &[(u16, f64)], voiced: f64) {
        if self.n_frames > 0 {
            self.step();
        }
        let log = |probability: f64| (probability.max(f64::MIN_POSITIVE).ln() as f32).max(NOTHING);
        let unvoiced = log((1.0 - voiced) / self.n_pitches as f64);
        self.values[1].iter_mut().for_each(|value| *value += unvoiced);
        let mut candidates = candidates.iter().peekable();
        for (pitch, value) in self.values[0].iter_mut().enumerate() {
            let probability = candidates.next_if(|(state, _)| usize::from(*state) == pitch);
            *value += probability.map_or(NOTHING, |(_, probability)| log(*probability));
        }
        // Only differences count; so numbers stay small and exact.
        let most = self.values.iter().flatten().copied().fold(f32::NEG_INFINITY, f32::max);
        self.values.iter_mut().flatten().for_each(|value| *value -= most);
        self.n_frames += 1;
        if self.steps.len() >= FRAMES_TO_MEET && self.steps.len().is_multiple_of(FRAMES_TO_MEET) {
            self.decide_where_all_meet();
        }
    }

    /// Moves all states on by a frame.
    fn step(&mut self) {
        let n = self.n_pitches;
        for kind in 0..2 {
            let inside = &mut self.sources[kind][self.reach..self.reach + n];
            for (source, (value, sum)) in
                inside.iter_mut().zip(self.values[kind].iter().zip(&self.sums))
            {
                *source = value - sum;
            }
            best_moves(
                &self.sources[kind],
                &self.moves,
                &mut self.best[kind],
                &mut self.from[kind],
            );
        }
        let best = self.best_state();
        let from_best = NOTHING + self.value(best);
        let (stay, switch) = ((1.0 - SWITCH).ln() as f32, SWITCH.ln() as f32);
        let (mut from, mut is_other) = (vec![0; 2 * n], vec![false; 2 * n]);
        for kind in 0..2 {
            let cost = |source: usize| if source == kind { stay } else { switch };
            for pitch in 0..n {
                // Of equally likely ways the voiced one is chosen, as the first of librosa's states.
                let ways = [0, 1].map(|source| self.best[source][pitch] + cost(source));
                let source = usize::from(ways[1] > ways[0]);
                let state = kind * n + pitch;
                if from_best > ways[source] {
                    self.values[kind][pitch] = from_best;
                    from[state] = FROM_BEST;
                } else {
                    self.values[kind][pitch] = ways[source];
                    from[state] = self.from[source][pitch];
                    is_other[state] = source != kind;
                }
            }
        }
        self.steps.push(Step { from, is_other, best });
    }

    fn value(&self, state: u16) -> f32 {
        let state = usize::from(state);
        self.values[state / self.n_pitches][state % self.n_pitches]
    }

    /// The likeliest state now; the first of equals.
    fn best_state(&self) -> u16 {
        let mut best = 0;
        for state in 0..2 * self.n_pitches as u16 {
            if self.value(state) > self.value(best) {
                best = state;
            }
        }
        best
    }

    /// The state from which a state came.
    fn source(&self, step: &Step, state: u16) -> u16 {
        let at = usize::from(state);
        if step.from[at] == FROM_BEST {
            return step.best;
        }
        let (kind, pitch) = (at / self.n_pitches, at % self.n_pitches);
        let kind = if step.is_other[at] { 1 - kind } else { kind };
        (kind * self.n_pitches + pitch + usize::from(step.from[at]) - self.reach) as u16
    }

    fn pitch(&self, state: u16) -> Option<u16> {
        (usize::from(state) < self.n_pitches).then_some(state)
    }

    /// Decides the frames before the last one at which the ways to all states of now are in one state.
    fn decide_where_all_meet(&mut self) {
        let mut states: Vec<u16> = (0..2 * self.n_pitches as u16).collect();
        for at in (0..self.steps.len()).rev() {
            states.iter_mut().for_each(|state| *state = self.source(&self.steps[at], *state));
            states.sort_unstable();
            states.dedup();
            if let [state] = states[..] {
                // Frame `at` of those that are not decided is in this state.
                let mut way = self.way_to(state, at);
                way.push(self.pitch(state));
                self.decided.extend(way);
                self.steps.drain(..=at);
                return;
            }
        }
        if self.steps.len() >= FRAMES_MAX {
            let at = self.steps.len() - FRAMES_TO_MEET;
            let way = self.way_to(self.best_state(), self.steps.len());
            self.decided.extend_from_slice(&way[..=at]);
            self.steps.drain(..=at);
        }
    }

    /// The states before a state, from the first step that is kept on, for as many steps.
    fn way_to(&self, mut state: u16, n_steps: usize) -> Vec<Option<u16>> {
        let mut way = Vec::with_capacity(n_steps + 1);
        for step in self.steps[..n_steps].iter().rev() {
            state = self.source(step, state);
            way.push(self.pitch(state));
        }
        way.reverse();
        way
    }

    /// The pitch of each frame, or none where it is unvoiced.
    pub(super) fn finish(mut self) -> Vec<Option<u16>> {
        if self.n_frames == 0 {
            return vec![];
        }
        let last = self.best_state();
        let way = self.way_to(last, self.steps.len());
        self.decided.extend(way);
        self.decided.push(self.pitch(last));
        self.decided
    }
}

/// For each pitch the best sum of a source within reach and its move, and which move it was; the first of equals.
fn best_moves(sources: &[f32], moves: &[f32], best: &mut [f32], from: &mut [u8]) {
    const LANES: usize = 16;
    let n = best.len();
    let mut at = 0;
    while at < n {
        let width = LANES.min(n - at);
        let mut most = [f32::NEG_INFINITY; LANES];
        let mut which = [0u32; LANES];
        for (step, weight) in moves.iter().enumerate() {
            let from = &sources[at + step..];
            if let Some(from) = from.first_chunk::<LANES>() {
                for lane in 0..LANES {
                    let sum = from[lane] + weight;
                    let is_better = sum > most[lane];
                    most[lane] = if is_better { sum } else { most[lane] };
                    which[lane] = if is_better { step as u32 } else { which[lane] };
                }
            } else {
                for (lane, from) in from.iter().take(width).enumerate() {
                    let sum = from + weight;
                    if sum > most[lane] {
                        (most[lane], which[lane]) = (sum, step as u32);
                    }
                }
            }
        }
        best[at..at + width].copy_from_slice(&most[..width]);
        for (from, which) in from[at..at + width].iter_mut().zip(which) {
            *from = which as u8;
        }
        at += width;
    }
}
