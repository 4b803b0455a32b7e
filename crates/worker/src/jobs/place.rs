//! Where a job computes: the CPU or a graphics card, as its settings ask and the computer can.

use api::Warning;
use models::rave::{Apart, Config, Device, Trainer};
use nn::Compute;

use super::refuse;
use crate::{folder::JobFolder, log::log};

/// The place that settings ask for.
///
/// A run that begins is refused where its card is missing. One that goes on must not be lost when it comes
/// to another computer: it goes on with the CPU, and says so.
pub(super) fn place(
    config: &Config,
    has_begun: bool,
    folder: &mut JobFolder,
) -> anyhow::Result<Compute> {
    let compute = match config.compute() {
        Ok(compute) => compute,
        Err(why) if has_begun => {
            folder.warn(Warning {
                code: "no_gpu".into(),
                file: None,
                message: format!("This run goes on with the processor, since {why}."),
            })?;
            Compute::cpu()
        }
        Err(why) => {
            return refuse(
                "no_gpu",
                "This run asks for a graphics card.",
                &format!("But {why}."),
                "Start it with the setting device=auto or device=cpu, or build Maquette with \
                 `--features vulkan` and install a driver for Vulkan.",
            );
        }
    };
    // A card that is there and refuses to multiply in 16 bits is no reason to stop.
    let is_exact = compute.is_gpu() && !compute.is_mixed();
    if config.wants_mixed() && is_exact {
        folder.warn(Warning {
            code: "no_mixed_precision".into(),
            file: None,
            message: "This graphics card has no numbers of 16 bits, so precision is not mixed."
                .into(),
        })?;
    }
    log(&format!("computes on {}", compute.description()));
    Ok(compute)
}

/// Compares one step on the place of a trainer with the same on the CPU, before anything is learnt there.
///
/// Where more than rounding is between them, the card's driver is at fault: a run that asked for the card is
/// refused, and one that has begun, or left the choice, goes on with the CPU.
pub(super) fn check(
    trainer: &mut Trainer,
    batch: &[f32],
    folder: &mut JobFolder,
) -> anyhow::Result<()> {
    let compute = trainer.compute().clone();
    if !compute.is_gpu() {
        return Ok(());
    }
    log("compares a step on the graphics card with one on the processor");
    let apart = trainer.apart_from_cpu(batch);
    log(&format!("{apart:?}"));
    if apart.is_rounding(&compute) {
        return Ok(());
    }
    let has_choice = trainer.config().device == Device::Auto || trainer.global_step() > 0;
    let why = computes_wrongly(&compute, apart);
    if has_choice {
        let message = format!("This run goes on with the processor, since {why}.");
        folder.warn(Warning { code: "gpu_wrong".into(), file: None, message })?;
        trainer.compute_on(Compute::cpu());
        return Ok(());
    }
    refuse(
        "gpu_wrong",
        "This graphics card cannot be trusted with training.",
        &format!("In a trial step, {why}."),
        "Update its driver, or start the run with the setting device=cpu.",
    )
}

fn computes_wrongly(compute: &Compute, apart: Apart) -> String {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    format!(
        "losses of {} are off by up to {} and gradients by {} of what the processor computes",
        compute.description(),
        percent(apart.losses),
        percent(apart.gradients)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_figures() {
        let apart = Apart { losses: 0.006, gradients: 1.0 / 3.0 };
        let words = computes_wrongly(&Compute::cpu(), apart);
        assert!(words.contains("0.6 %") && words.contains("33.3 %"), "{words}");
    }
}
