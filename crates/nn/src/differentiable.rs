//! How a kernel with its own backward pass becomes a node in the tensor library's gradient graph.
//!
//! An operation says how to compute its output and, from what it saved then, the gradients of its
//! inputs. Everything else here is bridging: an input may carry a graph or not, and an operation whose
//! inputs carry none leaves no trace.

use burn::backend::Flex;
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::tensor::Tensor;

use crate::array::Array;

type Training = Autodiff<Flex, NoCheckpointing>;

/// An operation on `N` arrays with its own gradient.
pub(crate) trait Operation<const N: usize>:
    std::fmt::Debug + Clone + Send + 'static
{
    /// The state that the forward pass saves for the backward pass.
    type Saved: Clone + std::fmt::Debug + Send + 'static;

    /// The output alone.
    fn infer(&self, inputs: [Array; N]) -> Array;

    /// The output, and what [`Self::backward`] will need to fill in what is `wanted`.
    fn forward(&self, inputs: [Array; N], wanted: [bool; N]) -> (Array, Self::Saved);

    /// The gradient of each input that is `wanted`, from the gradient of the output.
    fn backward(
        &self,
        saved: Self::Saved,
        gradient: Array,
        wanted: [bool; N],
    ) -> [Option<Array>; N];
}

/// A tensor of any rank on its way into an operation.
pub(crate) enum Input {
    Constant(Array),
    Graph(FloatTensor<Training>),
}

impl Input {
    pub(crate) fn new<const D: usize>(tensor: Tensor<D>) -> Self {
        if tensor.is_autodiff() {
            let primitive = tensor.try_into_primitive::<Training>();
            Self::Graph(primitive.expect("training tensors live on the CPU backend"))
        } else {
            Self::Constant(Array::from_tensor(tensor))
        }
    }

    fn is_tracked(&self) -> bool {
        matches!(self, Self::Graph(tensor) if tensor.is_tracked())
    }

    fn into_array(self) -> Array {
        match self {
            Self::Constant(array) => array,
            Self::Graph(tensor) => Array::from_primitive(tensor.into_primitive()),
        }
    }

    fn into_graph(self) -> FloatTensor<Training> {
        match self {
            Self::Constant(array) => FloatTensor::<Training>::new(array.into_primitive()),
            Self::Graph(tensor) => tensor,
        }
    }
}

/// Computes `operation`, in the graph if any input is.
pub(crate) fn apply<const N: usize, const D: usize, O: Operation<N>>(
    operation: &O,
    inputs: [Input; N],
) -> Tensor<D> {
    if inputs.iter().all(|input| matches!(input, Input::Constant(_))) {
        return operation.infer(inputs.map(Input::into_array)).into_tensor();
    }
    let wanted: [bool; N] = std::array::from_fn(|i| inputs[i].is_tracked());
    let inputs = inputs.map(Input::into_graph);
    let nodes = std::array::from_fn(|i| inputs[i].node());
    let arrays = inputs.map(|input| Array::from_primitive(input.into_primitive()));
    let node = Node(operation.clone());
    let output = match node.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(preparation) => {
            let (output, saved) = operation.forward(arrays, wanted);
            preparation.finish(saved, output.into_primitive())
        }
        OpsKind::UnTracked(preparation) => {
            preparation.finish(operation.infer(arrays).into_primitive())
        }
    };
    Tensor::from_primitive::<Training>(output)
}

#[derive(Debug)]
struct Node<O>(O);

impl<const N: usize, O: Operation<N>> Backward<Flex, N> for Node<O> {
    type State = O::Saved;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = Array::from_primitive(gradients.consume::<Flex>(&ops.node));
        let wanted = std::array::from_fn(|i| ops.parents[i].is_some());
        let results = self.0.backward(ops.state, gradient, wanted);
        for (parent, result) in ops.parents.into_iter().zip(results) {
            if let (Some(parent), Some(result)) = (parent, result) {
                gradients.register::<Flex>(parent.id, result.into_primitive());
            }
        }
    }
}
