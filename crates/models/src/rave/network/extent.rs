//! The memory that layers need during training.

/// Numbers that layers have in memory for one example.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::rave) struct Extent {
    /// Of each array that is kept from the forward pass for the backward pass, in the order of layers.
    arrays: Vec<f64>,
    /// Needed on the way by one example at a time, whatever the size of the batch.
    pub(in crate::rave) scratch: f64,
}

impl Extent {
    /// Keeps one more array.
    pub(in crate::rave) fn keep(&mut self, numbers: f64) {
        self.arrays.push(numbers);
    }

    /// Both, one after the other.
    pub(in crate::rave) fn with(&self, other: &Self) -> Self {
        Self {
            arrays: [self.arrays.as_slice(), &other.arrays].concat(),
            scratch: self.scratch.max(other.scratch),
        }
    }

    /// Kept at the end of the forward pass.
    pub(in crate::rave) fn kept(&self) -> f64 {
        self.arrays.iter().sum()
    }

    /// The most at once on the way back: what the layers before still keep, and the gradients on both
    /// sides of a layer.
    pub(in crate::rave) fn back(&self) -> f64 {
        self.most_at_a_layer(|kept, before, numbers| kept + before + numbers)
    }

    /// The same where every layer was compared with what it makes of another sound: there is a gradient of
    /// each before the first of them goes back.
    pub(in crate::rave) fn matched(&self) -> f64 {
        self.most_at_a_layer(|kept, before, numbers| 2.0 * (kept + numbers) + before)
    }

    /// The largest of what a layer needs, by what is kept before it, the array before it, and its own.
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
