//! Songs: what is said of them is what was played.

use super::*;

fn plan(meter: Meter) -> SongPlan {
    SongPlan {
        seed: 3,
        bpm: 120.0,
        drift: 0.0,
        meter,
        swing: 0.5,
        tonic: 0,
        is_minor: false,
        tuning_cents: 0.0,
        has_sevenths: false,
        has_drums: true,
        form: "ABA".into(),
        section_bars: 4,
        noise_db: -60.0,
    }
}

#[test]
fn beats_bars_chords_and_sections_fit_together() {
    for meter in [Meter::FourFour, Meter::ThreeFour, Meter::SixEight] {
        let song = render(&plan(meter)).truth;
        let n = meter.n_beats();
        assert_eq!(song.beats.len(), 3 * 4 * n + 1, "{meter}");
        assert_eq!(song.downbeats, song.beats.iter().copied().step_by(n).collect::<Vec<_>>());
        assert!(song.tempo.iter().all(|(_, bpm)| (bpm - 120.0).abs() < 1e-6));
        let labels: String = song.sections.iter().map(|it| it.label.as_str()).collect();
        assert_eq!(labels, "ABA");
        for list in [&song.sections, &song.chords] {
            assert!(list.windows(2).all(|it| (it[0].end_s - it[1].start_s).abs() < 1e-9));
            assert!((list[0].start_s - song.beats[0]).abs() < 1e-9);
        }
        let (first, last) = (&song.sections[0], &song.sections[2]);
        let length_s = first.end_s - first.start_s;
        let chords = |section: &Labelled| -> Vec<&str> {
            let inside = song.chords.iter().filter(|chord| {
                let since_s = chord.start_s - section.start_s;
                (-1e-6..length_s - 1e-6).contains(&since_s)
            });
            inside.map(|chord| chord.label.as_str()).collect()
        };
        // A repeat has the same chords.
        assert!(!chords(first).is_empty());
        assert_eq!(chords(first), chords(last));
        // The key says itself: its own chord is played.
        assert!(song.chords.iter().any(|chord| chord.label == "C:maj"), "{meter}");
    }
}

#[test]
fn notes_belong_to_their_chords() {
    let song = render(&plan(Meter::FourFour)).truth;
    let chord_at = |time: f64| song.chords.iter().rfind(|it| it.start_s <= time + 0.03).unwrap();
    let classes = |label: &str| -> Vec<u8> {
        let (root, quality) = label.split_once(':').unwrap();
        let root = harmony::NAMES.iter().position(|it| *it == root).unwrap() as u8;
        let third = if quality == "min" { 3 } else { 4 };
        [0, third, 7].map(|above| (root + above) % 12).to_vec()
    };
    let (mut n, mut n_outside) = (0, 0);
    for note in song.notes.iter().filter(|it| it.part == Part::Chords) {
        n += 1;
        n_outside +=
            usize::from(!classes(&chord_at(note.start_s).label).contains(&(note.midi % 12)));
    }
    assert!(n > 50 && n_outside == 0, "{n_outside} of {n}");
}

#[test]
fn a_plan_gives_the_same_song_and_drift_changes_the_tempo() {
    let steady = plan(Meter::ThreeFour);
    let song = render(&steady);
    assert_eq!(song, render(&steady));
    assert!(song.clip.channels.iter().flatten().all(|x| x.is_finite() && x.abs() <= 1.0));
    assert!(crate::rms_db(&song.clip) > -30.0);
    let drifting = render(&SongPlan { drift: 0.08, form: "ABAB".into(), ..steady }).truth;
    let (least, most) = drifting
        .tempo
        .iter()
        .fold((f64::MAX, 0.0f64), |(least, most), (_, bpm)| (least.min(*bpm), most.max(*bpm)));
    assert!(most / least > 1.03 && most < 120.0 * 1.081 && least > 120.0 / 1.1, "{least} {most}");
}

#[test]
fn a_set_is_varied() {
    let plans: Vec<SongPlan> = (0..24).map(|idx| SongPlan::of_set(0, idx)).collect();
    let count = |which: fn(&SongPlan) -> bool| plans.iter().filter(|it| which(it)).count();
    assert_eq!(count(|it| it.meter == Meter::ThreeFour), 6);
    assert_eq!(count(|it| it.meter == Meter::SixEight), 2);
    assert_eq!(count(|it| it.drift > 0.0), 6);
    assert_eq!(count(|it| !it.has_drums), 8);
    assert_eq!(count(|it| it.is_minor), 12);
    assert!(count(|it| it.tuning_cents != 0.0) >= 3);
    let straight = plans.iter().filter(|it| it.meter != Meter::SixEight);
    let bpm: Vec<f64> = straight.map(|it| it.bpm).collect();
    assert!(bpm.iter().all(|bpm| (72.0..=174.0).contains(bpm)), "{bpm:?}");
    assert!(bpm.iter().any(|bpm| *bpm < 80.0) && bpm.iter().any(|bpm| *bpm > 160.0), "{bpm:?}");
}
