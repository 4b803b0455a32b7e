//! The activations against their definitions.

use super::*;
use crate::{Init, from_values, values};

#[test]
fn snake_and_its_gradients_agree_with_the_definition() {
    let shape = [2, 3, 37];
    let x = Init::new(1).uniform(222, -4.0, 4.0);
    let alpha = vec![0.5, 1.0, 1.7];
    let weights: Tensor<3> = from_values(Init::new(2).uniform(222, -1.0, 1.0), shape);
    let leaves = || {
        let x = from_values::<3>(x.clone(), shape).autodiff().require_grad();
        (x, from_values::<1>(alpha.clone(), [3]).autodiff().require_grad())
    };
    let (x1, alpha1) = leaves();
    let ours = snake(x1.clone(), alpha1.clone());
    let (x2, alpha2) = leaves();
    let a = alpha2.clone().reshape([1, 3, 1]);
    let theirs = x2.clone() + (x2.clone() * a.clone()).sin().square() / (a + 1e-9);
    check("output", ours.clone(), theirs.clone());
    let ours = (ours * weights.clone().autodiff()).sum().backward();
    let theirs = (theirs * weights.autodiff()).sum().backward();
    check("gradient of x", x1.grad(&ours).unwrap(), x2.grad(&theirs).unwrap());
    check("gradient of alpha", alpha1.grad(&ours).unwrap(), alpha2.grad(&theirs).unwrap());
}

fn check<const D: usize>(what: &str, ours: Tensor<D>, expected: Tensor<D>) {
    let (ours, expected) = (values(ours), values(expected));
    let largest = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    for (ours, expected) in ours.iter().zip(&expected) {
        assert!((ours - expected).abs() < 1e-5 * largest, "{what}: {ours}, not {expected}");
    }
}
