//! Movements through a latent space in files: an array of coordinates, as the explorer saves it, for the command.

use std::path::Path;

use anyhow::Context as _;
use nn::npy::{self, Npy, Numbers};

/// The most numbers of a movement: ten minutes of 64 directions.
const NUMBERS_MAX: usize = 64 * 200_000;

/// Reads a movement: an array of the shape [1, directions, frames] or [directions, frames], in standard deviations. Gives
/// its frames.
///
/// # Errors
/// When the file cannot be read, or holds something else.
pub fn read_movement(path: &Path) -> anyhow::Result<Vec<Vec<f32>>> {
    let Npy { shape, numbers } = npy::read(path, NUMBERS_MAX)
        .with_context(|| format!("failed to read {}", path.display()))?;
    let ([n_directions, n_frames] | [1, n_directions, n_frames]) = shape[..] else {
        anyhow::bail!(
            "failed to use {}: its shape is {shape:?}, not [1, directions, frames]",
            path.display()
        );
    };
    let Numbers::Floats(numbers) = numbers else {
        anyhow::bail!("failed to use {}: it holds whole numbers, no coordinates", path.display());
    };
    if numbers.iter().any(|x| !x.is_finite()) {
        anyhow::bail!("failed to use {}: it holds numbers that are not finite", path.display());
    }
    let frame = |i: usize| (0..n_directions).map(|d| numbers[d * n_frames + i]).collect();
    Ok((0..n_frames).map(frame).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_the_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let check = |shape: &[usize], numbers: &[f32], expected: Option<&[&[f32]]>| {
            npy::write(&path, shape, numbers).unwrap();
            let read = read_movement(&path).ok();
            let expected = expected.map(|it| it.iter().map(|frame| frame.to_vec()).collect());
            assert_eq!(read, expected, "{shape:?}");
        };
        let numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let frames: &[&[f32]] = &[&[1.0, 4.0], &[2.0, 5.0], &[3.0, 6.0]];
        check(&[1, 2, 3], &numbers, Some(frames));
        check(&[2, 3], &numbers, Some(frames));
        check(&[6], &numbers, None);
        check(&[2, 1, 3], &numbers, None);
        check(&[2, 1], &[1.0, f32::NAN], None);
        std::fs::write(&path, "no array").unwrap();
        assert!(read_movement(&path).is_err());
    }
}
