//! Playing in pieces gives the same sound as playing the whole, at every length.

use serde_json::json;

use nn::Init;

use super::*;
use crate::rave::Trainer;
use crate::rave::train::tests::tiny;

fn trainer() -> Trainer {
    Trainer::new(&tiny(&json!({})), 4)
}

fn clip(n: usize) -> Vec<Vec<f32>> {
    vec![Init::new(9).uniform(n, -0.5, 0.5)]
}

#[test]
fn reconstructions_are_as_long_as_their_originals() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    trainer().save(&path).unwrap();
    let model = Model::load(&path).unwrap();
    for n in [0, 1, 7, 32, 33, 4095, 10_000] {
        let made = model.reconstruct(&clip(n));
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].len(), n);
        assert!(made[0].iter().all(|sample| sample.is_finite()));
        let latent = model.encode(&clip(n));
        assert_eq!(latent.len(), model.config().latent_size);
        assert_eq!(model.decode(&latent)[0][..n], made[0]);
    }
    assert_eq!(model.reconstruct(&clip(5000)), trainer().render(&clip(5000)));
}

#[test]
fn pieces_join_to_what_the_whole_gives() {
    let config = tiny(&json!({}));
    let network = Network::new(&config);
    let weights = network.initialise(&config, 4).frozen();
    let whole = Player::new(&config, &network, &weights, true);
    let latent = whole.encode(&clip(20_000));
    let audio = whole.decode(&latent);
    for n_frames_piece in [1, 5, 64] {
        let pieces = Player::new(&config, &network, &weights, true).with_pieces_of(n_frames_piece);
        let difference = |a: &[Vec<f32>], b: &[Vec<f32>]| {
            let pairs = a.iter().flatten().zip(b.iter().flatten());
            pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        assert!(difference(&pieces.encode(&clip(20_000)), &latent) < 1e-4, "{n_frames_piece}");
        assert!(difference(&pieces.decode(&latent), &audio) < 1e-4, "{n_frames_piece}");
    }
}

/// The largest difference between rows of equal length.
fn difference(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    assert!(a.iter().map(Vec::len).eq(b.iter().map(Vec::len)));
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Supplies rows in blocks of the given size.
fn in_blocks(
    rows: &[Vec<f32>],
    n: usize,
) -> impl FnMut(&mut [Vec<f32>]) -> Result<bool, Infallible> {
    let mut at = 0;
    move |place| {
        let end = (at + n).min(rows[0].len());
        place.iter_mut().zip(rows).for_each(|(place, row)| place.extend_from_slice(&row[at..end]));
        at = end;
        Ok(at < rows[0].len())
    }
}

#[test]
fn a_sound_that_comes_in_blocks_gives_what_the_whole_gives() {
    // Recurrent layers carry their state over; noise channels and stereo do not depend on pieces.
    for changes in [
        json!({}),
        json!({ "gru_layers": 2 }),
        json!({
            "gru_layers": 1, "channels": 2, "regularization": "wasserstein", "noise_augmentation": 2,
        }),
        json!({ "padding": "causal" }),
    ] {
        let config = tiny(&changes);
        let network = Network::new(&config);
        let weights = network.initialise(&config, 4).frozen();
        let n = 20_001;
        let sound: Vec<Vec<f32>> =
            (0..config.channels).map(|c| Init::new(9 + c as u64).uniform(n, -0.5, 0.5)).collect();
        let whole = Player::new(&config, &network, &weights, true);
        let latent = whole.encode(&sound);
        let mut expected = whole.decode(&latent);
        expected.iter_mut().for_each(|channel| channel.truncate(n));
        for (n_frames_piece, block) in [(3, 100), (64, 777), (5, 50_000)] {
            let player =
                Player::new(&config, &network, &weights, true).with_pieces_of(n_frames_piece);
            let mut made = vec![Vec::new(); config.channels];
            let Ok(()) = player.reconstruct(in_blocks(&sound, block), appending(&mut made));
            let difference = difference(&made, &expected);
            assert!(difference <= 1e-5, "{changes} {n_frames_piece} {block}: {difference}");
        }
    }
}

#[test]
fn lengths_are_known_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    trainer().save(&path).unwrap();
    let model = Model::load(&path).unwrap();
    for n in [0, 1, 31, 32, 33, 5000] {
        let latent = model.encode(&clip(n));
        assert_eq!(latent[0].len() as u64, model.n_latent_frames(n as u64));
        let decoded = model.decode(&latent)[0].len() as u64;
        assert_eq!(decoded, model.n_decoded_samples(latent[0].len() as u64));
    }
}

#[test]
fn noise_does_not_depend_on_pieces() {
    let config = tiny(&json!({ "regularization": "variational" }));
    let network = Network::new(&config);
    let weights = network.initialise(&config, 4).frozen();
    let drawn = |n_frames_piece: usize, seed: u64| {
        let player = Player::new(&config, &network, &weights, true).with_pieces_of(n_frames_piece);
        let latent = player.encode_with(&clip(5000), Randomness::Seeded(seed));
        player.decode_with(&latent, Randomness::Seeded(seed))
    };
    let whole = drawn(1000, 7);
    let pairs = |other: &[Vec<f32>]| -> f32 {
        let pairs = whole.iter().flatten().zip(other.iter().flatten());
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    assert!(pairs(&drawn(5, 7)) < 1e-4);
    assert!(pairs(&drawn(5, 8)) > 1e-4);
}

#[test]
fn other_files_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let refused = |metadata: &[(&str, &str)]| {
        let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        nn::checkpoint::write::<Vec<f32>>(&path, &[], &metadata.iter().map(owned).collect())
            .unwrap();
        Model::load(&path).err().unwrap().to_string()
    };
    assert!(refused(&[]).contains("not a RAVE checkpoint"));
    assert!(refused(&[("family", "rave")]).contains("the file has none"));
    let wrong = refused(&[("family", "rave"), ("settings", "{\"capacity\":0}")]);
    assert!(wrong.contains("capacity: must be"), "{wrong}");
    assert!(refused(&[("family", "rave"), ("settings", "{}")]).contains("find tensor"));
}
