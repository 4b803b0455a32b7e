//! Feed-forward networks over small pictures and numbers, with backward passes written by hand.
//!
//! Agents take thousands of small steps a second, where a graph of tensors would cost more than the
//! arithmetic. Here a network is a list of layers over one flat vector of parameters; a [`Pass`] keeps the
//! values of a batch between forward and backward, and nothing is allocated once it has seen its largest
//! batch. Every function works on the calling thread: callers split their batch over threads with
//! [`in_parallel`].
//!
//! Pictures are `[row][column][channel]` in memory. Parameters leave and come as `PyTorch` names and lays
//! them out ([`Network::to_arrays`]).
//!
//! A network is a trunk, and heads that each take what the trunk gives: policy and value, or the value and
//! the advantages of a duelling network.

mod layer;
mod optimiser;

use crate::{Error, Init, NamedArray, threads};

use self::layer::Layer;
pub use self::{
    layer::{Activation, FirstWeights, LayerSettings, Shape},
    optimiser::FlatAdam,
};

/// Runs `task(i, item)` for every item, on all threads.
pub fn in_parallel<T: Send>(items: &mut [T], task: impl Fn(usize, &mut T) + Sync) {
    threads::for_each_chunk(items, 1, |i, item| task(i, &mut item[0]));
}

/// The structure of a network; its parameters are elsewhere.
#[derive(Clone, Debug)]
pub struct Network {
    input: Shape,
    trunk: Vec<Layer>,
    heads: Vec<Vec<Layer>>,
    n_parameters: usize,
    n_transposed: usize,
}

/// What a network is fed with: one slice for each member of the batch.
pub enum Input<'a> {
    /// Numbers as they are.
    Numbers(&'a dyn Fn(usize) -> &'a [f32]),
    /// Bytes, each multiplied by a factor, like 1/255.
    Bytes(&'a dyn Fn(usize) -> &'a [u8], f32),
}

/// The values of a batch on its way through a network, forward and backward.
#[derive(Clone, Debug, Default)]
pub struct Pass {
    n: usize,
    input: Vec<f32>,
    /// What each layer gives, those of the trunk first, then head by head.
    outputs: Vec<Vec<f32>>,
    /// How the loss changes with each of them.
    gradients: Vec<Vec<f32>>,
    input_gradient: Vec<f32>,
    room: layer::Room,
}

impl Network {
    /// A network for an input of a shape.
    ///
    /// # Panics
    /// When a layer does not fit what it is given.
    #[must_use]
    pub fn new(input: Shape, trunk: &[LayerSettings], heads: &[&[LayerSettings]]) -> Self {
        let mut made =
            Self { input, trunk: vec![], heads: vec![], n_parameters: 0, n_transposed: 0 };
        let (trunk, between) = made.stack(input, trunk);
        made.heads = heads.iter().map(|head| made.stack(between, head).0).collect();
        made.trunk = trunk;
        made
    }

    fn stack(&mut self, input: Shape, settings: &[LayerSettings]) -> (Vec<Layer>, Shape) {
        let mut shape = input;
        let layers = settings.iter().map(|settings| {
            let layer = Layer::new(shape, *settings, self.n_parameters, self.n_transposed);
            self.n_parameters += layer.n_parameters();
            self.n_transposed += layer.n_transposed();
            shape = layer.output();
            layer
        });
        let layers = layers.collect();
        (layers, shape)
    }

    /// The shape of a member of its input.
    #[must_use]
    pub fn input(&self) -> Shape {
        self.input
    }

    /// Numbers that a flat vector of its parameters holds, padding included.
    #[must_use]
    pub fn n_parameters(&self) -> usize {
        self.n_parameters
    }

    /// Trainable numbers, without padding.
    #[must_use]
    pub fn n_trainable(&self) -> usize {
        self.layers().map(Layer::n_trainable).sum()
    }

    /// Numbers that all layers give for each member of a batch.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.layers().map(|layer| layer.output().len()).sum()
    }

    /// Heads.
    #[must_use]
    pub fn n_heads(&self) -> usize {
        self.heads.len()
    }

    /// Numbers that a head gives for each member of a batch.
    #[must_use]
    pub fn n_out(&self, head: usize) -> usize {
        let last = self.heads[head].last().or(self.trunk.last());
        last.map_or(self.input.len(), |layer| layer.output().len())
    }

    fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.trunk.iter().chain(self.heads.iter().flatten())
    }

    /// New parameters, drawn as each layer's settings say.
    #[must_use]
    pub fn init(&self, random: &mut Init) -> Vec<f32> {
        let mut parameters = vec![0.0; self.n_parameters];
        for layer in self.layers() {
            layer.init(random, &mut parameters);
        }
        parameters
    }

    /// Trunk and heads as pairs of a layer and the index of the layer whose output it takes.
    pub(crate) fn wired(&self) -> impl DoubleEndedIterator<Item = (usize, &Layer, Option<usize>)> {
        let n_trunk = self.trunk.len();
        let end = n_trunk.checked_sub(1);
        let trunk = self.trunk.iter().enumerate().map(|(i, layer)| (i, layer, i.checked_sub(1)));
        let mut first = n_trunk;
        let heads = self.heads.iter().map(move |head| {
            let start = first;
            first += head.len();
            (start, head)
        });
        let heads: Vec<_> = heads
            .flat_map(|(start, head)| {
                head.iter().enumerate().map(move |(i, layer)| {
                    (start + i, layer, if i == 0 { end } else { Some(start + i - 1) })
                })
            })
            .collect();
        trunk.collect::<Vec<_>>().into_iter().chain(heads)
    }

    /// The index of the layer that ends a head.
    pub(crate) fn end_of(&self, head: usize) -> usize {
        self.trunk.len() + self.heads[..=head].iter().map(Vec::len).sum::<usize>() - 1
    }

    /// Computes what `n` members of a batch give.
    ///
    /// # Panics
    /// When a member has another length than [`Self::input`] says, or the parameters are another network's.
    pub fn forward(&self, parameters: &[f32], input: &Input<'_>, n: usize, pass: &mut Pass) {
        assert_eq!(parameters.len(), self.n_parameters);
        pass.n = n;
        let len = self.input.len();
        pass.input.resize(n * len, 0.0);
        for (i, to) in pass.input.chunks_exact_mut(len).enumerate() {
            match input {
                Input::Numbers(from) => to.copy_from_slice(from(i)),
                Input::Bytes(from, factor) => {
                    let from = from(i);
                    assert_eq!(from.len(), len);
                    for (to, from) in to.iter_mut().zip(from) {
                        *to = f32::from(*from) * factor;
                    }
                }
            }
        }
        pass.outputs.resize_with(self.layers().count(), Vec::new);
        for (i, layer, before) in self.wired() {
            let mut out = std::mem::take(&mut pass.outputs[i]);
            out.resize(n * layer.output().len(), 0.0);
            let x = before.map_or(&pass.input, |before| &pass.outputs[before]);
            layer.forward(parameters, x, n, &mut out);
            pass.outputs[i] = out;
        }
    }

    /// What a head gave, `[member][number]`.
    #[must_use]
    pub fn head<'a>(&self, head: usize, pass: &'a Pass) -> &'a [f32] {
        &pass.outputs[self.end_of(head)][..pass.n * self.n_out(head)]
    }

    /// What a layer of the trunk gave, `[member][number]`, and its shape.
    #[must_use]
    pub fn activations<'a>(&self, layer: usize, pass: &'a Pass) -> (&'a [f32], Shape) {
        (&pass.outputs[layer], self.trunk[layer].output())
    }

    /// Layers of the trunk.
    #[must_use]
    pub fn n_trunk(&self) -> usize {
        self.trunk.len()
    }

    /// Where to say how the loss changes with what a head gave; set it whole before [`Self::backward`].
    pub fn head_gradient<'a>(&self, head: usize, pass: &'a mut Pass) -> &'a mut [f32] {
        pass.gradients.resize_with(self.layers().count(), Vec::new);
        let gradient = &mut pass.gradients[self.end_of(head)];
        gradient.resize(pass.n * self.n_out(head), 0.0);
        gradient
    }

    /// Matrices as the backward pass needs them; to be made anew whenever parameters have changed.
    pub fn transpose(&self, parameters: &[f32], transposed: &mut Vec<f32>) {
        transposed.resize(self.n_transposed, 0.0);
        for layer in self.layers() {
            layer.transpose(parameters, transposed);
        }
    }

    /// Adds how the loss changes with each parameter to `gradients`, from what [`Self::head_gradient`] was
    /// told.
    ///
    /// # Panics
    /// When no forward pass came before.
    pub fn backward(&self, transposed: &[f32], pass: &mut Pass, gradients: &mut [f32]) {
        self.back(transposed, pass, gradients, false);
    }

    /// How the loss changes with the input, `[member][number]`; gradients of parameters are added as well.
    pub fn backward_to_input<'a>(
        &self,
        transposed: &[f32],
        pass: &'a mut Pass,
        gradients: &mut [f32],
    ) -> &'a [f32] {
        self.back(transposed, pass, gradients, true);
        &pass.input_gradient
    }

    fn back(&self, transposed: &[f32], pass: &mut Pass, gradients: &mut [f32], to_input: bool) {
        assert_eq!(gradients.len(), self.n_parameters);
        let n = pass.n;
        // The ends of heads hold what the caller said; everything else is summed up from here.
        let ends: Vec<usize> = (0..self.heads.len()).map(|head| self.end_of(head)).collect();
        for (i, gradient) in pass.gradients.iter_mut().enumerate() {
            if !ends.contains(&i) {
                gradient.clear();
            }
        }
        pass.input_gradient.clear();
        for (i, layer, before) in self.wired().rev() {
            let mut gradient = std::mem::take(&mut pass.gradients[i]);
            let x = before.map_or(&pass.input, |before| &pass.outputs[before]);
            layer.backward_activation(&pass.outputs[i], &mut gradient);
            layer.gradients(x, &gradient, n, gradients, &mut pass.room);
            let to = match before {
                Some(before) => Some(&mut pass.gradients[before]),
                None if to_input => Some(&mut pass.input_gradient),
                None => None,
            };
            if let Some(to) = to {
                to.resize(n * layer.input().len(), 0.0);
                layer.to_input(transposed, &gradient, n, to, &mut pass.room);
            }
            pass.gradients[i] = gradient;
        }
    }

    /// Every parameter as an array in `PyTorch`'s layout; `names` are those of the layers, trunk first,
    /// without `.weight` and `.bias`.
    #[must_use]
    pub fn to_arrays(&self, parameters: &[f32], names: &[String]) -> Vec<NamedArray> {
        let layers = self.layers().zip(names);
        layers.flat_map(|(layer, name)| layer.to_arrays(parameters, name)).collect()
    }

    /// Parameters from arrays that [`Self::to_arrays`] or `PyTorch` named.
    ///
    /// # Errors
    /// When an array is missing or has another shape.
    pub fn from_arrays(&self, arrays: &[NamedArray], names: &[String]) -> Result<Vec<f32>, Error> {
        let mut parameters = vec![0.0; self.n_parameters];
        for (layer, name) in self.layers().zip(names) {
            layer.load(arrays, name, &mut parameters)?;
        }
        Ok(parameters)
    }
}

#[cfg(test)]
mod tests;
