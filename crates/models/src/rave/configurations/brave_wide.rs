//! BRAVE with twice the capacity, a receptive field of a second and a better filter bank: the published
//! configuration `c128_r10_p70`.

use api::Preset;

use super::brave;

pub(super) fn preset() -> Preset {
    Preset {
        name: "brave_wide".into(),
        title: "BRAVE wide".into(),
        group: "BRAVE".into(),
        summary:
            "BRAVE with four times the parameters: about 12 ms from input to output. It hears the \
                  last second. Its filter bank (70 dB) alone reconstructs with an SNR of 55 dB."
                .into(),
        settings: brave::low_latency(64, &[3, 9, 27, 45, 63], 70.0),
        limit: brave::LIMIT,
    }
}
