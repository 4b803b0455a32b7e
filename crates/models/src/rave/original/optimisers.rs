//! The state of the original's two optimisers, which is indexed by the position of parameters.
//!
//! Source: `torch.optim.Adam` of PyTorch 2.5. The first optimiser updates the encoder and then the
//! decoder, the second the discriminators, each in the order of the state dict.

use std::collections::BTreeMap;

use nn::NamedArray;
use nn::torch_checkpoint::TorchCheckpoint;

use crate::Error;
use crate::rave::network::{DECODER, DISCRIMINATOR, ENCODER};
use crate::rave::train::{DISCRIMINATOR_STATE, GENERATOR_STATE};

/// The state under our names; empty if it is missing or does not fit the parameters.
///
/// `state` gives the order, `parameters` are ours.
pub(super) fn read(
    file: &TorchCheckpoint,
    parameters: &[NamedArray],
    state: &[NamedArray],
) -> Result<Option<Vec<NamedArray>>, Error> {
    let Some(both) = file.root().get("optimizer_states") else { return Ok(None) };
    let shapes: BTreeMap<&str, &[usize]> =
        parameters.iter().map(|array| (array.name.as_str(), array.shape.as_slice())).collect();
    let mut arrays = Vec::new();
    for (optimiser, prefix) in both.items().zip([GENERATOR_STATE, DISCRIMINATOR_STATE]) {
        let names = learnt(state, prefix);
        let groups = optimiser.get("param_groups").and_then(|groups| groups.items().next());
        let n_params = groups.and_then(|group| group.get("params")).map(|it| it.items().count());
        let Some(moments) = optimiser.get("state").filter(|_| n_params == Some(names.len())) else {
            return Ok(None);
        };
        for array in file.tensors(moments)? {
            let Some((index, part)) = array.name.split_once('.') else { return Ok(None) };
            let index = index.parse::<usize>().ok();
            let Some(name) = index.and_then(|index| names.get(index)) else { return Ok(None) };
            let fits = match part {
                "step" => array.values.len() == 1,
                _ => shapes.get(name) == Some(&array.shape.as_slice()),
            };
            if !fits {
                return Ok(None);
            }
            let shape = if part == "step" { Vec::new() } else { array.shape };
            arrays.push(NamedArray { name: format!("{prefix}{name}.{part}"), shape, ..array });
        }
        // PyTorch before 1.12 stored steps as plain numbers.
        for (index, one) in moments.entries() {
            let name = index.as_int().and_then(|index| names.get(usize::try_from(index).ok()?));
            let step = one.get("step").and_then(|step| step.as_float());
            if let (Some(name), Some(step)) = (name, step) {
                let name = format!("{prefix}{name}.step");
                arrays.push(NamedArray { name, shape: Vec::new(), values: vec![step as f32] });
            }
        }
    }
    Ok(Some(arrays))
}

/// The parameters that an optimiser updates, in its order.
pub(super) fn learnt<'a>(state: &'a [NamedArray], prefix: &str) -> Vec<&'a str> {
    let is_its = |name: &str| match prefix {
        GENERATOR_STATE => name.starts_with(ENCODER) || name.starts_with(DECODER),
        _ => name.starts_with(DISCRIMINATOR),
    };
    let names = state.iter().map(|array| array.name.as_str());
    names.filter(|name| is_its(name) && is_learnt(name)).collect()
}

/// Whether an array is trained by gradients; the rest of a state dict is statistics and flags.
pub(super) fn is_learnt(name: &str) -> bool {
    const LEARNT: &[&str] = &["weight", "weight_g", "weight_v", "bias", "alpha"];
    let last = name.rsplit('.').next().unwrap_or(name);
    LEARNT.contains(&last)
        || last.starts_with("weight_ih_l")
        || last.starts_with("weight_hh_l")
        || last.starts_with("bias_ih_l")
        || last.starts_with("bias_hh_l")
}
