//! `EnCodec` against the reference's codes and sound, and what does not fit it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nn::{Init, NamedArray, checkpoint};

use super::*;

const NAMES: [&str; 3] = ["mono_24khz", "stereo_48khz", "music_32khz"];

/// What the reference computes with a configuration, and the formulas of its weights and sounds:
/// `benches/words/reference.py`.
struct Vectors {
    config: String,
    meta: serde_json::Value,
    arrays: BTreeMap<String, NamedArray>,
}

fn vectors(name: &str) -> Vectors {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/encodec");
    let file = checkpoint::read(&folder.join(format!("{name}.safetensors"))).unwrap();
    Vectors {
        config: std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap(),
        meta: serde_json::from_str(&file.metadata["meta"]).unwrap(),
        arrays: file.arrays.into_iter().map(|it| (it.name.clone(), it)).collect(),
    }
}

fn u(name: &str, n: usize) -> Vec<f64> {
    Init::named(0, name).uniform(n, 0.0, 1.0).into_iter().map(f64::from).collect()
}

/// The tensors of the reference's state, by the end of their names.
fn state(vectors: &Vectors) -> Vec<NamedArray> {
    let entries = vectors.meta["state"].as_array().unwrap().iter();
    let array = |entry: &serde_json::Value| {
        let name = entry[0].as_str().unwrap();
        let shape: Vec<usize> = serde_json::from_value(entry[1].clone()).unwrap();
        let fan_in: usize = shape[1..].iter().product();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        let book = || name.split("layers.").nth(1).unwrap().split('.').next().unwrap().parse();
        let value = |u: f64| match () {
            () if ends(&["weight_g"]) => 0.8 + 0.8 * u,
            () if ends(&["weight_v", "conv.weight"]) || name.contains(".lstm.weight_") => {
                (2.0 * u - 1.0) * (3.0 / fan_in as f64).sqrt()
            }
            () if ends(&["norm.weight"]) => 0.8 + 0.4 * u,
            () if name.contains(".bias") => 0.2 * u - 0.1,
            () if ends(&["embed", "embed_avg"]) => {
                (2.0 * u - 1.0) * 0.6 * 0.5f64.powi(book().unwrap())
            }
            () => 1.0,
        };
        let draws = u(name, shape.iter().product());
        let values = draws.into_iter().map(|u| value(u) as f32).collect();
        NamedArray { name: name.to_owned(), shape, values }
    };
    entries.map(array).collect()
}

fn sound(n_channels: usize, n: usize) -> Vec<Vec<f32>> {
    let noise = u("x", n_channels * n);
    let triangle = |n: usize| (97.0 - (4.0 * (n % 97) as f64 - 194.0).abs()) / 97.0;
    let at =
        |c: usize, t: usize| 0.25 * (2.0 * noise[c * n + t] - 1.0) + 0.5 * triangle(t * (c + 1));
    (0..n_channels).map(|c| (0..n).map(|t| at(c, t) as f32).collect()).collect()
}

/// A folder as a hub has it.
fn folder(vectors: &Vectors, arrays: &[NamedArray]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), &vectors.config).unwrap();
    let path: PathBuf = folder.path().join("model.safetensors");
    checkpoint::write(&path, arrays, &BTreeMap::new()).unwrap();
    folder
}

fn opened(name: &str) -> (Vectors, Encodec) {
    let vectors = vectors(name);
    let folder = folder(&vectors, &state(&vectors));
    let codec = crate::hub::open_encodec(folder.path()).unwrap();
    (vectors, codec)
}

#[test]
fn folders_of_the_reference_are_whole() {
    for name in NAMES {
        let vectors = vectors(name);
        let folder = folder(&vectors, &state(&vectors));
        let found = crate::hub::check(folder.path()).unwrap();
        assert_eq!(found.family.as_deref(), Some("encodec"));
        assert_eq!(
            (found.is_usable, &found.missing, &found.unexpected),
            (true, &vec![], &vec![]),
            "{name}: {:?}",
            found.problems
        );
    }
}

#[test]
fn codes_and_sound_are_those_of_the_reference() {
    let (mut n_codes, mut n_equal, mut worst, mut worst_scale) = (0, 0, 0.0f32, 0.0f32);
    for name in NAMES {
        let (vectors, codec) = opened(name);
        for case in vectors.meta["cases"].as_array().unwrap() {
            let (bandwidth, n) = (case[0].as_f64().unwrap(), case[1].as_u64().unwrap());
            let x = sound(codec.config().audio_channels, n as usize);
            let codes = codec.encode(&x, Some(bandwidth)).unwrap();
            let array = |kind: &str| vectors.arrays.get(&format!("{kind} {bandwidth} {n}"));
            let expected = array("codes").unwrap();
            let n_frames = expected.shape[1];
            assert_eq!(codes.books.len(), expected.shape[0], "{name} {case}: books");
            assert_eq!(codes.books[0].len(), n_frames, "{name} {case}: frames");
            let theirs: Vec<i64> = expected.values.iter().map(|code| *code as i64).collect();
            let ours = codes.books.iter().flatten();
            n_codes += theirs.len();
            n_equal += ours.zip(&theirs).filter(|(a, b)| a == b).count();

            let scales = array("scales").map(|it| it.values.clone()).unwrap_or_default();
            assert_eq!(codes.scales.len(), scales.len(), "{name} {case}: scales");
            for (a, b) in codes.scales.iter().zip(&scales) {
                worst_scale = worst_scale.max((a - b).abs() / b);
            }
            let books = theirs.chunks(n_frames).map(<[i64]>::to_vec).collect();
            let out = codec.decode(&Codes { books, scales }).unwrap();
            let expected = array("sound").unwrap();
            assert_eq!([out.len(), out[0].len()], expected.shape[..], "{name} {case}: sound");
            let pairs = out.iter().flatten().zip(&expected.values);
            let apart = pairs.fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(apart < 1e-4, "{name} {case}: the sound is {apart} apart");
            worst = worst.max(apart);
        }
    }
    assert!(n_codes > 1_000, "{n_codes} codes");
    assert_eq!(n_equal, n_codes, "codes that are equal");
    assert!(worst_scale < 1e-5, "scales are {worst_scale} apart");
    println!("{n_equal} of {n_codes} codes equal; sound at most {worst:e} apart");
}

/// Numbers that are not to be told from each other: a product may be summed in another order.
fn same(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let apart = found.iter().zip(expected).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
    assert!(apart < 1e-5, "{apart} apart");
}

#[test]
fn pieces_give_what_the_whole_gives_at_once() {
    for name in ["mono_24khz", "music_32khz"] {
        let (_, codec) = opened(name);
        let Encodec { config, network, weights } = &codec;
        let pace = |n_frames| Pace { n_frames, go_on: Box::leak(Box::new(|| true)) };
        for n in [1, 39, 40, 41, 2_500, 4_799, 4_800] {
            let x = layers::Signal { n_channels: 1, values: sound(1, n).concat() };
            let encoded = |piece| network.encode(config, weights, &x, pace(piece)).unwrap();
            let latents = encoded(usize::MAX);
            let decoded =
                |piece| network.decode(config, weights, latents.clone(), pace(piece)).unwrap();
            let out = decoded(usize::MAX);
            for piece in [1, 3, 7, 50] {
                same(&encoded(piece).values, &latents.values);
                same(&decoded(piece).values, &out.values);
            }
        }
    }
}

#[test]
fn memory_does_not_grow_with_a_sound_and_it_can_be_ended_between_pieces() {
    let config =
        EncodecConfig { num_filters: 64, use_causal_conv: false, ..EncodecConfig::default() };
    let of = |secs: usize| config.working_bytes(secs * config.sampling_rate as usize);
    assert!(of(300) - of(30) < 270 * 24_000 * 4 * 16, "{} and {}", of(300), of(30));

    let (_, codec) = opened("music_32khz");
    // Two pieces and a half.
    let codes = Codes { books: vec![vec![5; 4_100]; 3], scales: vec![] };
    let mut asked = 0;
    let mut until = |n: usize| {
        asked = 0;
        codec.decode_while(&codes, &mut || {
            asked += 1;
            asked < n
        })
    };
    assert!(until(2).unwrap().is_none());
    let whole = until(100).unwrap().unwrap();
    assert_eq!((whole[0].len(), asked), (4_100 * 40, 3));
    let ended = codec.encode_while(&whole, None, &mut || false);
    assert!(ended.unwrap().is_none());
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    let (_, codec) = opened("mono_24khz");
    let check = |result: Result<(), Error>, expected: &str| {
        let said = result.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    };
    let encode = |n, bandwidth| codec.encode(&sound(1, n), bandwidth).map(|_| ());
    check(encode(0, None), "empty");
    for bandwidth in [0.0, -1.0, 1e9, f64::NAN] {
        check(encode(10, Some(bandwidth)), "not among those of the model: 6, 18");
    }
    let decode =
        |books: Vec<Vec<i64>>, scales: Vec<f32>| codec.decode(&Codes { books, scales }).map(|_| ());
    check(decode(vec![], vec![]), "0 books");
    check(decode(vec![vec![0]; 4], vec![]), "the model has 3");
    check(decode(vec![vec![]], vec![]), "no codes");
    check(decode(vec![vec![0, 0], vec![0]], vec![]), "not all as many");
    check(decode(vec![vec![0, 1024]], vec![]), "code 1024 in book 0, frame 1");
    check(decode(vec![vec![-1]], vec![]), "code -1");
    check(decode(vec![vec![0]], vec![1.0, 1.0]), "2 scales for 1 chunks");
}

#[test]
fn configurations_that_lie_are_refused_before_anything_is_made() {
    let vectors = vectors("mono_24khz");
    let whole: serde_json::Value = serde_json::from_str(&vectors.config).unwrap();
    let check = |field: &str, value: serde_json::Value, expected: &str| {
        let mut config = whole.clone();
        config[field] = value;
        let said = EncodecConfig::parse(&config).unwrap_err();
        assert!(said.contains(expected), "{field}: {said}");
    };
    check("num_filters", 0.into(), "num_filters is 0");
    check("num_filters", (1u64 << 40).into(), "num_filters is");
    check("num_filters", (-1).into(), "invalid value");
    check("hidden_size", "many".into(), "invalid type");
    check("upsampling_ratios", serde_json::json!([]), "number of upsampling_ratios");
    check("upsampling_ratios", serde_json::json!([0]), "each of upsampling_ratios");
    check("upsampling_ratios", serde_json::json!([512, 512, 512]), "product");
    check("target_bandwidths", serde_json::json!([3.0, 1.0]), "rising");
    check("target_bandwidths", serde_json::json!([1e5]), "number of books");
    check("dilation_growth_rate", 0.into(), "dilation_growth_rate");
    check("codebook_dim", 3.into(), "codebook_dim");
    check("pad_mode", "circular".into(), "unknown variant");
    check("trim_right_ratio", 2.into(), "trim_right_ratio");
    check("norm_type", "time_group_norm".into(), "causal");
    check("chunk_length_s", 1.into(), "overlap");
    // A folder whose tensors are not those of its configuration.
    let mut config = whole.clone();
    config["num_filters"] = 64.into();
    let lying = Vectors { config: config.to_string(), ..vectors };
    let folder = folder(&lying, &state(&lying));
    let found = crate::hub::check(folder.path()).unwrap();
    assert!(
        !found.is_usable && found.problems[0].contains("another shape"),
        "{:?}",
        found.problems
    );
    let error = crate::hub::open_encodec(folder.path()).unwrap_err().to_string();
    assert!(error.contains("its shape is"), "{error}");
}
