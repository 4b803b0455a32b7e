//! A reader of MP4 that knows what the tests ask about, written apart from the writer.

use std::{collections::HashMap, ops::Range};

/// What an MP4 says about its film.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Names of the outermost boxes, in order.
    pub(crate) outermost: Vec<String>,
    /// Where the samples may lie.
    pub(crate) data: Range<u64>,
    pub(crate) pictures: Track,
    pub(crate) titles: Option<Track>,
    /// Chapters of the list: begin in 100 ns, title.
    pub(crate) listed: Vec<(u64, String)>,
    pub(crate) tags: HashMap<String, String>,
}

/// What an MP4 says about a track.
#[derive(Debug, Default)]
pub(crate) struct Track {
    pub(crate) ticks_per_sec: u32,
    pub(crate) ticks: u32,
    /// How long each sample is shown.
    pub(crate) durations: Vec<u32>,
    pub(crate) keyframes: Vec<u32>,
    /// Where each sample lies in the file.
    pub(crate) places: Vec<Range<u64>>,
    /// The body of the box that describes the samples.
    pub(crate) format: Vec<u8>,
    pub(crate) refers_to_titles: bool,
    pub(crate) has_long_offsets: bool,
}

impl Track {
    /// The parameter sets, or no start.
    pub(crate) fn parameters(&self) -> (Vec<u8>, Vec<u8>) {
        let at = self.format.windows(4).position(|it| it == b"avcC").unwrap() + 4;
        let box_ = &self.format[at..];
        let sps_len = usize::from(be(&box_[6..8]) as u16);
        let rest = &box_[8 + sps_len..];
        let pps_len = be(&rest[1..3]) as usize;
        (box_[8..8 + sps_len].to_vec(), rest[3..3 + pps_len].to_vec())
    }
}

/// Reads the boxes of a file; the data may be missing.
pub(crate) fn read(bytes: &[u8]) -> Read {
    let mut out = Read::default();
    for (name, body, at) in boxes(bytes) {
        match name.as_str() {
            "moov" => read_moov(body, &mut out),
            "mdat" => out.data = at as u64..at as u64 + body.len() as u64,
            _ => {}
        }
        out.outermost.push(name);
    }
    out
}

/// Name, body, and where the body begins.
fn boxes(bytes: &[u8]) -> Vec<(String, &[u8], usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let name = bytes[at + 4..at + 8].iter().map(|it| char::from(*it)).collect();
        let (len, head) = match be(&bytes[at..at + 4]) {
            1 => (be(&bytes[at + 8..at + 16]) as usize, 16),
            len => (len as usize, 8),
        };
        assert!(len >= head, "a box {name:?} of {len} bytes");
        let end = (at + len).min(bytes.len());
        found.push((name, &bytes[at + head..end], at + head));
        at += len;
    }
    found
}

fn be(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Numbers of `n_bytes` each.
fn numbers(bytes: &[u8], n_bytes: usize) -> Vec<u64> {
    bytes.chunks_exact(n_bytes).map(be).collect()
}

fn read_moov(moov: &[u8], out: &mut Read) {
    for (name, body, _) in boxes(moov) {
        match name.as_str() {
            "trak" if body.windows(4).any(|it| it == b"vide") => out.pictures = read_track(body),
            "trak" => out.titles = Some(read_track(body)),
            "udta" => read_udta(body, out),
            _ => {}
        }
    }
}

fn read_udta(udta: &[u8], out: &mut Read) {
    for (name, body, _) in boxes(udta) {
        match name.as_str() {
            "chpl" => {
                let mut rest = &body[9..];
                for _ in 0..body[8] {
                    let len = usize::from(rest[8]);
                    let title = String::from_utf8(rest[9..9 + len].to_vec()).unwrap();
                    out.listed.push((be(&rest[..8]), title));
                    rest = &rest[9 + len..];
                }
                assert!(rest.is_empty());
            }
            "meta" => {
                let (_, list, _) = boxes(&body[4..]).pop().unwrap();
                for (name, tag, _) in boxes(list) {
                    let (_, data, _) = boxes(tag)[0];
                    out.tags.insert(name, String::from_utf8(data[8..].to_vec()).unwrap());
                }
            }
            _ => {}
        }
    }
}

fn read_track(bytes: &[u8]) -> Track {
    let mut track = Track::default();
    let (mut sizes, mut offsets, mut per_chunk) = (vec![], vec![], vec![]);
    let mut open = vec![bytes];
    while let Some(inner) = open.pop() {
        for (name, body, _) in boxes(inner) {
            match name.as_str() {
                "mdia" | "minf" | "stbl" => open.push(body),
                "tref" => track.refers_to_titles = &body[4..] == b"chap\0\0\0\x02",
                "mdhd" => {
                    track.ticks_per_sec = be(&body[12..16]) as u32;
                    track.ticks = be(&body[16..20]) as u32;
                }
                "stsd" => track.format = body[8..].to_vec(),
                "stts" => {
                    for run in numbers(&body[8..], 4).chunks(2) {
                        track.durations.extend(vec![run[1] as u32; run[0] as usize]);
                    }
                }
                "stss" => {
                    track.keyframes =
                        numbers(&body[8..], 4).into_iter().map(|it| it as u32 - 1).collect();
                }
                "stsz" => sizes = numbers(&body[12..], 4),
                "stsc" => per_chunk = numbers(&body[8..], 4),
                "stco" => offsets = numbers(&body[8..], 4),
                "co64" => {
                    offsets = numbers(&body[8..], 8);
                    track.has_long_offsets = true;
                }
                _ => {}
            }
        }
    }
    track.places = places(&sizes, &offsets, &per_chunk);
    track
}

fn places(sizes: &[u64], offsets: &[u64], per_chunk: &[u64]) -> Vec<Range<u64>> {
    let mut sizes = sizes.iter();
    let mut places = Vec::new();
    for (i, offset) in offsets.iter().enumerate() {
        let run = per_chunk.chunks(3).rfind(|run| run[0] <= i as u64 + 1).unwrap();
        let mut at = *offset;
        for size in sizes.by_ref().take(run[1] as usize) {
            places.push(at..at + size);
            at += size;
        }
    }
    assert_eq!(sizes.next(), None, "a sample in no chunk");
    places
}
