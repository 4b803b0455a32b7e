//! Films as a player sees them: read with an own reader, decoded with the decoder of the same library.

use std::{fs, fs::OpenOptions, path::Path};

use openh264::{decoder::Decoder, formats::YUVSource};

use super::{Quality, Settings, Tags, Writer, Written};
use crate::{
    Canvas, Error, Rect, Rgb,
    mp4::reader::{self, Read},
};

fn settings(width: usize, height: usize) -> Settings {
    Settings { width, height, frames_per_sec: 10, quality: Quality::Good }
}

/// A square that moves over a ground.
fn picture(width: usize, height: usize, frame_idx: usize) -> Canvas {
    let mut canvas = Canvas::new(width, height, Rgb::hex(0x20_40_80));
    canvas.rectangle(Rect::new((frame_idx % width) as i32, 8, 12, 12), Rgb::hex(0xf0_a0_10));
    canvas
}

/// Writes a film of moving squares.
fn write(path: &Path, n_frames: usize, chapters: &[(usize, &str)]) -> Written {
    let mut film = Writer::create(path, settings(64, 48)).unwrap();
    for i in 0..n_frames {
        for (_, title) in chapters.iter().filter(|(begin, _)| *begin == i) {
            film.chapter(*title);
        }
        film.frame(&picture(64, 48, i)).unwrap();
    }
    film.finish(Tags { title: "Squares", description: "They move.\nÜber alles." }).unwrap()
}

/// Reads a film and checks what must hold for all.
fn check(path: &Path, written: Written) -> (Vec<u8>, Read) {
    let bytes = fs::read(path).unwrap();
    let film = reader::read(&bytes);
    assert_eq!(film.outermost, ["ftyp", "moov", "mdat"], "tables before samples");
    assert_eq!(bytes.len() as u64, written.n_bytes);
    let n_frames = written.n_frames;
    let track = &film.pictures;
    assert_eq!(track.places.len(), n_frames as usize);
    assert_eq!(track.durations.iter().sum::<u32>(), track.ticks);
    assert_eq!(u64::from(track.ticks), u64::from(n_frames) * u64::from(track.ticks_per_sec) / 10);
    assert_eq!(written.length_secs, f64::from(n_frames) / 10.0);
    let keyframes: Vec<_> = (0..n_frames).step_by(20).collect();
    assert_eq!(track.keyframes, keyframes, "a keyframe every two seconds");
    for (i, place) in track.places.iter().enumerate() {
        assert!(film.data.start <= place.start && place.end <= film.data.end, "frame {i}");
        let units = units(&bytes[place.start as usize..place.end as usize]);
        let is_keyframe = units.iter().any(|unit| unit[0] & 0x1f == 5);
        assert_eq!(is_keyframe, i % 20 == 0, "frame {i}");
    }
    assert_eq!(track.places.last().unwrap().end, bytes.len() as u64);
    (bytes, film)
}

/// The units of a sample.
fn units(mut sample: &[u8]) -> Vec<&[u8]> {
    let mut units = vec![];
    while let Some((len, rest)) = sample.split_first_chunk() {
        let (unit, rest) = rest.split_at(u32::from_be_bytes(*len) as usize);
        units.push(unit);
        sample = rest;
    }
    units
}

/// Decodes a film from frame `first` on, which must be a keyframe; gives the frames as RGB.
fn decode(bytes: &[u8], film: &Read, first: usize) -> Vec<Canvas> {
    let mut decoder = Decoder::new().unwrap();
    let (sps, pps) = film.pictures.parameters();
    let mut pictures = vec![];
    for (i, place) in film.pictures.places.iter().enumerate().skip(first) {
        let mut stream = vec![];
        let sample = &bytes[place.start as usize..place.end as usize];
        let sets = if i == first { vec![&sps[..], &pps[..]] } else { vec![] };
        for unit in sets.into_iter().chain(units(sample)) {
            stream.extend([0, 0, 0, 1]);
            stream.extend(unit);
        }
        let planes = decoder.decode(&stream).unwrap().expect("a picture for every sample");
        let (width, height) = planes.dimensions();
        let mut canvas = Canvas::new(width, height, Rgb::BLACK);
        for y in 0..height {
            for x in 0..width {
                let (stride_y, stride_u, stride_v) = planes.strides();
                let value = |plane: &[u8], at: usize, zero: f32| f32::from(plane[at]) - zero;
                let luma = value(planes.y(), y * stride_y + x, 16.0) / 219.0;
                let u = value(planes.u(), y / 2 * stride_u + x / 2, 128.0) / 224.0;
                let v = value(planes.v(), y / 2 * stride_v + x / 2, 128.0) / 224.0;
                let (r, b) = (luma + 1.5748 * v, luma + 1.8556 * u);
                let g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152;
                let [r, g, b] = [r, g, b].map(|it| (it * 255.0).round().clamp(0.0, 255.0) as u8);
                canvas.rectangle(Rect::new(x as i32, y as i32, 1, 1), Rgb { r, g, b });
            }
        }
        pictures.push(canvas);
    }
    pictures
}

/// The greatest and the mean difference of two pictures.
fn difference(a: &Canvas, b: &Canvas) -> (u8, f32) {
    let pairs = || a.pixels().iter().zip(b.pixels());
    let sum: u32 = pairs().map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    let max = pairs().map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    (max, sum as f32 / a.pixels().len() as f32)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn films_of_any_length_have_exact_tables() {
    let folder = tempfile::tempdir().unwrap();
    for n_frames in [1, 2, 19, 20, 21, 45] {
        let path = folder.path().join(format!("{n_frames}.mp4"));
        let written = write(&path, n_frames, &[]);
        let (bytes, film) = check(&path, written);
        assert!(film.titles.is_none() && film.listed.is_empty());
        assert_eq!(decode(&bytes, &film, 0).len(), n_frames);
    }
}

#[test]
fn pictures_come_back_as_they_were_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let written = write(&path, 45, &[]);
    let (bytes, film) = check(&path, written);
    for first in [0, 20, 40] {
        for (i, decoded) in decode(&bytes, &film, first).into_iter().enumerate() {
            let drawn = picture(64, 48, first + i);
            let (_, mean) = difference(&decoded, &drawn);
            assert!(mean < 3.0, "frame {} differs by {mean}", first + i);
            let ground = (decoded.pixel(60, 40), drawn.pixel(60, 40));
            for (a, b) in ground.0.bytes().into_iter().zip(ground.1.bytes()) {
                assert!(a.abs_diff(b) <= 4, "frame {}: {ground:?}", first + i);
            }
        }
    }
}

#[test]
fn sizes_need_not_be_whole_macroblocks() {
    let folder = tempfile::tempdir().unwrap();
    for (width, height) in [(16, 16), (18, 34), (320, 210), (66, 16)] {
        let path = folder.path().join("film.mp4");
        let mut film = Writer::create(&path, settings(width, height)).unwrap();
        film.frame(&picture(width, height, 3)).unwrap();
        let written = film.finish(Tags::default()).unwrap();
        let (bytes, film) = check(&path, written);
        let decoded = decode(&bytes, &film, 0);
        assert_eq!((decoded[0].width(), decoded[0].height()), (width, height));
        assert!(film.tags.is_empty());
    }
}

#[test]
fn chapters_and_tags_are_in_the_film() {
    let folder = tempfile::tempdir().unwrap();
    let check = |chapters: &[(usize, &str)], expected: &[(u32, &str)]| {
        let path = folder.path().join("film.mp4");
        let written = write(&path, 25, chapters);
        let (bytes, film) = check(&path, written);
        let listed: Vec<_> =
            film.listed.iter().map(|(at, it)| ((at / 1_000_000) as u32, it.as_str())).collect();
        assert_eq!(listed, expected);
        assert!(film.pictures.refers_to_titles);
        let titles = film.titles.as_ref().unwrap();
        assert_eq!(titles.durations.iter().sum::<u32>(), film.pictures.ticks);
        let mut begin = 0;
        for ((place, duration), (at, title)) in
            titles.places.iter().zip(&titles.durations).zip(expected)
        {
            let sample = &bytes[place.start as usize..place.end as usize];
            let len = usize::from(u16::from_be_bytes([sample[0], sample[1]]));
            assert_eq!((begin / 256, &sample[2..2 + len]), (*at, title.as_bytes()));
            begin += duration;
        }
        assert_eq!(film.tags["\u{a9}nam"], "Squares");
        assert_eq!(film.tags["desc"], "They move.\nÜber alles.");
    };
    check(&[(0, "Hour 1"), (10, "Hour 2")], &[(0, "Hour 1"), (10, "Hour 2")]);
    check(&[(7, "Später")], &[(0, "Squares"), (7, "Später")]);
    check(&[(0, "a"), (0, "b"), (24, "c")], &[(0, "b"), (24, "c")]);
    let long = "ä".repeat(200);
    let cut = "ä".repeat(127);
    let path = folder.path().join("long.mp4");
    write(&path, 1, &[(0, &long)]);
    assert_eq!(reader::read(&fs::read(&path).unwrap()).listed[0].1, cut);
}

#[test]
fn a_chapter_without_frames_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let mut film = Writer::create(&path, settings(64, 48)).unwrap();
    film.chapter("one");
    film.frame(&picture(64, 48, 0)).unwrap();
    film.chapter("none");
    film.finish(Tags::default()).unwrap();
    let listed = reader::read(&fs::read(&path).unwrap()).listed;
    assert_eq!(listed, [(0, "one".to_owned())]);
}

#[test]
fn without_a_title_the_first_chapter_begins_with_the_film() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let mut film = Writer::create(&path, settings(64, 48)).unwrap();
    film.frame(&picture(64, 48, 0)).unwrap();
    film.chapter("one");
    film.frame(&picture(64, 48, 1)).unwrap();
    film.finish(Tags::default()).unwrap();
    let listed = reader::read(&fs::read(&path).unwrap()).listed;
    assert_eq!(listed, [(0, "one".to_owned())]);
}

#[test]
fn a_writer_may_move_to_another_thread() {
    fn check<T: Send>() {}
    check::<Writer>();
    check::<crate::Typesetter>();
}

#[test]
fn frames_that_repeat_take_hardly_any_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let mut film = Writer::create(&path, settings(320, 200)).unwrap();
    let canvas = picture(320, 200, 5);
    for _ in 0..20 {
        film.frame(&canvas).unwrap();
    }
    let written = film.finish(Tags::default()).unwrap();
    let (_, film) = check(&path, written);
    for place in &film.pictures.places[2..] {
        assert!(place.end - place.start < 40, "{place:?}");
    }
}

#[test]
fn settings_outside_of_their_bounds_are_refused_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let check = |width, height, frames_per_sec, expected: &str| {
        let settings = Settings { width, height, frames_per_sec, quality: Quality::Good };
        let error = Writer::create(&path, settings).err().expect("refused").to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(63, 48, 10, "63x48");
    check(64, 47, 10, "even");
    check(0, 48, 10, "at least 16");
    check(4000, 48, 10, "3840");
    check(2162, 2162, 10, "2160");
    check(64, 48, 0, "0 frames a second");
    check(64, 48, 241, "241 frames a second");
    let mut film = Writer::create(&path, settings(64, 48)).unwrap();
    let error = film.frame(&picture(48, 64, 0)).unwrap_err().to_string();
    assert_eq!(error, "add a picture of 48x64 pixels to a film of 64x48");
    film.frame(&picture(64, 48, 0)).unwrap();
    film.finish(Tags::default()).unwrap();
}

#[test]
fn a_film_without_frames_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let film = Writer::create(&path, settings(64, 48)).unwrap();
    assert!(matches!(film.finish(Tags::default()), Err(Error::Empty)));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_film_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let mut film = Writer::create(&path, settings(64, 48)).unwrap();
    for i in 0..30 {
        film.frame(&picture(64, 48, i)).unwrap();
    }
    drop(film);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn an_old_film_stays_until_the_new_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    fs::write(&path, "old").unwrap();
    let mut film = Writer::create(&path, settings(64, 48)).unwrap();
    film.frame(&picture(64, 48, 0)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    let written = film.finish(Tags::default()).unwrap();
    check(&path, written);
    assert_eq!(names(folder.path()), ["film.mp4"]);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("film.mp4");
    assert!(matches!(Writer::create(&path, settings(64, 48)), Err(Error::File { .. })));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_says_so_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let full = || OpenOptions::new().read(true).write(true).open("/dev/full").unwrap();
    // Many frames: what is gathered must be written.
    let mut film = Writer::over(&path, settings(256, 256), full()).unwrap();
    let mut state = 1_u32;
    let error = loop {
        let mut canvas = Canvas::new(256, 256, Rgb::BLACK);
        for i in 0..1024 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let rect = Rect::new(i % 32 * 8, i / 32 * 8, 8, 8);
            canvas.rectangle(rect, Rgb::hex(state >> 8));
        }
        if let Err(error) = film.frame(&canvas) {
            break error;
        }
        assert!(film.n_frames() < 1000);
    };
    assert!(matches!(&error, Error::DiskFull { source, .. } if source.raw_os_error() == Some(28)));
    assert!(error.to_string().contains("No space left"), "{error}");
    assert!(matches!(film.frame(&picture(256, 256, 0)), Err(Error::Broken)));
    assert!(matches!(film.finish(Tags::default()), Err(Error::Broken)));
    // Few: what is gathered is written at the end.
    let mut film = Writer::over(&path, settings(64, 48), full()).unwrap();
    film.frame(&picture(64, 48, 0)).unwrap();
    assert!(matches!(film.finish(Tags::default()), Err(Error::DiskFull { .. })));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn three_hours_of_frames_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    // 20,000 frames stand for them: what grows, grows by the frame.
    let n_frames = 20_000;
    let mut film = Writer::create(&path, settings(16, 16)).unwrap();
    let pictures = [picture(16, 16, 0), picture(16, 16, 1)];
    for i in 0..n_frames {
        film.frame(&pictures[i / 7 % 2]).unwrap();
    }
    assert!(film.samples.table_bytes() <= n_frames * 8 + 4096);
    assert!(film.sample.capacity() < 1 << 16);
    let written = film.finish(Tags::default()).unwrap();
    check(&path, written);
}
