//! Event files: written and read, the forms of other writers, cut off, damaged.

use std::path::Path;

use foreign::tfevents::{Content, Event, Sound, create, file_name, open};

use crate::written;

/// The bytes of a small file of our own.
pub(crate) fn sample() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file_name(1.7e9, 0));
    let mut writer = create(&path, 1.7e9).unwrap();
    writer.scalars(50, 1.7e9 + 1.0, &[("loss", 0.5), ("beta", -3.0)]).unwrap();
    writer.text(0, 1.7e9, "config", "A = 1").unwrap();
    let sound = Sound { rate_hz: 8000, n_channels: 1, n_frames: 2, wav: b"RIFF" };
    writer.audio(60, 1.7e9, "voice", &sound).unwrap();
    writer.flush().unwrap();
    std::fs::read(path).unwrap()
}

/// The contents of the records of [`sample`].
pub(crate) fn payloads() -> Vec<Vec<u8>> {
    let (bytes, mut at, mut found) = (sample(), 0, Vec::new());
    while let Some(length) = bytes[at..].first_chunk::<8>() {
        let n = u64::from_le_bytes(*length) as usize;
        found.push(bytes[at + 12..at + 12 + n].to_vec());
        at += n + 16;
    }
    found
}

fn events(bytes: &[u8]) -> (Vec<Event>, Vec<String>, Option<u64>) {
    let (_folder, path) = written("events", bytes);
    let mut reader = open(&path).unwrap();
    let (mut events, mut errors) = (Vec::new(), Vec::new());
    for event in reader.by_ref() {
        match event {
            Ok(event) => events.push(event),
            Err(error) => errors.push(error.to_string()),
        }
    }
    (events, errors, reader.cut_at())
}

/// A record with right checksums, by a slow and plain algorithm.
pub(crate) fn record(payload: &[u8]) -> Vec<u8> {
    let sum = |bytes: &[u8]| {
        let mut crc = !0u32;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            }
        }
        let crc = !crc;
        crc.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
    };
    let length = (payload.len() as u64).to_le_bytes();
    [&length[..], &sum(&length), payload, &sum(payload)].concat()
}

#[test]
fn what_is_written_comes_back() {
    let (events, errors, cut_at) = events(&sample());
    assert!(errors.is_empty() && cut_at.is_none());
    assert_eq!(events.len(), 4, "the first names the version");
    assert_eq!((events[1].step, events[1].wall_secs), (50, 1.7e9 + 1.0));
    let values = |event: &Event| -> Vec<_> {
        event.values.iter().map(|it| (it.tag.clone(), it.content.clone())).collect()
    };
    let expected = [("loss", 0.5), ("beta", -3.0)];
    let expected = expected.map(|(tag, value)| (tag.to_owned(), Content::Scalar(value)));
    assert_eq!(values(&events[1]), expected);
    assert_eq!(values(&events[2]), [("config".to_owned(), Content::Text("A = 1".to_owned()))]);
    let audio = Content::Audio { rate_hz: Some(8000.0), bytes: b"RIFF".to_vec() };
    assert_eq!(values(&events[3]), [("voice".to_owned(), audio)]);
    assert_eq!(file_name(1.7e9, 3), "events.out.tfevents.1700000000.maquette.3");
}

#[test]
fn a_file_is_never_overwritten() {
    let (_folder, path) = written("events", b"theirs");
    assert!(create(&path, 0.0).is_err());
    assert_eq!(std::fs::read(path).unwrap(), b"theirs");
    assert!(open(Path::new("none/such")).is_err());
}

/// Scalars, sounds and texts as tensors with the name of a plugin, as TensorFlow 2 writes them.
#[test]
fn tensors_of_the_new_style_are_read() {
    let check = |tensor: &[u8], plugin: &str, expected: Content| {
        let name = [&[0x0a, plugin.len() as u8], plugin.as_bytes()].concat();
        let metadata = [&[0x0a, name.len() as u8][..], &name].concat();
        let value = [
            b"\x0a\x01x\x42",
            &[tensor.len() as u8][..],
            tensor,
            &[0x4a, metadata.len() as u8],
            &metadata,
        ]
        .concat();
        let summary = [&[0x0a, value.len() as u8][..], &value].concat();
        let event = [b"\x10\x07\x2a", &[summary.len() as u8][..], &summary].concat();
        let (events, errors, _) = events(&record(&event));
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!((events[0].step, events[0].values[0].tag.as_str()), (7, "x"));
        assert_eq!(events[0].values[0].content, expected);
    };
    let half = 0.5f32.to_le_bytes();
    check(&[b"\x08\x01\x2a\x04", &half[..]].concat(), "scalars", Content::Scalar(0.5));
    check(&[b"\x08\x01\x2d", &half[..]].concat(), "scalars", Content::Scalar(0.5));
    check(&[b"\x08\x01\x22\x04", &half[..]].concat(), "scalars", Content::Scalar(0.5));
    let double = [b"\x08\x02\x32\x08", &(-2.5f64).to_le_bytes()[..]].concat();
    check(&double, "scalars", Content::Scalar(-2.5));
    check(b"\x08\x09\x52\x01\x05", "scalars", Content::Scalar(5.0));
    check(b"\x08\x07\x42\x01a\x42\x01b", "text", Content::Text("a\nb".to_owned()));
    let audio = Content::Audio { rate_hz: None, bytes: b"RIFF".to_vec() };
    check(b"\x08\x07\x42\x04RIFF\x42\x05label", "audio", audio);
    check(b"\x08\x07\x42\x01a", "images", Content::Other);
}

#[test]
fn every_truncation_keeps_what_is_whole() {
    let whole = sample();
    let (all, _, _) = events(&whole);
    let mut ends = vec![0];
    while let Some(length) = whole[ends[ends.len() - 1]..].first_chunk::<8>() {
        ends.push(ends[ends.len() - 1] + 16 + u64::from_le_bytes(*length) as usize);
    }
    for n in 0..whole.len() {
        let n_whole = ends.iter().filter(|&&end| 0 < end && end <= n).count();
        let (events, errors, cut_at) = events(&whole[..n]);
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(events, all[..n_whole]);
        assert_eq!(cut_at, (n > ends[n_whole]).then_some(ends[n_whole] as u64));
    }
}

#[test]
fn damaged_records_are_named_and_passed() {
    let mut bytes = sample();
    let second = 16 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    bytes[second + 20] ^= 1;
    let (events_left, errors, _) = events(&bytes);
    assert_eq!(events_left.len(), 3);
    assert!(errors[0].contains(&format!("checksum (at byte {second})")), "{errors:?}");
    // A wrong length leaves nothing to go on with.
    bytes[second + 1] ^= 1;
    let (events_left, errors, _) = events(&bytes);
    assert_eq!((events_left.len(), errors.len()), (1, 1));
    let (_, errors, _) = events(&record(b"\x2a\x05\x0a\x03\x0a\x09x"));
    assert!(errors[0].contains("cut off (at byte 16)"), "{errors:?}");
}
