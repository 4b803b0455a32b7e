//! Records of datasets and their metadata.

use std::path::Path;

use foreign::audio_example::{
    AudioBuffer, AudioExample, Precision, decode, encode, parse_metadata,
};
use proptest::prelude::*;

fn record(buffer: AudioBuffer<'_>) -> AudioExample<'_> {
    AudioExample { buffers: [("waveform".to_owned(), buffer)].into(), ..AudioExample::default() }
}

/// The bytes of a small record.
pub(crate) fn sample() -> Vec<u8> {
    let data = [0, 0, 0xff, 0x7f, 0, 0x80, 0, 0x40];
    let buffer = AudioBuffer {
        shape: vec![2, 4],
        rate_hz: 44_100,
        data: &data,
        precision: Precision::Int16,
    };
    let metadata = [("path".to_owned(), "/a/b.wav".to_owned())].into();
    encode(&AudioExample { metadata, ..record(buffer) })
}

/// What `rave preprocess` 2.3.1 writes for 131072 samples of 16 bits begins with these bytes.
#[test]
fn records_are_written_as_the_real_program_does() {
    let data = vec![0; 262_144];
    let shape = vec![1, 262_144];
    let buffer = AudioBuffer { shape, rate_hz: 44_100, data: &data, precision: Precision::Int16 };
    let bytes = encode(&record(buffer));
    let head = b"\x0a\x9e\x80\x10\x0a\x08waveform\x12\x90\x80\x10\x08\x01\x08\x80\x80\x10\x10\xc4\xd8\x02\x1a\x80\x80\x10";
    assert_eq!(&bytes[..head.len()], head);
    assert_eq!(bytes.len(), 262_178);
}

#[test]
fn numbers_of_every_precision_become_sound() {
    let check = |precision, n_channels: i64, data: &[u8], expected: Option<&[&[f32]]>| {
        let buffer = AudioBuffer { shape: vec![n_channels], rate_hz: 8000, data, precision };
        let bytes = encode(&record(buffer));
        let example = decode(&bytes, Path::new("data.mdb"), "00000000").unwrap();
        let channels = example.buffers["waveform"].channels();
        let expected = expected.map(|it| it.iter().map(|it| it.to_vec()).collect::<Vec<_>>());
        assert_eq!(channels, expected, "{precision:?}");
    };
    let int16 = [0, 0, 0xff, 0x7f, 0, 0x80, 0, 0x40];
    check(Precision::Int16, 1, &int16, Some(&[&[0.0, 32_767.0 / 32_768.0, -1.0, 0.5]]));
    check(Precision::Int16, 2, &int16, Some(&[&[0.0, 32_767.0 / 32_768.0], &[-1.0, 0.5]]));
    check(Precision::Int16, 3, &int16, None);
    check(Precision::Int16, 0, &int16, None);
    check(Precision::Int16, -1, &int16, None);
    check(Precision::Int16, i64::MAX, &int16, None);
    check(Precision::Int16, 1, &[], None);
    check(Precision::Float16, 1, &[0, 0x3c, 0, 0xb8], Some(&[&[1.0, -0.5]]));
    check(Precision::Float32, 1, &0.25f32.to_le_bytes(), Some(&[&[0.25]]));
    check(Precision::Float64, 1, &(-0.25f64).to_le_bytes(), Some(&[&[-0.25]]));
    check(Precision::Int32, 1, &i32::MIN.to_le_bytes(), Some(&[&[-1.0]]));
    check(Precision::Int64, 1, &(1i64 << 62).to_le_bytes(), Some(&[&[0.5]]));
    check(Precision::Raw, 1, &[0; 8], None);
}

#[test]
fn packed_shapes_are_read() {
    // buffers { key: "w" value { shape: [1, 2] packed, data: "\0\0\0\0", precision: INT16 } }
    let buffer = b"\x0a\x02\x01\x02\x1a\x04\0\0\0\0\x20\x03";
    let entry = [b"\x0a\x01w\x12", &[buffer.len() as u8][..], buffer].concat();
    let bytes = [&[0x0a, entry.len() as u8], &entry[..]].concat();
    let example = decode(&bytes, Path::new("data.mdb"), "0").unwrap();
    assert_eq!(example.buffers["w"].shape, [1, 2]);
}

#[test]
fn broken_records_name_key_and_byte() {
    let check = |bytes: &[u8], expected: &str| {
        let message = decode(bytes, Path::new("data.mdb"), "00000007").unwrap_err().to_string();
        assert!(message.contains(expected), "`{message}` does not say `{expected}`");
    };
    let bytes = sample();
    check(&bytes[..20], "cut off (at key `00000007`, byte 0)");
    check(b"\x0a\x04\x12\x02\x20\x07", "an unknown precision (at key `00000007`, byte 5)");
    check(b"\x0a\x03\x0a\x01\xff", "not text (at key `00000007`, byte 4)");
    check(b"\x08\x01", "a number instead of bytes");
}

#[test]
fn metadata_are_read_or_refused() {
    let text = "channels: 2\nlazy: true\nn_seconds: 59.443\nsr: 44100\n";
    let metadata = parse_metadata(Path::new("m.yaml"), text).unwrap();
    assert_eq!((metadata.n_channels, metadata.is_lazy, metadata.rate_hz), (2, true, 44_100));
    assert!((metadata.length_secs - 59.443).abs() < 1e-9);
    let more = parse_metadata(Path::new("m.yaml"), "---\n# x\nsr: '8000'  # y\nother: [1]\n");
    assert_eq!(more.unwrap().rate_hz, 8000);
    let check = |text: &str, expected: &str| {
        let message = parse_metadata(Path::new("m.yaml"), text).unwrap_err().to_string();
        assert!(message.contains(expected), "`{message}` does not say `{expected}`");
    };
    check("", "`sr` is missing");
    check("sr: fast", "`sr` is not a sampling rate (at line 1, column 1)");
    check("sr: -1", "`sr` is not a sampling rate");
    check("sr: 1\nchannels: 1.5", "`channels` is not a whole number (at line 2, column 1)");
    check("sr: 1\nlazy: 7", "neither true nor false");
    check("sr: 1\nn_seconds: nan", "not a length");
    check("just text", "not `key: value`");
}

proptest! {
    #![proptest_config(super::hostile::config())]

    #[test]
    fn every_record_comes_back(
        data in prop::collection::vec(any::<u8>(), 0..100),
        shape in prop::collection::vec(any::<i64>(), 0..4),
        rate_hz in any::<i64>(),
        metadata in prop::collection::btree_map(any::<String>(), any::<String>(), 0..4),
    ) {
        let buffer = AudioBuffer { shape, rate_hz, data: &data, precision: Precision::Float64 };
        let example = AudioExample { metadata, ..record(buffer) };
        let bytes = encode(&example);
        prop_assert_eq!(decode(&bytes, Path::new("x"), "0").unwrap(), example);
    }
}
