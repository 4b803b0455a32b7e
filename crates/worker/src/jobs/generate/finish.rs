//! Finishing the edges of a sound: silence cut off, a loop that closes, fades.

use api::Finish;
use audio::Clip;

/// What is quieter than this, in dB below full scale, is silence at an edge.
const SILENCE_DB: f64 = -60.0;
/// How much of the silence stays, so that an attack keeps its start.
const KEPT_SECS: f64 = 0.005;

/// Does what a recipe asks for at the edges. Parts of a sum stay in step, so from them nothing is cut off.
pub(super) fn finish(clip: &mut Clip, asked: &Finish, is_alone: bool) {
    if asked.trims_silence && is_alone {
        trim(clip);
    }
    if asked.loop_secs > 0.0 {
        close_loop(clip, asked.loop_secs);
    }
    fade(clip, asked.fade_in_secs, asked.fade_out_secs);
}

fn n_samples(clip: &Clip, secs: f64) -> usize {
    (secs * f64::from(clip.rate_hz)).round() as usize
}

/// A sound of silence only is left alone.
fn trim(clip: &mut Clip) {
    let least = audio::gain_from_db(SILENCE_DB) as f32;
    let is_heard = |i: &usize| clip.channels.iter().any(|channel| channel[*i].abs() > least);
    let n = clip.n_frames();
    let Some(first) = (0..n).find(is_heard) else { return };
    let last = (0..n).rev().find(is_heard).unwrap_or(first);
    let kept = n_samples(clip, KEPT_SECS);
    let (from, to) = (first.saturating_sub(kept), (last + 1 + kept).min(n));
    for channel in &mut clip.channels {
        channel.truncate(to);
        channel.drain(..from);
    }
}

/// The last seconds are blended into the first, at equal power, and cut off. At most half of the sound is.
fn close_loop(clip: &mut Clip, secs: f64) {
    let n = n_samples(clip, secs).min(clip.n_frames() / 2);
    for channel in &mut clip.channels {
        let end = channel.split_off(channel.len() - n);
        for (i, (start, end)) in channel.iter_mut().zip(end).enumerate() {
            let angle = (i as f32 + 0.5) / n as f32 * std::f32::consts::FRAC_PI_2;
            *start = *start * angle.sin() + end * angle.cos();
        }
    }
}

/// Half a cosine at each edge; two fades that meet share what there is.
fn fade(clip: &mut Clip, in_secs: f64, out_secs: f64) {
    let all = clip.n_frames();
    let n_in = n_samples(clip, in_secs).min(all);
    let n_out = n_samples(clip, out_secs).min(all - n_in);
    let gain = |i: usize, n: usize| {
        let share = (i as f32 + 0.5) / n as f32;
        0.5 - 0.5 * (std::f32::consts::PI * share).cos()
    };
    for channel in &mut clip.channels {
        channel[..n_in].iter_mut().enumerate().for_each(|(i, x)| *x *= gain(i, n_in));
        channel.iter_mut().rev().take(n_out).enumerate().for_each(|(i, x)| *x *= gain(i, n_out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(secs: f64) -> Clip {
        let n = (secs * 1000.0) as usize;
        let channel = (0..n).map(|i| (i as f32 * 0.1).sin()).collect();
        Clip { rate_hz: 1000, channels: vec![channel] }
    }

    #[test]
    fn silence_at_the_edges_goes_and_that_between_stays() {
        let mut clip = sine(0.0);
        clip.channels[0] =
            [vec![0.0; 500], vec![0.5; 10], vec![0.0; 200], vec![0.5; 10], vec![0.0; 700]].concat();
        finish(&mut clip, &Finish { trims_silence: true, ..Finish::default() }, true);
        assert_eq!(clip.n_frames(), 220 + 10);
        assert!(clip.channels[0][5].abs() > 0.0 && clip.channels[0][4] == 0.0);
        let mut silent = Clip { rate_hz: 1000, channels: vec![vec![0.0; 100]] };
        finish(&mut silent, &Finish { trims_silence: true, ..Finish::default() }, true);
        assert_eq!(silent.n_frames(), 100);
    }

    #[test]
    fn a_closed_loop_has_no_step_at_its_seam() {
        let mut clip = sine(2.017);
        let open = (clip.channels[0][0] - clip.channels[0].last().unwrap()).abs();
        finish(&mut clip, &Finish { loop_secs: 0.5, ..Finish::default() }, true);
        assert_eq!(clip.n_frames(), 1517);
        let channel = &clip.channels[0];
        let seam = (channel[0] - channel.last().unwrap()).abs();
        // The sine itself moves by up to 0.1 from sample to sample.
        assert!(open > 0.2 && seam < 0.11, "{open} {seam}");
    }

    #[test]
    fn fades_begin_and_end_in_silence_even_where_they_meet() {
        for (secs, fade_in_secs, fade_out_secs) in
            [(2.0, 0.1, 0.5), (0.2, 5.0, 5.0), (0.0, 1.0, 1.0)]
        {
            let mut clip = sine(secs);
            clip.channels[0].fill(1.0);
            finish(&mut clip, &Finish { fade_in_secs, fade_out_secs, ..Finish::default() }, true);
            let channel = &clip.channels[0];
            assert!(channel.first().is_none_or(|x| *x < 0.01));
            assert!(secs != 2.0 || (channel[1000] == 1.0 && channel[1999] < 0.01));
        }
    }
}
