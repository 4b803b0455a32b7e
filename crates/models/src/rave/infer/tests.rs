//! Playing: pieces make the same sound as the whole, at every length.

use serde_json::json;

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
        let pieces = Player { n_frames_piece, ..Player::new(&config, &network, &weights, true) };
        let apart = |a: &[Vec<f32>], b: &[Vec<f32>]| {
            let pairs = a.iter().flatten().zip(b.iter().flatten());
            pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        assert!(apart(&pieces.encode(&clip(20_000)), &latent) < 1e-4, "{n_frames_piece}");
        assert!(apart(&pieces.decode(&latent), &audio) < 1e-4, "{n_frames_piece}");
    }
}

#[test]
fn chance_is_the_same_in_whatever_piece_it_is() {
    let config = tiny(&json!({ "regularization": "variational" }));
    let network = Network::new(&config);
    let weights = network.initialise(&config, 4).frozen();
    let drawn = |n_frames_piece: usize, seed: u64| {
        let player = Player { n_frames_piece, ..Player::new(&config, &network, &weights, true) };
        let latent = player.encode_while(&clip(5000), Chance::Seeded(seed), |_| true).unwrap();
        player.decode_while(&latent, Chance::Seeded(seed), |_| true).unwrap()
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
        nn::checkpoint::write(&path, &[], &metadata.iter().map(owned).collect()).unwrap();
        Model::load(&path).err().unwrap().to_string()
    };
    assert!(refused(&[]).contains("not a RAVE checkpoint"));
    assert!(refused(&[("family", "rave")]).contains("the file has none"));
    let wrong = refused(&[("family", "rave"), ("settings", "{\"capacity\":0}")]);
    assert!(wrong.contains("capacity: must be"), "{wrong}");
    assert!(refused(&[("family", "rave"), ("settings", "{}")]).contains("find tensor"));
}
