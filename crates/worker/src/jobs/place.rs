//! Where a job computes: the CPU or a graphics card, as its settings ask and the computer can.

use api::Warning;
use models::rave::Config;
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
