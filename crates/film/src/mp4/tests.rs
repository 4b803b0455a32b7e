//! Films that are too large to encode in a test: their tables only.

use super::{Film, Samples, head, reader};
use crate::h264::Parameters;

/// The head of a film with samples of one size.
fn check(n_frames: u32, n_bytes: u32, expects_long: bool) {
    let mut samples = Samples::default();
    for i in 0..n_frames {
        samples.push(n_bytes, i % 120 == 0);
    }
    let parameters = Parameters { sps: vec![0x67, 100, 0, 40, 1], pps: vec![0x68, 2] };
    let chapters = [(0, "Begin".to_owned()), (n_frames / 2, "Middle".to_owned())];
    let bytes = head(&Film {
        width: 640,
        height: 840,
        frames_per_sec: 60,
        parameters: &parameters,
        samples: &samples,
        chapters: &chapters,
        title: "",
        description: "",
    });
    let film = reader::read(&bytes);
    let track = &film.pictures;
    assert_eq!(film.outermost, ["ftyp", "moov", "mdat"]);
    assert_eq!(track.has_long_offsets, expects_long);
    assert_eq!(track.parameters(), (parameters.sps, parameters.pps));
    assert_eq!(track.durations.len(), n_frames as usize);
    assert_eq!(track.ticks / track.ticks_per_sec, n_frames / 60);
    // Samples follow the head, one after the other, to the end of the data.
    let mut at = bytes.len() as u64;
    for place in &track.places {
        assert_eq!((place.start, place.end - place.start), (at, u64::from(n_bytes)));
        at = place.end;
    }
    assert_eq!(at, bytes.len() as u64 + u64::from(n_frames) * u64::from(n_bytes));
    assert_eq!(film.titles.unwrap().places.last().unwrap().end, bytes.len() as u64);
}

#[test]
fn small_films_have_offsets_of_32_bits() {
    check(1, 10, false);
    check(121, 1000, false);
}

#[test]
fn films_beyond_4_gib_have_offsets_of_64_bits() {
    check(2000, 2_146_000, false);
    check(2000, 2_148_000, true);
    check(3600, 9_000_000, true);
}

#[test]
fn ten_hours_take_a_few_megabytes_of_tables() {
    let n_frames = 10 * 3600 * 60;
    let mut samples = Samples::default();
    for i in 0..n_frames {
        samples.push(700, i % 120 == 0);
    }
    assert!(samples.table_bytes() <= n_frames as usize * 8 + 4096);
}
