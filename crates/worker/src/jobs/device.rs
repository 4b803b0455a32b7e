//! The device a job computes on: the CPU or a GPU, as its settings ask and the computer allows.

use api::Warning;
use models::{Settings, StepDifference, Trainer};
use nn::Compute;

use super::refuse;
use crate::{folder::JobFolder, log::log};

/// The device that the settings ask for.
///
/// A new run is refused if its GPU is missing. A resumed run must not be lost because it was moved to another
/// computer: it continues on the CPU, with a warning.
pub(super) fn choose(
    settings: &dyn Settings,
    has_begun: bool,
    folder: &mut JobFolder,
) -> anyhow::Result<Compute> {
    let compute = match settings.compute() {
        Ok(compute) => compute,
        Err(why) if has_begun => {
            folder.warn(Warning {
                code: "no_gpu".into(),
                file: None,
                message: format!("This run continues on the CPU, because {why}."),
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
    // A GPU without 16-bit arithmetic trains just as well, only slower: no reason to refuse.
    let is_exact = compute.is_gpu() && !compute.is_mixed();
    if settings.wants_mixed() && is_exact {
        folder.warn(Warning {
            code: "no_mixed_precision".into(),
            file: None,
            message:
                "This graphics card does not support 16-bit arithmetic, so training uses 32 bits."
                    .into(),
        })?;
    }
    log(&format!("computes on {}", compute.description()));
    Ok(compute)
}

/// Compares one training step on the trainer's device with the same step on the CPU, before training there.
///
/// A difference larger than rounding means that the GPU's driver is faulty: a new run that asks for the GPU is
/// refused; one that was resumed, or left the choice to us (`has_choice`), continues on the CPU.
pub(super) fn check(
    trainer: &mut dyn Trainer,
    batch: &[f32],
    has_choice: bool,
    folder: &mut JobFolder,
) -> anyhow::Result<()> {
    let compute = trainer.compute();
    if !compute.is_gpu() {
        return Ok(());
    }
    log("compares a step on the graphics card with one on the CPU");
    let difference = trainer.difference_from_cpu(batch);
    log(&format!("{difference:?}"));
    if difference.is_rounding(&compute) {
        return Ok(());
    }
    let why = computes_wrongly(&compute, difference);
    if has_choice {
        let message = format!("This run continues on the CPU, because {why}.");
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

fn computes_wrongly(compute: &Compute, difference: StepDifference) -> String {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    format!(
        "losses of {} are off by up to {} and gradients by {} of what the CPU computes",
        compute.description(),
        percent(difference.losses),
        percent(difference.gradients)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_figures() {
        let difference = StepDifference { losses: 0.006, gradients: 1.0 / 3.0 };
        let words = computes_wrongly(&Compute::cpu(), difference);
        assert!(words.contains("0.6 %") && words.contains("33.3 %"), "{words}");
    }
}
