//! Loops that treat every element alike, in place where nobody else holds the array.

use crate::array::Array;

/// `max(x, slope * x)` for slopes in (0, 1]; a slope of 1 changes nothing.
pub(crate) fn leaky_relu(x: Array, slope: f32) -> Array {
    if slope == 1.0 {
        return x;
    }
    map(x, move |x| if x > 0.0 { x } else { slope * x })
}

/// `gradient` times the derivative of [`leaky_relu`] at `x`.
pub(crate) fn leaky_relu_gradient(x: &Array, gradient: Array, slope: f32) -> Array {
    if slope == 1.0 {
        return gradient;
    }
    combine(x, gradient, move |x, g| if x > 0.0 { g } else { slope * g })
}

/// Applies `f` to every element.
pub(crate) fn map(mut x: Array, f: impl Fn(f32) -> f32 + Sync) -> Array {
    if x.is_unique() {
        for x in x.values_mut() {
            *x = f(*x);
        }
        return x;
    }
    Array::new(x.values().iter().map(|x| f(*x)).collect(), x.shape())
}

/// `f(saved, gradient)` for every element, into the place of `gradient`.
pub(crate) fn combine(saved: &Array, mut gradient: Array, f: impl Fn(f32, f32) -> f32) -> Array {
    if gradient.is_unique() {
        for (g, x) in gradient.values_mut().iter_mut().zip(saved.values()) {
            *g = f(*x, *g);
        }
        return gradient;
    }
    let values = saved.values().iter().zip(gradient.values()).map(|(x, g)| f(*x, *g)).collect();
    Array::new(values, gradient.shape())
}
