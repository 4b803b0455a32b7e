//! Hot paths, measured against the program people use today, in turns, with medians.

mod exports;
mod forecast;
mod latency;
mod memory;
mod modules;
mod prepare;
mod quality;
mod reference;
mod stream;
mod train;

use clap::ValueEnum;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// One training step of RAVE against PyTorch running the same network.
    Train,
    /// The same on a graphics card.
    Gpu,
    /// Preparing a dataset against `rave preprocess`.
    Prepare,
    /// How near held-out sound comes in the same time, against `rave train`.
    Quality,
    /// Playing live against the original's streaming models.
    Stream,
    /// How long sound takes through models that play live.
    Latency,
    /// Exported files in the programs that they are for: differences and speed.
    Exports,
    /// Exported modules in PyTorch, against the original's own.
    Modules,
    /// How long runs were said to take against how long they took.
    Forecast,
    /// How much memory training was said to take against how much it took.
    Memory,
}

/// Measures one path and prints what came out.
pub(crate) fn run(name: Name, with_reference: bool) -> anyhow::Result<()> {
    match name {
        Name::Train => train::run(with_reference),
        Name::Gpu => train::run_on_gpu(with_reference),
        Name::Prepare => prepare::run(with_reference),
        Name::Quality => quality::run(with_reference),
        Name::Stream => stream::run(with_reference),
        Name::Latency => latency::run(),
        Name::Exports => exports::run(with_reference),
        Name::Modules => modules::run(with_reference),
        Name::Forecast => forecast::run(),
        Name::Memory => memory::run(),
    }
}

/// The middle one of several measurements.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
