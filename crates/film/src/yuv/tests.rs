//! The conversion against the formula of the standard, and changes against a conversion from scratch.

use super::Planes;

/// Some pixels that repeat only after a long time.
fn noise(n: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..n).map(next).collect()
}

fn check(pixel: [u8; 3]) {
    let mut planes = Planes::new(34, 2);
    planes.update(&pixel.repeat(34 * 2));
    let [r, g, b] = pixel.map(|it| f32::from(it) / 255.0);
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let expected =
        [16.0 + 219.0 * y, 128.0 + 224.0 * (b - y) / 1.8556, 128.0 + 224.0 * (r - y) / 1.5748];
    let (y, u, v) = planes.slices();
    for (plane, expected) in [y, u, v].into_iter().zip(expected) {
        for value in plane {
            assert!((f32::from(*value) - expected).abs() <= 1.2, "{pixel:?}: {value}, {expected}");
        }
    }
}

#[test]
fn colours_are_those_of_the_standard() {
    for r in (0..=255).step_by(51) {
        for g in (0..=255).step_by(51) {
            for b in (0..=255).step_by(51) {
                check([r, g, b]);
            }
        }
    }
}

#[test]
fn a_colour_is_the_mean_of_four_pixels() {
    let mut planes = Planes::new(2, 2);
    planes.update(&[255, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255]);
    let mut mean = Planes::new(2, 2);
    mean.update(&[128, 0, 128].repeat(4));
    assert_eq!(planes.slices().1, mean.slices().1);
    assert_eq!(planes.slices().2, mean.slices().2);
}

#[test]
fn changes_give_what_a_conversion_from_scratch_gives() {
    let (width, height) = (70, 24);
    let mut rgb = noise(width * height * 3, 1);
    let mut planes = Planes::new(width, height);
    planes.update(&rgb);
    for (i, change) in noise(200, 2).chunks(2).enumerate() {
        let place = (usize::from(change[0]) * 256 + usize::from(change[1])) % (rgb.len() - 40);
        rgb[place..place + i % 40].fill(change[0]);
        planes.update(&rgb);
        let mut fresh = Planes::new(width, height);
        fresh.update(&rgb);
        assert!(planes.slices() == fresh.slices(), "change {i} at {place}");
    }
}
