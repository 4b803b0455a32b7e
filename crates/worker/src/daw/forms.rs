//! What the sound files of a project are like: channels, rate and length, which a `.dawproject` says of each.

use std::{collections::BTreeMap, path::Path};

use audio::{DecodeLimits, scan_file};
use foreign::daw::{Content, Project, SoundForm};

/// Fills in the forms of sound files that can be read where the project says they are; others keep what the project says.
pub(super) fn fill_in(project: &mut Project) {
    let mut known: BTreeMap<String, Option<SoundForm>> = BTreeMap::new();
    for clip in project.tracks.iter_mut().flat_map(|it| &mut it.clips) {
        if let Content::Audio { path, form, .. } = &mut clip.content {
            let found = known.entry(path.clone()).or_insert_with_key(|path| of(Path::new(path)));
            *form = found.or(*form);
        }
    }
}

/// The form of a sound file. It is decoded to its end, because headers may be wrong about its length.
fn of(path: &Path) -> Option<SoundForm> {
    if !path.is_absolute() || !path.is_file() {
        return None;
    }
    let (end, rate_hz, n_channels) = scan_file(path, &DecodeLimits::STREAMED, |_| true).ok()??;
    Some(SoundForm {
        n_channels: u16::try_from(n_channels).ok()?,
        rate_hz,
        length_secs: end.n_frames as f64 / f64::from(rate_hz),
    })
}

#[cfg(test)]
mod tests {
    use audio::{Clip, WavFormat, write_wav};
    use foreign::daw::{self, Track};

    use super::*;

    #[test]
    fn a_sound_has_its_own_channels_rate_and_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let sound = Clip { rate_hz: 48_000, channels: vec![vec![0.1; 24_000]] };
        write_wav(&path, &sound, WavFormat::Int24).unwrap();
        let other = SoundForm { n_channels: 6, rate_hz: 96_000, length_secs: 9.0 };
        let clip = |path: &str, form| {
            let content =
                Content::Audio { path: path.to_owned(), from_secs: 0.0, bytes: None, form };
            daw::Clip { name: String::new(), start: 0.0, length: 1.0, content }
        };
        let clips = vec![
            clip(path.to_str().unwrap(), Some(other)),
            clip("/nowhere/b.wav", Some(other)),
            clip("a.wav", None),
        ];
        let mut project =
            Project { tracks: vec![Track { clips, ..Track::default() }], ..Project::default() };
        fill_in(&mut project);
        let form = |it: &daw::Clip| match it.content {
            Content::Audio { form, .. } => form,
            Content::Notes(_) => None,
        };
        let found: Vec<_> = project.tracks[0].clips.iter().map(form).collect();
        let own = SoundForm { n_channels: 1, rate_hz: 48_000, length_secs: 0.5 };
        assert_eq!(found, [Some(own), Some(other), None]);
    }
}
