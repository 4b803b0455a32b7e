//! Sounds to codes and back through a tiny model of random weights, and what cannot be used.

use std::{collections::BTreeMap, fs};

use models::encodec::EncodecConfig;
use nn::{Init, NamedArray, checkpoint};

use super::*;

/// A folder of a model, and a sound of another rate and number of channels.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(settings: &serde_json::Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = serde_json::json!({
            "model_type": "encodec", "num_filters": 4, "hidden_size": 8, "upsampling_ratios": [4, 2],
            "sampling_rate": 8000, "codebook_size": 16, "target_bandwidths": [10.0, 20.0],
        });
        for (key, value) in settings.as_object().unwrap() {
            config[key] = value.clone();
        }
        fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        let tensors = Encodec::tensors(&EncodecConfig::parse(&config).unwrap());
        let array = |(name, shape): (String, Vec<usize>)| {
            let n = shape.iter().product();
            let values = Init::named(0, &name).uniform(n, -0.4, 0.4);
            NamedArray { name, shape, values }
        };
        let arrays: Vec<NamedArray> = tensors.into_iter().map(array).collect();
        let path = folder.path().join("model.safetensors");
        checkpoint::write(&path, &arrays, &BTreeMap::new()).unwrap();
        let wave = |k: f32| (0..11_025).map(|n| 0.3 * (n as f32 * k).sin()).collect();
        let clip = Clip { rate_hz: 22_050, channels: vec![wave(0.05), wave(0.07)] };
        let format = FileFormat::Wav(WavFormat::Int16);
        write_sound(&folder.path().join("in.wav"), &clip, format).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn encode(&self, bandwidth: Option<f64>) -> Result<EncodedSound, Problem> {
        encode_codes(self.folder.path(), &self.path("in.wav"), &self.path("c.npy"), bandwidth)
    }

    fn decode(&self, output: &str) -> Result<DecodedCodes, Problem> {
        decode_codes(self.folder.path(), &self.path("c.npy"), &self.path(output))
    }
}

#[test]
fn sounds_of_any_rate_become_codes_and_sound_again() {
    let bench = Bench::new(&serde_json::json!({}));
    assert!(check_weights(bench.folder.path()).unwrap().is_usable);
    // Frames of 8 samples at 8 kHz: a book of ten bits for each 10 kbit/s, and books of four bits here.
    let made = bench.encode(None).unwrap();
    assert_eq!((made.books, made.frames, made.scales.is_some()), (2, 500, false));
    assert!(made.notes[0].contains("from 22050 Hz with 2 channels to 8000 Hz"), "{:?}", made.notes);
    let codes = npy::read(&bench.path("c.npy"), 1 << 20).unwrap();
    assert_eq!(codes.shape, [2, 500]);
    let made = bench.decode("out.npy").unwrap();
    assert_eq!((made.channels, made.samples, made.rate_hz), (1, 4_000, 8_000));
    bench.decode("out.wav").unwrap();
    let limits = DecodeLimits::default();
    let read = decode_file(&bench.path("out.wav"), &limits).unwrap().clip;
    let Numbers::Floats(out) = npy::read(&bench.path("out.npy"), 1 << 20).unwrap().numbers else {
        panic!("sound is floats");
    };
    assert_eq!(read.n_frames(), out.len());
    assert!(out.iter().any(|x| x.abs() > 1e-3), "the sound is silent");
}

#[test]
fn a_model_of_chunks_keeps_their_loudness_beside_the_codes() {
    let bench = Bench::new(&serde_json::json!({
        "audio_channels": 2, "normalize": true, "chunk_length_s": 0.1, "overlap": 0.01,
        "norm_type": "time_group_norm", "use_causal_conv": false,
    }));
    let made = bench.encode(None).unwrap();
    // Chunks of 800 samples begin every 792 of 4,000: five of 100 frames, and one of 40 samples.
    assert_eq!((made.books, made.frames), (2, 505));
    let scales = npy::read(&bench.path("c.scales.npy"), 100).unwrap();
    assert_eq!(scales.shape, [6]);
    let made = bench.decode("out.npy").unwrap();
    assert_eq!((made.channels, made.samples, made.notes.len()), (2, 4_000, 0));
    fs::remove_file(bench.path("c.scales.npy")).unwrap();
    assert!(bench.decode("out.npy").unwrap().notes[0].contains("c.scales.npy"));
    fs::write(bench.path("c.scales.npy"), "nonsense").unwrap();
    assert_eq!(bench.decode("out.npy").unwrap_err().code, "bad_codes");
}

#[test]
fn what_cannot_be_used_is_said() {
    let bench = Bench::new(&serde_json::json!({}));
    let said = |problem: Problem| (problem.code, problem.why.unwrap_or_default());
    let (code, why) = said(bench.encode(Some(500.0)).unwrap_err());
    assert!(code == "unfit" && why.contains("10, 20"), "{code}: {why}");
    assert!(!bench.path("c.npy").exists());
    npy::write(&bench.path("c.npy"), &[1, 2], &[0.0, 1.0]).unwrap();
    assert_eq!(said(bench.decode("out.wav").unwrap_err()).0, "bad_codes");
    npy::write_integers(&bench.path("c.npy"), &[1, 2], &[0, 16]).unwrap();
    let (code, why) = said(bench.decode("out.wav").unwrap_err());
    assert!(code == "unfit" && why.contains("ode 16 in book 0, frame 1"), "{code}: {why}");
    fs::write(bench.path("in.wav"), "no sound").unwrap();
    assert!(bench.encode(None).is_err());
    let bytes = fs::read(bench.path("model.safetensors")).unwrap();
    fs::write(bench.path("model.safetensors"), &bytes[..bytes.len() / 2]).unwrap();
    let (code, why) = said(bench.decode("out.wav").unwrap_err());
    assert!(code == "bad_model" && why.contains("downloaded whole"), "{code}: {why}");
    let found = check_weights(bench.folder.path()).unwrap();
    assert!(!found.is_usable && found.problems[0].contains("downloaded whole"));
    assert!(check_weights(&bench.path("nowhere")).is_err());
}
