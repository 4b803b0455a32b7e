//! Writes `DAWproject` archives.

use std::fmt::Write as _;
use std::io::{Seek, Write};

use zip::{ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::super::{Clip, Content, Project, SoundForm, Timeline, xml::escaped};

/// Writes a project as an archive: tempo and meter map, markers, tracks with notes and sound files.
///
/// Sound files stay where they are; of one whose form is not known two channels at 44,100 Hz are said, to the end of its
/// clip. Names of effects become the comment of a track, because their states are not
/// known here.
///
/// # Errors
/// When the file cannot be written.
pub fn write<W: Write + Seek>(project: &Project, out: W) -> Result<W, ZipError> {
    let mut archive = ZipWriter::new(out);
    let options = SimpleFileOptions::default();
    archive.start_file("project.xml", options)?;
    archive.write_all(text(project).as_bytes())?;
    archive.start_file("metadata.xml", options)?;
    archive.write_all(
        b"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<MetaData/>\n",
    )?;
    archive.finish()
}

pub(super) fn text(project: &Project) -> String {
    let timeline = Timeline::new(&project.tempos);
    let bpm = project.tempos.first().map_or(120.0, |it| it.bpm);
    let (numerator, denominator) =
        project.meters.first().map_or((4, 4), |it| (it.numerator, it.denominator));
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Project version=\"1.0\">\n",
    );
    out.push_str("  <Application name=\"Maquette\" version=\"1\"/>\n  <Transport>\n");
    let _ = writeln!(out, "    <Tempo id=\"tempo\" unit=\"bpm\" value=\"{bpm}\"/>");
    let _ = writeln!(
        out,
        "    <TimeSignature id=\"meter\" numerator=\"{numerator}\" denominator=\"{denominator}\"/>\n  </Transport>\n  <Structure>"
    );
    for (i, track) in project.tracks.iter().enumerate() {
        let has_notes = track.clips.iter().any(|clip| matches!(clip.content, Content::Notes(_)));
        let kind = if has_notes { "notes" } else { "audio" };
        let comment = match track.effects.is_empty() {
            true => String::new(),
            false => format!(" comment=\"Effects: {}\"", escaped(&track.effects.join(", "))),
        };
        let volume = track.volume.unwrap_or(1.0);
        let _ = write!(
            out,
            "    <Track id=\"track{i}\" name=\"{}\"{comment} contentType=\"{kind}\" loaded=\"true\">\n      \
             <Channel id=\"channel{i}\" role=\"regular\" audioChannels=\"2\" destination=\"master\">\n        \
             <Mute id=\"mute{i}\" value=\"{}\"/>\n        \
             <Volume id=\"volume{i}\" min=\"0\" max=\"2\" unit=\"linear\" value=\"{volume}\"/>\n      </Channel>\n    </Track>\n",
            escaped(&track.name),
            track.is_muted
        );
    }
    out.push_str("    <Track id=\"master-track\" name=\"Master\" contentType=\"audio notes\">\n      <Channel id=\"master\" role=\"master\" audioChannels=\"2\"/>\n    </Track>\n  </Structure>\n");
    out.push_str(
        "  <Arrangement id=\"arrangement\">\n    <Lanes id=\"lanes\" timeUnit=\"beats\">\n",
    );
    for (i, track) in project.tracks.iter().enumerate() {
        let _ = writeln!(out, "      <Lanes track=\"track{i}\">\n        <Clips>");
        for one in &track.clips {
            clip(&mut out, one, &timeline);
        }
        out.push_str("        </Clips>\n      </Lanes>\n");
    }
    out.push_str("    </Lanes>\n");
    if !project.markers.is_empty() {
        out.push_str("    <Markers timeUnit=\"beats\">\n");
        for marker in &project.markers {
            let _ = writeln!(
                out,
                "      <Marker time=\"{}\" name=\"{}\"/>",
                marker.quarter,
                escaped(&marker.name)
            );
        }
        out.push_str("    </Markers>\n");
    }
    if project.tempos.len() > 1 {
        out.push_str("    <TempoAutomation timeUnit=\"beats\" unit=\"bpm\">\n      <Target parameter=\"tempo\"/>\n");
        for tempo in &project.tempos {
            let _ = writeln!(
                out,
                "      <RealPoint time=\"{}\" value=\"{}\" interpolation=\"hold\"/>",
                tempo.quarter, tempo.bpm
            );
        }
        out.push_str("    </TempoAutomation>\n");
    }
    if project.meters.len() > 1 {
        out.push_str("    <TimeSignatureAutomation timeUnit=\"beats\">\n      <Target parameter=\"meter\"/>\n");
        for meter in &project.meters {
            let _ = writeln!(
                out,
                "      <TimeSignaturePoint time=\"{}\" numerator=\"{}\" denominator=\"{}\"/>",
                meter.quarter, meter.numerator, meter.denominator
            );
        }
        out.push_str("    </TimeSignatureAutomation>\n");
    }
    out.push_str("  </Arrangement>\n</Project>\n");
    out
}

fn clip(out: &mut String, clip: &Clip, timeline: &Timeline) {
    let (start, length, name) = (clip.start, clip.length, escaped(&clip.name));
    match &clip.content {
        Content::Notes(notes) => {
            let _ = writeln!(
                out,
                "          <Clip time=\"{start}\" duration=\"{length}\" playStart=\"0\" name=\"{name}\">\n            <Notes>"
            );
            for note in notes {
                let _ = writeln!(
                    out,
                    "              <Note time=\"{}\" duration=\"{}\" channel=\"{}\" key=\"{}\" vel=\"{}\" rel=\"0.5\"/>",
                    note.start,
                    note.length,
                    note.channel,
                    note.key,
                    f64::from(note.velocity) / 127.0
                );
            }
            out.push_str("            </Notes>\n          </Clip>\n");
        }
        Content::Audio { path, from_secs, form, .. } => {
            // The format asks for all three of every sound, those included that are nowhere.
            let SoundForm { n_channels, rate_hz, length_secs } = form.unwrap_or(SoundForm {
                n_channels: 2,
                rate_hz: 44_100,
                length_secs: timeline.secs(start + length) - timeline.secs(start) + from_secs,
            });
            let _ = write!(
                out,
                "          <Clip time=\"{start}\" duration=\"{length}\" contentTimeUnit=\"seconds\" playStart=\"{from_secs}\" name=\"{name}\">\n            \
                 <Audio channels=\"{n_channels}\" duration=\"{length_secs}\" sampleRate=\"{rate_hz}\">\n              \
                 <File path=\"{}\" external=\"true\"/>\n            </Audio>\n          </Clip>\n",
                escaped(path)
            );
        }
    }
}
