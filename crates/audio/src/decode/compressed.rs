//! FLAC, MP3, Ogg Vorbis, AAC and ALAC, by Symphonia.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AC3, CODEC_ID_ALAC, CODEC_ID_DCA, CODEC_ID_EAC3, CODEC_ID_FLAC, CODEC_ID_MP1,
    CODEC_ID_MP2, CODEC_ID_OPUS, CODEC_ID_SPEEX, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{
    AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions,
};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use super::{Extent, Failure, Format, Note};

/// Packets in a row that may fail before decoding gives up.
const MAX_FRUITLESS_PACKETS: u32 = 10_000;

/// A file of any format that Symphonia recognises, decoded packet by packet.
pub(super) struct Reader {
    reader: Box<dyn FormatReader>,
    track: Track,
    progress: Progress,
    file_bytes: u64,
    /// Where in the file Symphonia reads.
    at: Arc<AtomicU64>,
}

impl Reader {
    /// Opens a file and its track of sound.
    pub(super) fn open(
        file: File,
        file_bytes: u64,
        extension: Option<&str>,
    ) -> Result<Self, Failure> {
        let at = Arc::new(AtomicU64::new(0));
        let watched = Watched { file, file_bytes, at: Arc::clone(&at) };
        let stream = MediaSourceStream::new(Box::new(watched), Default::default());
        // Covers and tags are not used, so their limits may be small.
        let metadata = MetadataOptions::default()
            .limit_tag_bytes(Limit::Maximum(1 << 16))
            .limit_visual_bytes(Limit::Maximum(1 << 16));
        let reader = symphonia::default::get_probe()
            .probe(&Hint::new(), stream, FormatOptions::default(), metadata)
            .map_err(|error| not_recognised(error, extension))?;
        let track = Track::open(&*reader, format_of(&*reader)?)?;
        Ok(Self { reader, track, progress: Progress::default(), file_bytes, at })
    }

    pub(super) fn format(&self) -> Format {
        self.track.format
    }

    pub(super) fn share(&self) -> f64 {
        (self.at.load(Relaxed) as f64 / self.file_bytes.max(1) as f64).min(1.0)
    }

    pub(super) fn may_exceed_full_scale(&self) -> bool {
        !self.track.is_lossless
    }

    /// Decodes packets until one has sound; `false` at the end.
    pub(super) fn next(
        &mut self,
        extent: &mut Extent,
        block: &mut Vec<Vec<f32>>,
    ) -> Result<bool, Failure> {
        match self.next_sound(extent, block) {
            // What was decoded before is kept.
            Err(Failure::Damaged(_)) if extent.n_frames > 0 => self.progress.n_damaged += 1,
            Ok(false) => {}
            other => return other,
        }
        if extent.n_frames == 0 && self.progress.n_damaged > 0 {
            return Err(Failure::Damaged("none of it could be decoded".into()));
        }
        if extent.n_frames == 0 && self.progress.is_cut_off {
            return Err(Failure::Damaged("it ends before its first sound".into()));
        }
        // A last packet that fails was cut in two.
        if self.progress.ended_damaged {
            self.progress.n_damaged -= 1;
            self.progress.is_cut_off = true;
        }
        Ok(false)
    }

    /// The notes, once all was decoded.
    pub(super) fn notes(&self, extent: &Extent) -> Vec<Note> {
        self.progress.notes(extent, &self.track)
    }

    fn next_sound(
        &mut self,
        extent: &mut Extent,
        block: &mut Vec<Vec<f32>>,
    ) -> Result<bool, Failure> {
        let (track, progress) = (&mut self.track, &mut self.progress);
        for _ in 0..MAX_FRUITLESS_PACKETS {
            let packet = match self.reader.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(false),
                Err(SymphoniaError::ResetRequired) => {
                    // A chained stream: another one of the same kind follows.
                    *track = Track::open(&*self.reader, track.format)?;
                    continue;
                }
                // Symphonia reports the end within a packet as an error of reading.
                Err(SymphoniaError::IoError(error)) if error.raw_os_error().is_none() => {
                    progress.is_cut_off = true;
                    return Ok(false);
                }
                Err(error) => return Err(failure_of(error)),
            };
            if packet.track_id != track.id {
                continue;
            }
            let end = packet.pts.get().saturating_add_unsigned(packet.dur.get());
            let end = u64::try_from(end).unwrap_or(0);
            let n_frames = match track.decoder.decode(&packet) {
                Ok(buffer) if buffer.is_empty() => 0,
                Ok(buffer) => {
                    let spec = buffer.spec();
                    if extent.n_channels == 0 {
                        extent.begin(spec.rate(), spec.channels().count())?;
                    } else if (spec.rate(), buffer.num_planes())
                        != (extent.rate_hz, extent.n_channels)
                    {
                        return Err(Failure::Damaged("it changes its rate or channels".into()));
                    }
                    extent.make_room(buffer.frames() as u64)?;
                    buffer.copy_to_vecs_planar(block);
                    progress.ended_damaged = false;
                    buffer.frames() as u64
                }
                // The packet is lost, the next one may be whole.
                Err(SymphoniaError::DecodeError(_) | SymphoniaError::IoError(_)) => {
                    progress.n_damaged += 1;
                    progress.ended_damaged = true;
                    0
                }
                Err(SymphoniaError::ResetRequired) => {
                    track.decoder.reset();
                    0
                }
                Err(error) if extent.n_frames == 0 => return Err(failure_of(error)),
                Err(_) => {
                    progress.n_damaged += 1;
                    0
                }
            };
            progress.end = progress.end.max(end);
            extent.n_frames += n_frames;
            if n_frames > 0 {
                return Ok(true);
            }
        }
        Err(Failure::Damaged("too many packets in a row could not be decoded".into()))
    }
}

/// A file that reports how far it has been read.
struct Watched {
    file: File,
    file_bytes: u64,
    at: Arc<AtomicU64>,
}

impl Read for Watched {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(bytes)?;
        self.at.fetch_add(n as u64, Relaxed);
        Ok(n)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = self.file.seek(to)?;
        self.at.store(at, Relaxed);
        Ok(at)
    }
}

impl MediaSource for Watched {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.file_bytes)
    }
}

/// The track that is decoded, and its decoder.
struct Track {
    id: u32,
    format: Format,
    is_lossless: bool,
    /// Frames according to its header, if it says.
    n_frames: Option<u64>,
    /// Frames that may be missing without a note: most lossy codecs count in packets.
    tolerance: u64,
    /// Whether time stamps count frames, so that gaps can be seen.
    counts_frames: bool,
    decoder: Box<dyn AudioDecoder>,
}

impl Track {
    fn open(reader: &dyn FormatReader, format: Format) -> Result<Self, Failure> {
        let track = reader.default_track(TrackType::Audio).ok_or(Failure::NotSound)?;
        let params = track
            .codec_params
            .as_ref()
            .and_then(|params| params.audio())
            .ok_or(Failure::NotSound)?;
        // Without the encoder's own note, lengths of MP3 and ADTS are guessed from the bit rate.
        let is_guessed = match format {
            Format::Mp3 => track.delay.is_none(),
            Format::Adts => true,
            _ => false,
        };
        let n_frames = track.num_frames.filter(|_| !is_guessed);
        let is_lossless = [CODEC_ID_FLAC, CODEC_ID_ALAC].contains(&params.codec);
        let is_counted = is_lossless || params.codec == CODEC_ID_VORBIS;
        let counts_frames = track.time_base.is_some_and(|base| {
            base.numer.get() == 1 && Some(base.denom.get()) == params.sample_rate
        });
        Ok(Self {
            id: track.id,
            format,
            is_lossless,
            n_frames,
            tolerance: if is_counted { 0 } else { 1152 },
            counts_frames,
            decoder: decoder(params)?,
        })
    }
}

fn decoder(params: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, Failure> {
    let registry = symphonia::default::get_codecs();
    if registry.get_audio_decoder(params.codec).is_none() {
        return Err(Failure::Unsupported(codec_name(params.codec).into()));
    }
    registry.make_audio_decoder(params, &AudioDecoderOptions::default()).map_err(
        |error| match error {
            SymphoniaError::Unsupported(what) => Failure::Unsupported(what.into()),
            other => Failure::Damaged(other.to_string()),
        },
    )
}

/// The state of decoding a track.
#[derive(Default)]
struct Progress {
    /// Packets that could not be decoded.
    n_damaged: u32,
    /// Whether the newest packet was one of them.
    ended_damaged: bool,
    /// Whether reading stopped before the end.
    is_cut_off: bool,
    /// Where the last packet ended, in frames.
    end: u64,
}

impl Progress {
    fn notes(&self, extent: &Extent, track: &Track) -> Vec<Note> {
        let secs = |n: u64| n as f64 / f64::from(extent.rate_hz);
        let mut notes = Vec::new();
        let n_frames = extent.n_frames;
        let reached = if track.counts_frames { self.end.max(n_frames) } else { n_frames };
        let expected = track.n_frames.unwrap_or(0);
        if expected > reached.saturating_add(track.tolerance) {
            notes.push(Note::new(
                "truncated",
                format!(
                    "Its header says {:.2} seconds, but it ends after {:.2}",
                    secs(expected),
                    secs(reached)
                ),
            ));
        } else if self.is_cut_off {
            notes.push(Note::new("truncated", "It ends in the middle of a packet"));
        }
        let n_missing = reached.saturating_sub(n_frames);
        if self.n_damaged > 0 {
            let message = match self.n_damaged {
                1 => "1 packet could not be decoded and was left out".to_owned(),
                n => format!("{n} packets could not be decoded and were left out"),
            };
            notes.push(Note::new("damaged", message));
        } else if n_missing > track.tolerance {
            let message = format!("{:.3} seconds of its sound are missing", secs(n_missing));
            notes.push(Note::new("damaged", message));
        }
        notes
    }
}

fn failure_of(error: SymphoniaError) -> Failure {
    match error {
        SymphoniaError::IoError(error) if error.raw_os_error().is_some() => {
            Failure::Unreadable(error)
        }
        SymphoniaError::Unsupported(what) => Failure::Unsupported(what.into()),
        other => Failure::Damaged(other.to_string()),
    }
}

/// The format of a file that is sound but cannot be decoded, by its first bytes. Left to Symphonia's search, it might
/// be taken for another format that happens to begin somewhere inside.
pub(super) fn undecodable(start: &[u8]) -> Option<&'static str> {
    const ASF: &[u8] = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11";
    let formats: [(&[u8], &str); 5] = [
        (b"caff", "Core Audio Format"),
        (b"wvpk", "WavPack"),
        (b"MAC ", "Monkey's Audio"),
        (b"#!AMR", "AMR"),
        (ASF, "Windows Media Audio"),
    ];
    formats.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name)
}

/// Why no format fits. The extension may reveal sound in an unsupported format.
fn not_recognised(error: SymphoniaError, extension: Option<&str>) -> Failure {
    if let SymphoniaError::IoError(error) = error
        && error.raw_os_error().is_some()
    {
        return Failure::Unreadable(error);
    }
    match extension {
        Some("opus") => Failure::Unsupported("Opus".into()),
        Some("wma") => Failure::Unsupported("Windows Media Audio".into()),
        Some("caf") => Failure::Unsupported("Core Audio Format".into()),
        Some("wv") => Failure::Unsupported("WavPack".into()),
        Some("ape") => Failure::Unsupported("Monkey's Audio".into()),
        Some("ac3") => Failure::Unsupported("Dolby AC-3".into()),
        Some("amr") => Failure::Unsupported("AMR".into()),
        Some("mp2") => Failure::Unsupported("MPEG layer 2".into()),
        _ => Failure::NotSound,
    }
}

fn format_of(reader: &dyn FormatReader) -> Result<Format, Failure> {
    use symphonia::core::formats::well_known as id;
    let info = reader.format_info();
    Ok(match info.format {
        id::FORMAT_ID_FLAC => Format::Flac,
        id::FORMAT_ID_MP3 => Format::Mp3,
        id::FORMAT_ID_OGG => Format::Ogg,
        id::FORMAT_ID_ISOMP4 => Format::Mp4,
        id::FORMAT_ID_ADTS => Format::Adts,
        // WAV and AIFF behind a tag, which is not where they belong.
        id::FORMAT_ID_WAVE => Format::Wav,
        id::FORMAT_ID_AIFF => Format::Aiff,
        _ => return Err(Failure::Unsupported(info.long_name.into())),
    })
}

fn codec_name(codec: AudioCodecId) -> &'static str {
    match codec {
        CODEC_ID_OPUS => "Opus",
        CODEC_ID_SPEEX => "Speex",
        CODEC_ID_AC3 => "Dolby AC-3",
        CODEC_ID_EAC3 => "Dolby E-AC-3",
        CODEC_ID_DCA => "DTS",
        CODEC_ID_MP1 => "MPEG layer 1",
        CODEC_ID_MP2 => "MPEG layer 2",
        _ => "this codec",
    }
}
