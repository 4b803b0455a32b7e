//! A sound of several wishes: sections one after the other, or parts that sound together.

use api::{WordsPart, WordsPrompt, WordsSource, seed_of};
use audio::{Clip, gain_from_db};
use models::words::{Begin, BeginHow, BeginKind, MadeSound, Prompt, TextToAudio, Wish};

use super::tempo::{to_key, to_tempo};

/// How much of the section before is heard by the one that goes on from it.
const HEARD_SECS: f64 = 8.0;
/// Less than this says nothing of how a sound goes on.
const HEARD_SECS_MIN: f64 = 0.25;
/// Over how much time sections are blended that do not go on from each other.
const BLEND_SECS: f64 = 0.5;
/// Seeds of further sections and parts begin here, far from those of further sounds.
const SEEDS_FROM: u32 = 1_000_000;

/// What came of a recipe.
pub(super) struct Composed {
    pub(super) clip: Clip,
    /// Its parts by name, if it has any.
    pub(super) parts: Vec<(String, Clip)>,
    pub(super) notes: Vec<String>,
}

/// How many wishes a source takes.
pub(super) fn n_wishes(source: &WordsSource) -> usize {
    source.parts.len().max(1 + source.sections.len())
}

/// Makes what a source asks for. `first` is its wish without sections and parts; `make` makes one wish, numbered from 0,
/// and gives nothing when it was told to stop.
pub(super) fn compose(
    source: &WordsSource,
    first: &Wish,
    model: &dyn TextToAudio,
    make: &mut dyn FnMut(usize, &Wish) -> anyhow::Result<Option<MadeSound>>,
) -> anyhow::Result<Option<Composed>> {
    let rate_hz = model.abilities().rate_hz;
    if source.parts.is_empty() {
        return in_sections(source, first, model, make);
    }
    let (mut parts, mut notes) = (vec![], vec![]);
    for (i, part) in source.parts.iter().enumerate() {
        let prompts = vec![Prompt { text: part_prompt(source, part), weight: 1.0 }];
        let wish = Wish { prompts, seed: seed_for(first.seed, i), ..first.clone() };
        let Some(made) = make(i, &wish)? else { return Ok(None) };
        let mut clip = Clip { rate_hz, channels: made.sound };
        let mut said = made.notes;
        if let Some(key) = &source.key {
            let (changed, words) = to_key(clip, key);
            clip = changed;
            said.extend(words);
        }
        if let Some(tempo) = source.tempo {
            let (changed, words) = to_tempo(clip, tempo);
            clip = changed;
            said.push(words);
        }
        let gain = gain_from_db(part.gain_db) as f32;
        clip.channels.iter_mut().flatten().for_each(|x| *x *= gain);
        notes.extend(said.into_iter().map(|words| format!("{}: {words}", part.name)));
        parts.push((part.name.clone(), clip));
    }
    // All end with the shortest, so that none stops before the others.
    let n = parts.iter().map(|(_, clip)| clip.n_frames()).min().unwrap_or(0);
    parts
        .iter_mut()
        .flat_map(|(_, clip)| &mut clip.channels)
        .for_each(|channel| channel.truncate(n));
    let mut sum = Clip { rate_hz, channels: vec![vec![0.0; n]; model.abilities().n_channels] };
    for (_, part) in &parts {
        for (to, from) in sum.channels.iter_mut().zip(&part.channels) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
    }
    Ok(Some(Composed { clip: sum, parts, notes }))
}

fn in_sections(
    source: &WordsSource,
    first: &Wish,
    model: &dyn TextToAudio,
    make: &mut dyn FnMut(usize, &Wish) -> anyhow::Result<Option<MadeSound>>,
) -> anyhow::Result<Option<Composed>> {
    let can = model.abilities();
    let wish = Wish { prompts: prompts(source, &source.prompts), ..first.clone() };
    let Some(made) = make(0, &wish)? else { return Ok(None) };
    let mut clip = Clip { rate_hz: can.rate_hz, channels: made.sound };
    let mut notes = made.notes;
    for (i, section) in source.sections.iter().enumerate() {
        let plain = Wish {
            prompts: prompts(source, &section.prompts),
            seed: seed_for(first.seed, i + 1),
            secs: section.secs,
            begin: None,
            noise: None,
            ..first.clone()
        };
        let heard_secs = HEARD_SECS.min(clip.length_secs()).min(can.max_secs - section.secs);
        let goes_on = can.begins.contains(&BeginKind::Continue) && heard_secs >= HEARD_SECS_MIN;
        let n_heard = (heard_secs * f64::from(can.rate_hz)) as usize;
        let wish = if goes_on {
            let sound = clip.channels.iter().map(|it| it[it.len() - n_heard..].to_vec()).collect();
            let begin = Some(Begin { sound, how: BeginHow::Continue });
            Wish { secs: heard_secs + section.secs, begin, ..plain }
        } else {
            plain
        };
        let Some(made) = make(i + 1, &wish)? else { return Ok(None) };
        notes.extend(made.notes);
        if goes_on {
            for (to, from) in clip.channels.iter_mut().zip(&made.sound) {
                to.extend_from_slice(&from[n_heard.min(from.len())..]);
            }
        } else {
            blend(&mut clip, &made.sound);
        }
    }
    if let Some(tempo) = source.tempo {
        let (changed, words) = to_tempo(clip, tempo);
        clip = changed;
        notes.push(words);
    }
    if let Some(key) = &source.key {
        let (changed, words) = to_key(clip, key);
        clip = changed;
        notes.extend(words);
    }
    notes.retain(|words| !words.is_empty());
    Ok(Some(Composed { clip, parts: vec![], notes }))
}

/// The end of a sound fades into the start of the next, at equal power; over a quarter of the shorter one at most.
fn blend(clip: &mut Clip, next: &[Vec<f32>]) {
    let n = (BLEND_SECS * f64::from(clip.rate_hz)) as usize;
    for (to, from) in clip.channels.iter_mut().zip(next) {
        let n = n.min(to.len() / 4).min(from.len() / 4);
        let start = to.len() - n;
        for i in 0..n {
            let angle = (i as f32 + 0.5) / n as f32 * std::f32::consts::FRAC_PI_2;
            to[start + i] = to[start + i] * angle.cos() + from[i] * angle.sin();
        }
        to.extend_from_slice(&from[n..]);
    }
}

fn seed_for(seed: u64, i: usize) -> u64 {
    if i == 0 { seed } else { seed_of(seed, SEEDS_FROM + i as u32) }
}

/// Prompts with the tempo and the key in words.
pub(super) fn prompts(source: &WordsSource, all: &[WordsPrompt]) -> Vec<Prompt> {
    let said = said(source);
    let text = |it: &WordsPrompt| match said.as_str() {
        "" => it.text.clone(),
        said => format!("{}, {said}", it.text.trim_end_matches(['.', ',', ' '])),
    };
    all.iter().map(|it| Prompt { text: text(it), weight: it.weight }).collect()
}

fn part_prompt(source: &WordsSource, part: &WordsPart) -> String {
    let common = source.prompts.iter().map(|it| it.text.trim().to_owned());
    let all = std::iter::once(part.prompt.trim().to_owned()).chain(common);
    let all = all.chain(std::iter::once(said(source)));
    let plain = |words: String| words.trim_end_matches(['.', ',', ' ']).to_owned();
    all.map(plain).filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ")
}

/// `120 BPM, A minor`
fn said(source: &WordsSource) -> String {
    let tempo = source.tempo.map(|tempo| format!("{:.0} BPM", tempo.bpm));
    tempo.into_iter().chain(source.key.clone()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> WordsSource {
        WordsSource {
            prompts: vec![WordsPrompt { text: "warm, lo-fi.".to_owned(), weight: 1.0 }],
            tempo: Some(api::WordsTempo { bpm: 90.0, end_bpm: None }),
            key: Some("A minor".to_owned()),
            ..WordsSource::default()
        }
    }

    #[test]
    fn tempo_key_and_what_is_common_are_said_in_prompts() {
        let mut source = source();
        assert_eq!(prompts(&source, &source.prompts)[0].text, "warm, lo-fi, 90 BPM, A minor");
        let part =
            WordsPart { name: "bass".to_owned(), prompt: "upright bass".to_owned(), gain_db: 0.0 };
        assert_eq!(part_prompt(&source, &part), "upright bass, warm, lo-fi, 90 BPM, A minor");
        (source.prompts, source.tempo, source.key) = (vec![], None, None);
        assert_eq!(part_prompt(&source, &part), "upright bass");
    }

    #[test]
    fn a_blend_keeps_the_power_of_noise() {
        let mut rng = audio::Rng::new(1);
        let mut noise = |n: usize| (0..n).map(|_| rng.normal()).collect::<Vec<f32>>();
        let mut clip = Clip { rate_hz: 10_000, channels: vec![noise(20_000)] };
        blend(&mut clip, &[noise(20_000)]);
        assert_eq!(clip.n_frames(), 35_000);
        let power = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32;
        let (before, at) =
            (power(&clip.channels[0][..15_000]), power(&clip.channels[0][15_000..20_000]));
        assert!((at / before - 1.0).abs() < 0.1, "{before} {at}");
    }

    #[test]
    fn sections_and_parts_have_seeds_of_their_own() {
        assert_eq!(seed_for(7, 0), 7);
        assert!(seed_for(7, 1) != seed_for(7, 2) && seed_for(7, 1) != seed_of(7, 2));
    }
}
