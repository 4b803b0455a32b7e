//! The boxes of an MP4 before its samples: what is in the film, when, and where.
//!
//! Sources: ISO/IEC 14496-12 (boxes), 14496-15 (H.264 in them), Apple's QuickTime File Format (chapters).

mod boxes;
mod chapters;
#[cfg(test)]
pub(crate) mod reader;

use boxes::{Boxes, MATRIX};

use crate::h264::Parameters;

/// Ticks a frame: times count in `frames_per_sec * TICKS` a second, so every frame is a whole number of them.
const TICKS: u32 = 256;

/// The most frames whose times fit in 32 bits.
pub(crate) const MAX_FRAMES: u32 = u32::MAX / TICKS;

/// The sizes of a film's samples: 4 bytes a frame, and 4 a keyframe.
#[derive(Default)]
pub(crate) struct Samples {
    /// In bytes, one a frame.
    sizes: Vec<u32>,
    /// Where decoding can start; the first is frame 0.
    keyframes: Vec<u32>,
    /// The sum of the sizes.
    n_bytes: u64,
}

impl Samples {
    /// Notes the next frame.
    pub(crate) fn push(&mut self, n_bytes: u32, is_keyframe: bool) {
        if is_keyframe {
            self.keyframes.push(self.n_frames());
        }
        self.sizes.push(n_bytes);
        self.n_bytes += u64::from(n_bytes);
    }

    /// Frames so far.
    pub(crate) fn n_frames(&self) -> u32 {
        u32::try_from(self.sizes.len()).expect("the writer stops at MAX_FRAMES")
    }

    /// Bytes of all samples so far.
    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Bytes of memory that the tables take.
    #[cfg(test)]
    pub(crate) fn table_bytes(&self) -> usize {
        (self.sizes.capacity() + self.keyframes.capacity()) * size_of::<u32>()
    }

    /// The frames from one keyframe to the next lie in one piece: its frames, and its bytes.
    fn chunks(&self) -> impl Iterator<Item = (u32, u64)> {
        let ends = self.keyframes.iter().skip(1).copied().chain([self.n_frames()]);
        self.keyframes.iter().zip(ends).map(|(first, end)| {
            let sizes = &self.sizes[*first as usize..end as usize];
            (end - first, sizes.iter().copied().map(u64::from).sum())
        })
    }
}

/// Everything about a film but its samples.
pub(crate) struct Film<'a> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) frames_per_sec: u32,
    pub(crate) parameters: &'a Parameters,
    pub(crate) samples: &'a Samples,
    /// Where each begins, in frames, and its title: rising, the first at 0; or none.
    pub(crate) chapters: &'a [(u32, String)],
    pub(crate) title: &'a str,
    pub(crate) description: &'a str,
}

/// All bytes of the file before the samples, which follow without a gap.
pub(crate) fn head(film: &Film) -> Vec<u8> {
    // Boxes have the same length wherever the samples lie, unless offsets of 32 bits do not suffice. A film that
    // misses 4 GiB by less than a megabyte gets long ones, too.
    let n_bytes = film.samples.n_bytes();
    let is_long = n_bytes + measured(film) + (1 << 20) > u64::from(u32::MAX);
    let titles = chapters::samples(film.chapters);
    let mut out = Boxes::default();
    write_before_data(&mut out, film, 0, is_long);
    let data_header_len = if is_long { 16 } else { 8 };
    let titles_at = out.len() as u64 + data_header_len;
    let mut out = Boxes::default();
    write_before_data(&mut out, film, titles_at, is_long);
    let data_len = data_header_len + titles.len() as u64 + n_bytes;
    if is_long {
        out.u32(1).bytes(b"mdat").u64(data_len);
    } else {
        out.u32(data_len as u32).bytes(b"mdat");
    }
    out.bytes(&titles);
    out.into_bytes()
}

/// About how long the boxes are, in bytes, from above.
fn measured(film: &Film) -> u64 {
    let titles: usize = film.chapters.iter().map(|(_, title)| title.len() + 64).sum();
    let tables = u64::from(film.samples.n_frames()) * 4 + film.samples.keyframes.len() as u64 * 24;
    tables + 2 * titles as u64 + (film.title.len() + film.description.len()) as u64 + 4096
}

/// The boxes up to the samples, of which the titles of chapters come first, at `titles_at`.
fn write_before_data(out: &mut Boxes, film: &Film, titles_at: u64, is_long: bool) {
    out.open(b"ftyp").bytes(b"isom").u32(0x200).bytes(b"isomiso2avc1mp41").close();
    out.open(b"moov");
    let ticks_per_sec = film.frames_per_sec * TICKS;
    let ticks = film.samples.n_frames() * TICKS;
    let has_chapters = !film.chapters.is_empty();
    out.open_full(b"mvhd", 0, 0).u32(0).u32(0).u32(ticks_per_sec).u32(ticks);
    // Played at its speed and at full loudness.
    out.u32(0x1_0000).u16(0x100).zeros(10).bytes(&MATRIX).zeros(24);
    out.u32(if has_chapters { 3 } else { 2 }).close();
    write_pictures(out, film, titles_at, is_long);
    if has_chapters {
        chapters::write_track(out, film, titles_at, is_long);
    }
    out.open(b"udta");
    chapters::write_list(out, film);
    write_tags(out, film);
    out.close();
    out.close();
}

/// The track of pictures.
fn write_pictures(out: &mut Boxes, film: &Film, titles_at: u64, is_long: bool) {
    let samples = film.samples;
    let ticks = samples.n_frames() * TICKS;
    out.open(b"trak");
    // Enabled, in the film, in its preview.
    out.open_full(b"tkhd", 0, 7).u32(0).u32(0).u32(1).u32(0).u32(ticks).zeros(16).bytes(&MATRIX);
    out.u32((film.width as u32) << 16).u32((film.height as u32) << 16).close();
    if !film.chapters.is_empty() {
        out.open(b"tref").open(b"chap").u32(2).close().close();
    }
    out.open(b"mdia");
    out.media_header(film.frames_per_sec * TICKS, ticks);
    out.handler(b"vide", "Pictures");
    out.open(b"minf").open_full(b"vmhd", 0, 1).zeros(8).close();
    out.data_is_here();
    out.open(b"stbl");
    out.open_full(b"stsd", 0, 0).u32(1);
    write_format(out, film);
    out.close();
    out.open_full(b"stts", 0, 0).u32(1).u32(samples.n_frames()).u32(TICKS).close();
    out.open_full(b"stss", 0, 0).u32(samples.keyframes.len() as u32);
    for keyframe in &samples.keyframes {
        out.u32(keyframe + 1);
    }
    out.close();
    write_frames_per_chunk(out, samples);
    out.open_full(b"stsz", 0, 0).u32(0).u32(samples.n_frames());
    for size in &samples.sizes {
        out.u32(*size);
    }
    out.close();
    let first = titles_at + chapters::samples(film.chapters).len() as u64;
    let offsets = samples.chunks().scan(first, |at, (_, n_bytes)| {
        let here = *at;
        *at += n_bytes;
        Some(here)
    });
    out.chunk_offsets(offsets, samples.keyframes.len(), is_long);
    out.close().close().close().close();
}

/// Which chunks have how many frames: all the same, but for the last.
fn write_frames_per_chunk(out: &mut Boxes, samples: &Samples) {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for (i, (n_frames, _)) in samples.chunks().enumerate() {
        if runs.last().is_none_or(|(_, n)| *n != n_frames) {
            runs.push((i as u32 + 1, n_frames));
        }
    }
    out.open_full(b"stsc", 0, 0).u32(runs.len() as u32);
    for (first, n_frames) in runs {
        out.u32(first).u32(n_frames).u32(1);
    }
    out.close();
}

/// How the samples are encoded. Source: ISO/IEC 14496-15, 5.4.
fn write_format(out: &mut Boxes, film: &Film) {
    let Parameters { sps, pps } = film.parameters;
    out.open(b"avc1").zeros(6).u16(1).zeros(16);
    // 72 points an inch, one frame a sample, no name of the encoder, 24 bits a pixel.
    out.u16(film.width as u16).u16(film.height as u16).u32(72 << 16).u32(72 << 16).u32(0).u16(1);
    out.zeros(32).u16(24).u16(0xffff);
    // Profile, compatibility and level as in the parameters; lengths of units take 4 bytes.
    out.open(b"avcC").bytes(&[1, sps[1], sps[2], sps[3], 0xff, 0xe1]);
    out.u16(sps.len() as u16).bytes(sps).bytes(&[1]).u16(pps.len() as u16).bytes(pps);
    if sps[1] == PROFILE_HIGH {
        // 4:2:0 with 8 bits, and no more sets.
        out.bytes(&[0xfd, 0xf8, 0xf8, 0]);
    }
    out.close();
    // BT.709 for primaries, transfer and matrix, in limited range. Source: ISO/IEC 23091-2.
    out.open(b"colr").bytes(b"nclx").u16(1).u16(1).u16(1).bytes(&[0]).close();
    out.open(b"pasp").u32(1).u32(1).close();
    out.close();
}

const PROFILE_HIGH: u8 = 100;

/// Title and description, as players and shops read them.
fn write_tags(out: &mut Boxes, film: &Film) {
    let tags = [(b"\xa9nam", film.title), (b"desc", film.description)];
    if tags.iter().all(|(_, text)| text.is_empty()) {
        return;
    }
    out.open_full(b"meta", 0, 0);
    out.open_full(b"hdlr", 0, 0).u32(0).bytes(b"mdirappl").zeros(9).close();
    out.open(b"ilst");
    for (name, text) in tags.into_iter().filter(|(_, text)| !text.is_empty()) {
        // 1: the text is UTF-8.
        out.open(name).open(b"data").u32(1).u32(0).bytes(text.as_bytes()).close().close();
    }
    out.close().close();
}

#[cfg(test)]
mod tests;
