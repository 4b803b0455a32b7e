//! The all-pass filter against its formula, its spectrum, and recorded values.

use std::io::Read;
use std::path::Path;

use super::*;

#[test]
fn the_impulse_response_is_that_of_the_formula() {
    let check = |frequency_hz: f64, radius: f64| {
        let mut found = vec![0.0f32; 200];
        found[0] = 1.0;
        allpass(&mut found, frequency_hz, radius, 44_100);
        // The difference equation of the source, written out.
        let w = TAU * frequency_hz / 44_100.0;
        let b = [radius * radius, -2.0 * radius * w.cos(), 1.0];
        let a = [1.0, b[1], b[0]];
        let mut expected = vec![0.0f64; 200];
        for n in 0..200 {
            let fed_back: f64 = (1..3).filter(|k| *k <= n).map(|k| a[k] * expected[n - k]).sum();
            expected[n] = b.get(n).copied().unwrap_or(0.0) - fed_back;
        }
        for (found, expected) in found.iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    };
    check(20.0, 0.99);
    check(440.0, 0.99);
    check(2000.0, 0.99);
    check(9000.0, 0.5);
}

#[test]
fn magnitudes_stay_and_samples_change() {
    const N: usize = 16_384;
    let mut rng = Rng::new(3);
    // Quiet at the end, so that the filter's tail fits; poles at 0.99 fall by 60 dB in 690 samples.
    let noise: Vec<f32> =
        (0..N).map(|n| if n < N / 2 { rng.uniform(-0.5, 0.5) } else { 0.0 }).collect();
    let mut mangled = noise.clone();
    phase_mangle(&mut mangled, 44_100, &mut rng);
    let magnitudes = |samples: &[f32]| -> Vec<f32> {
        let fft = realfft::RealFftPlanner::<f32>::new().plan_fft_forward(N);
        let mut spectrum = fft.make_output_vec();
        fft.process(&mut samples.to_vec(), &mut spectrum).unwrap();
        spectrum.into_iter().map(|bin| bin.norm()).collect()
    };
    let (before, after) = (magnitudes(&noise), magnitudes(&mangled));
    let largest = before.iter().copied().fold(0.0, f32::max);
    for (a, b) in before.iter().zip(&after) {
        assert!((a - b).abs() < 1e-4 * largest, "{a} {b}");
    }
    let changed = noise.iter().zip(&mangled).filter(|(a, b)| (*a - *b).abs() > 1e-3).count();
    assert!(changed > N / 4, "{changed}");
}

#[test]
fn the_frequency_is_uniform_in_its_logarithm() {
    // The first output of an impulse is always r^2; the second tells the frequency.
    let mut rng = Rng::new(11);
    let mut below_200 = 0;
    for _ in 0..1000 {
        let mut impulse = vec![1.0, 0.0];
        phase_mangle(&mut impulse, 44_100, &mut rng);
        assert!((impulse[0] - 0.9801).abs() < 1e-6);
        // y[1] = -2 r cos w + 2 r cos w r^2.
        let cos_w = f64::from(impulse[1]) / (-2.0 * RADIUS * (1.0 - RADIUS * RADIUS));
        let frequency = cos_w.clamp(-1.0, 1.0).acos() * 44_100.0 / TAU;
        assert!((10.0..2010.0).contains(&frequency), "{frequency}");
        below_200 += u32::from(frequency < 200.0);
    }
    assert!((420..580).contains(&below_200), "{below_200} of 1000");
}

/// An array of the reference's own output, from an archive of NumPy arrays of floats.
fn array(archive: &mut zip::ZipArchive<std::fs::File>, name: &str) -> Vec<f64> {
    let mut bytes = Vec::new();
    archive.by_name(&format!("{name}.npy")).unwrap().read_to_end(&mut bytes).unwrap();
    // Version 1: magic and version in 8 bytes, then the length of the header.
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[..start]).into_owned();
    if header.contains("<f8") {
        bytes[start..].as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
    } else {
        assert!(header.contains("<f4"), "{header}");
        bytes[start..].as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
    }
}

#[test]
fn it_agrees_with_the_reference() {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared = std::env::var_os("MAQUETTE_SHARED").unwrap_or(default.into());
    let path = Path::new(&shared).join("rave/components/components.npz");
    let Ok(file) = std::fs::File::open(&path) else {
        println!("skipped: {} not found", path.display());
        return;
    };
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let x = array(&mut archive, "x");
    for i in 0..3 {
        let expected = array(&mut archive, &format!("mangle{i}"));
        // Radians per sample; the rate cancels out.
        let angle = array(&mut archive, &format!("mangle{i}_ang"))[0];
        let mut found: Vec<f32> = x[..expected.len()].iter().map(|x| *x as f32).collect();
        allpass(&mut found, angle / TAU * 44_100.0, 0.99, 44_100);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    }
}
