//! What a DQN remembers: steps of play, in the order in which they were played, the oldest forgotten first.
//!
//! Of a screen only the newest frame of each step is kept, in 8 bits; the frames before it are found in the
//! steps before. An episode that was cut off is followed by what it last showed, which nothing was done in.

use games::{Batch, Random};

use super::{network::STACK, state::Fields};

/// A ring of steps.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    capacity: usize,
    /// Bytes of a frame, and frames that are seen at once.
    len: usize,
    stack: usize,
    bytes: Vec<u8>,
    numbers: Vec<f32>,
    marks: Vec<u8>,
    actions: Vec<u8>,
    rewards: Vec<f32>,
    /// Where the next step goes, and how many there are.
    head: usize,
    n: usize,
}

/// The first step of an episode.
const FIRST: u8 = 1;
/// Its last step: it ended with it.
const ENDS: u8 = 2;
/// What an episode that was cut off last showed.
const AFTER: u8 = 4;

/// A step to learn from, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Where it lies.
    pub(crate) at: usize,
    /// The step that was reached, if the episode had not ended before.
    pub(crate) then: Option<usize>,
    /// Discounted rewards on the way.
    pub(crate) reward: f32,
    /// What the value of the step that was reached is multiplied with.
    pub(crate) discount: f32,
}

impl Replay {
    /// For observations as in `batch`, of one game.
    pub(crate) fn new(capacity: usize, batch: &Batch) -> Self {
        let has_numbers = !batch.numbers.is_empty();
        let (len, stack) = match (has_numbers, batch.frames.len()) {
            (true, _) => (batch.numbers.len(), 1),
            (false, 0) => (batch.pictures.len(), 1),
            (false, len) => (len, STACK),
        };
        Self {
            capacity,
            len,
            stack,
            bytes: vec![],
            numbers: vec![],
            marks: vec![],
            actions: vec![],
            rewards: vec![],
            head: 0,
            n: 0,
        }
    }

    pub(crate) fn has_numbers(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// Remembers what was seen before an action, and the action. What came of it follows by
    /// [`Self::set_outcome`].
    pub(crate) fn add(&mut self, batch: &Batch, is_first: bool, action: u8) {
        let newest = if self.stack > 1 { &batch.frames } else { &batch.pictures };
        self.push(newest, &batch.numbers, if is_first { FIRST } else { 0 }, action);
    }

    /// What came of the newest step.
    pub(crate) fn set_outcome(&mut self, batch: &Batch) {
        let newest = (self.head + self.capacity - 1) % self.capacity;
        self.rewards[newest] = batch.rewards[0];
        if batch.terminated[0] {
            self.marks[newest] |= ENDS;
        } else if batch.truncated[0] {
            let last = &batch.last_pictures;
            let frame: Vec<u8> = if self.stack > 1 {
                last.iter().skip(self.stack - 1).step_by(self.stack).copied().collect()
            } else {
                last.clone()
            };
            self.push(&frame, &batch.last_numbers, AFTER, 0);
        }
    }

    fn push(&mut self, bytes: &[u8], numbers: &[f32], mark: u8, action: u8) {
        let (at, len) = (self.head, self.len);
        if at == self.marks.len() {
            if numbers.is_empty() {
                self.bytes.extend_from_slice(bytes);
            }
            self.numbers.extend_from_slice(numbers);
            self.marks.push(mark);
            self.actions.push(action);
            self.rewards.push(0.0);
        } else {
            if numbers.is_empty() {
                self.bytes[at * len..][..len].copy_from_slice(bytes);
            } else {
                self.numbers[at * len..][..len].copy_from_slice(numbers);
            }
            (self.marks[at], self.actions[at], self.rewards[at]) = (mark, action, 0.0);
        }
        self.head = (at + 1) % self.capacity;
        self.n = (self.n + 1).min(self.capacity);
    }

    pub(crate) fn action(&self, at: usize) -> usize {
        usize::from(self.actions[at])
    }

    /// A step drawn at random, and what came of it within `n_steps` steps.
    pub(crate) fn draw(&self, n_steps: usize, gamma: f32, random: &mut Random) -> Option<Sample> {
        (0..1_000).find_map(|_| {
            let age = random.below(self.n as u32) as usize;
            self.sample((self.head + self.capacity - 1 - age) % self.capacity, n_steps, gamma)
        })
    }

    /// `None` where nothing was done, or too little came after, or frames before it were forgotten.
    fn sample(&self, at: usize, n_steps: usize, gamma: f32) -> Option<Sample> {
        if self.marks[at] & AFTER != 0 || !self.has_frames(at) {
            return None;
        }
        let (mut reward, mut discount, mut place) = (0.0, 1.0, at);
        for _ in 0..n_steps {
            if self.marks[place] & AFTER != 0 {
                break;
            }
            reward += discount * self.rewards[place];
            discount *= gamma;
            if self.marks[place] & ENDS != 0 {
                return Some(Sample { at, then: None, reward, discount });
            }
            place = (place + 1) % self.capacity;
            if place == self.head {
                return None;
            }
        }
        Some(Sample { at, then: Some(place), reward, discount })
    }

    /// How many steps came before, up to what is seen at once, and whether the ring still holds them.
    fn has_frames(&self, at: usize) -> bool {
        let mut place = at;
        for _ in 1..self.stack {
            if self.marks[place] & FIRST != 0 {
                return true;
            }
            if place == self.oldest() {
                return false;
            }
            place = (place + self.capacity - 1) % self.capacity;
        }
        true
    }

    fn oldest(&self) -> usize {
        if self.n < self.capacity { 0 } else { self.head }
    }

    pub(crate) fn numbers(&self, at: usize) -> &[f32] {
        &self.numbers[at * self.len..][..self.len]
    }

    /// Writes what was seen in a step, `[row][column][frame]` of a screen.
    pub(crate) fn pictures(&self, at: usize, to: &mut [u8]) {
        if self.stack == 1 {
            to.copy_from_slice(&self.bytes[at * self.len..][..self.len]);
            return;
        }
        let mut place = at;
        let mut is_before = false;
        for frame in (0..self.stack).rev() {
            let to = to.iter_mut().skip(frame).step_by(self.stack);
            if is_before {
                to.for_each(|to| *to = 0);
                continue;
            }
            let from = &self.bytes[place * self.len..][..self.len];
            to.zip(from).for_each(|(to, from)| *to = *from);
            is_before = self.marks[place] & FIRST != 0 || place == self.oldest();
            place = (place + self.capacity - 1) % self.capacity;
        }
    }

    pub(crate) fn fields(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        fields.bytes("replay.frames", &mut self.bytes)?;
        fields.numbers("replay.numbers", &mut self.numbers)?;
        fields.bytes("replay.marks", &mut self.marks)?;
        fields.bytes("replay.actions", &mut self.actions)?;
        fields.numbers("replay.rewards", &mut self.rewards)?;
        let (mut head, mut n) = (self.head as u64, self.n as u64);
        fields.whole("replay.head", &mut head)?;
        fields.whole("replay.n", &mut n)?;
        (self.head, self.n) = (head as usize, n as usize);
        let n = self.marks.len();
        let has_whole_rows = self.bytes.len() + self.numbers.len() == n * self.len;
        let is_consistent = has_whole_rows && self.actions.len() == n && self.rewards.len() == n;
        if is_consistent && self.n <= n && n <= self.capacity && self.head <= n {
            Ok(())
        } else {
            Err("whole replay memory".into())
        }
    }
}

#[cfg(test)]
mod tests;
