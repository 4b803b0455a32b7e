//! Codes written step by step, in windows where there are more than the network can see at once.

use std::ops::ControlFlow;

use super::decoder::Row;
use super::pattern::Pattern;
use super::sampling::{Choice, guided};
use super::{Conditions, MusicGen};
use crate::words::Step;

/// Seconds that the network was trained to see. Source: Copet et al., "Simple and Controllable Music Generation", 2023,
/// section 3.1.
const SEEN_SECS: f64 = 30.0;
/// Seconds of a window that are new where one follows another: as the original program has it.
const NEW_SECS: f64 = 18.0;

/// A part of the frames that is written at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Its first frame in the whole.
    pub(super) start: usize,
    /// Its first frames that are there already.
    pub(super) n_given: usize,
    /// Its frames, those among them.
    pub(super) n_frames: usize,
}

/// How the frames that follow `n_given` are divided into windows.
pub(super) fn windows(n_given: usize, n_frames: usize, frame_rate: f64) -> Vec<Window> {
    let seen = (SEEN_SECS * frame_rate).round().max(2.0) as usize;
    let kept = ((SEEN_SECS - NEW_SECS) * frame_rate).round() as usize;
    let mut windows = vec![];
    let mut done = n_given;
    while done < n_frames {
        let is_short = windows.is_empty() && done < seen;
        let given = if is_short { done } else { done.min(kept) };
        let new = (n_frames - done).min(seen - given);
        windows.push(Window { start: done - given, n_given: given, n_frames: given + new });
        done += new;
    }
    windows
}

impl MusicGen {
    /// Steps that write the frames which follow `n_given`.
    pub(super) fn n_steps(&self, n_given: usize, n_frames: usize) -> usize {
        let late = self.config.decoder.books_of_channel();
        let windows = windows(n_given, n_frames, self.config.frame_rate());
        windows.iter().map(|it| Pattern::n_steps(it.n_frames, it.n_given, late)).sum()
    }

    /// Goes on from frames of codes, one code a book, up to `n_frames`; nothing if `watch` ends it.
    pub(super) fn write(
        &self,
        mut frames: Vec<Vec<u32>>,
        n_frames: usize,
        conditions: &Conditions,
        choice: &mut Choice,
        watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Option<Vec<Vec<u32>>> {
        let of = self.n_steps(frames.len(), n_frames);
        let windows = windows(frames.len(), n_frames, self.config.frame_rate());
        let late = self.config.decoder.books_of_channel();
        let mut done = 0;
        for window in &windows {
            let given = &frames[window.start..][..window.n_given];
            let mut watched = |step| watch(Step { done: done + step, of });
            let written = self.write_window(window, given, conditions, choice, &mut watched)?;
            frames.truncate(window.start);
            frames.extend(written);
            done += Pattern::n_steps(window.n_frames, window.n_given, late);
        }
        Some(frames)
    }

    fn write_window(
        &self,
        window: &Window,
        given: &[Vec<u32>],
        conditions: &Conditions,
        choice: &mut Choice,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Option<Vec<Vec<u32>>> {
        let decoder = &self.config.decoder;
        let (n_books, n_channels) = (decoder.num_codebooks, decoder.audio_channels);
        let pad = decoder.pad() as u32;
        let mut pattern = Pattern::new(given, window.n_frames, n_books, n_channels, pad);
        let n_steps = Pattern::n_steps(window.n_frames, window.n_given, decoder.books_of_channel());
        let mut rows: Vec<Row> = vec![];
        let mut shown: Vec<Vec<f32>> = vec![];
        let start = pattern.start();
        let first = start.end() + 1;
        for step in 0..n_steps {
            if watch(step).is_break() {
                return None;
            }
            let position = first + step;
            if step == 0 {
                let codes: Vec<f32> =
                    start.clone().flat_map(|at| self.decoder.embed(&pattern.shown(at))).collect();
                for (before, prompt) in self.conditioned(conditions, window) {
                    let n = before.len() / decoder.hidden_size + first + n_steps;
                    rows.push(self.decoder.row(prompt, n));
                    shown.push([&before[..], &codes].concat());
                }
            } else {
                let frame = self.decoder.embed(&pattern.shown(position - 1));
                shown.fill(frame);
            }
            let logits = self.decoder.run(&mut rows, &shown);
            let logits = guided(&logits, &conditions.shares, conditions.guidance);
            for book in pattern.open_books(position) {
                let codes = &logits[book * decoder.vocab_size..][..decoder.vocab_size];
                pattern.choose(position, book, choice.code(codes));
            }
        }
        Some(pattern.into_frames())
    }

    /// What stands before the codes of each row, `[frames][hidden]`, and the prompt that it attends to.
    pub(super) fn conditioned<'a>(
        &self,
        conditions: &'a Conditions,
        window: &Window,
    ) -> Vec<(Vec<f32>, Option<&'a [f32]>)> {
        let Some(melody) = &self.melody else {
            return conditions.prompts.iter().map(|it| (vec![], it.as_deref())).collect();
        };
        let hidden = self.config.decoder.hidden_size;
        let offset_secs = window.start as f64 / self.config.frame_rate();
        let n_prompted = conditions.shares.len();
        let zeros = vec![0.0; conditions.n_tokens * hidden];
        let row = |(i, prompt): (usize, &'a Option<Vec<f32>>)| {
            let followed = conditions.melody.as_deref().filter(|_| i < n_prompted);
            let offset = (offset_secs * super::melody::frame_rate(self.config.codec.sampling_rate))
                .round() as usize;
            let mut before = melody.frames(followed.unwrap_or(&[]), offset);
            before.extend(prompt.as_deref().unwrap_or(&zeros));
            (before, None)
        };
        conditions.prompts.iter().enumerate().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_all_frames_and_overlap() {
        let check = |n_given, n_frames, expected: &[[usize; 3]]| {
            let found: Vec<[usize; 3]> = windows(n_given, n_frames, 50.0)
                .iter()
                .map(|it| [it.start, it.n_given, it.n_frames])
                .collect();
            assert_eq!(found, expected);
        };
        check(0, 100, &[[0, 0, 100]]);
        check(40, 100, &[[0, 40, 100]]);
        check(0, 1_500, &[[0, 0, 1_500]]);
        check(0, 1_501, &[[0, 0, 1_500], [900, 600, 601]]);
        check(0, 3_000, &[[0, 0, 1_500], [900, 600, 1_500], [1_800, 600, 1_200]]);
        check(1_400, 1_600, &[[0, 1_400, 1_500], [900, 600, 700]]);
        check(2_000, 2_100, &[[1_400, 600, 700]]);
        check(100, 100, &[]);
    }
}
