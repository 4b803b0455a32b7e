//! The memory that layers need during training.

/// How many numbers layers keep in memory for one example.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::rave) struct Extent {
    /// The size of each array kept from the forward pass for the backward pass, in layer order.
    arrays: Vec<f64>,
    /// Temporary memory, needed by one example at a time, whatever the batch size.
    pub(in crate::rave) scratch: f64,
}

impl Extent {
    /// Adds one more array.
    pub(in crate::rave) fn keep(&mut self, numbers: f64) {
        self.arrays.push(numbers);
    }

    /// Both in sequence.
    pub(in crate::rave) fn with(&self, other: &Self) -> Self {
        Self {
            arrays: [self.arrays.as_slice(), &other.arrays].concat(),
            scratch: self.scratch.max(other.scratch),
        }
    }

    /// The total kept at the end of the forward pass.
    pub(in crate::rave) fn kept(&self) -> f64 {
        self.arrays.iter().sum()
    }

    /// The peak during the backward pass: what earlier layers still keep, and the gradients on both
    /// sides of a layer.
    pub(in crate::rave) fn back(&self) -> f64 {
        self.most_at_a_layer(|kept, before, numbers| kept + before + numbers)
    }

    /// The same for feature matching, where each layer's output was compared with another sound's: all
    /// their gradients exist before the first of them is propagated.
    pub(in crate::rave) fn matched(&self) -> f64 {
        self.most_at_a_layer(|kept, before, numbers| 2.0 * (kept + numbers) + before)
    }

    /// The largest need of any layer, given what is kept before it, the array before it, and its own.
    fn most_at_a_layer(&self, need: impl Fn(f64, f64, f64) -> f64) -> f64 {
        let (mut kept, mut before, mut most) = (0.0, 0.0, 0.0_f64);
        for &numbers in &self.arrays {
            most = most.max(need(kept, before, numbers));
            (kept, before) = (kept + numbers, numbers);
        }
        most
    }

    /// The largest array.
    pub(in crate::rave) fn largest(&self) -> f64 {
        self.arrays.iter().copied().fold(0.0, f64::max)
    }
}
