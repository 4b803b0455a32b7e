//! Chapters in the two ways that players know: a track of titles (QuickTime), and a list (Nero).

use super::{Film, TICKS, boxes::Boxes, boxes::MATRIX};

/// Marks a title as UTF-8. Source: QuickTime File Format, "Text sample data".
const UTF_8: [u8; 12] = *b"\0\0\0\x0cencd\0\0\x01\0";

/// The titles as the samples of a track, one after the other.
pub(super) fn samples(chapters: &[(u32, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (_, title) in chapters {
        let title = cut(title, usize::from(u16::MAX));
        out.extend((title.len() as u16).to_be_bytes());
        out.extend(title.as_bytes());
        out.extend(UTF_8);
    }
    out
}

/// A track of titles, to which the track of pictures refers. It is not shown by itself.
pub(super) fn write_track(out: &mut Boxes, film: &Film, titles_at: u64, is_long: bool) {
    let chapters = film.chapters;
    let n_frames = film.samples.n_frames();
    let ticks = n_frames * TICKS;
    out.open(b"trak");
    // In the film, but not enabled.
    out.open_full(b"tkhd", 0, 2).u32(0).u32(0).u32(2).u32(0).u32(ticks).zeros(16).bytes(&MATRIX);
    out.zeros(8).close();
    out.open(b"mdia");
    out.media_header(film.frames_per_sec * TICKS, ticks);
    out.handler(b"text", "Chapters");
    out.open(b"minf");
    out.open(b"gmhd").open_full(b"gmin", 0, 0).u16(0x40).u16(0x8000).u16(0x8000).u16(0x8000);
    out.zeros(4).close().open(b"text").bytes(&MATRIX).close().close();
    out.data_is_here();
    out.open(b"stbl");
    out.open_full(b"stsd", 0, 0).u32(1);
    // Black on nothing in the system's font; players show chapters as they like.
    out.open(b"text").zeros(6).u16(1).u32(0).u32(0).zeros(6).zeros(8).zeros(8).u16(0).u16(0);
    out.bytes(&[0]).u16(0).zeros(6).bytes(&[0]).close();
    out.close();
    let ends = chapters.iter().skip(1).map(|(begin, _)| *begin).chain([n_frames]);
    out.open_full(b"stts", 0, 0).u32(chapters.len() as u32);
    for ((begin, _), end) in chapters.iter().zip(ends) {
        out.u32(1).u32((end - begin) * TICKS);
    }
    out.close();
    out.open_full(b"stsc", 0, 0).u32(1).u32(1).u32(chapters.len() as u32).u32(1).close();
    out.open_full(b"stsz", 0, 0).u32(0).u32(chapters.len() as u32);
    for chapter in chapters {
        out.u32(samples(std::slice::from_ref(chapter)).len() as u32);
    }
    out.close();
    out.chunk_offsets([titles_at].into_iter(), 1, is_long);
    out.close().close().close().close();
}

/// The list has at most 255 chapters, with titles of at most 255 bytes.
const MAX_LISTED: usize = 255;

/// The list of chapters, with times in 100 ns.
pub(super) fn write_list(out: &mut Boxes, film: &Film) {
    let listed = &film.chapters[..film.chapters.len().min(MAX_LISTED)];
    if listed.is_empty() {
        return;
    }
    out.open_full(b"chpl", 1, 0).u32(0).bytes(&[listed.len() as u8]);
    for (begin, title) in listed {
        let title = cut(title, 255);
        out.u64(u64::from(*begin) * 10_000_000 / u64::from(film.frames_per_sec));
        out.bytes(&[title.len() as u8]).bytes(title.as_bytes());
    }
    out.close();
}

/// A text of at most so many bytes, without half a character.
fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}
