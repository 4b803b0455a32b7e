//! Feed-forward networks as ONNX graphs.

use std::path::Path;

use prost::Message as _;

use super::{F32, GraphProto, IR_VERSION, Model, OPSET, OperatorSet, Writer, int, ints, of_shape};
use crate::{
    Error, NamedArray,
    feedforward::{Activation, Network, Shape},
    onnx::proto::{Dimension, Entry},
};

/// What a file says of a network.
#[derive(Clone, Debug, Default)]
pub struct NetworkDescribed<'a> {
    /// The name of its input: `[member, channel, row, column]` of a picture, `[member, number]` else.
    pub input: &'a str,
    /// What the input is multiplied with first, like 1/255.
    pub factor: f32,
    /// The names of what its heads give, `[member, number]`.
    pub outputs: &'a [&'a str],
    /// A sentence.
    pub about: String,
    /// Facts for programs.
    pub facts: Vec<(&'static str, String)>,
}

/// Writes a network, whole or not at all. `names` are those of its layers.
///
/// # Errors
/// When the file cannot be written, and then `path` is as it was.
pub fn write_network(
    path: &Path,
    network: &Network,
    parameters: &[f32],
    names: &[String],
    described: &NetworkDescribed<'_>,
) -> Result<(), Error> {
    let arrays = network.to_arrays(parameters, names);
    let bytes = model(network, &arrays, described).encode_to_vec();
    crate::whole::write(path, |beside| {
        let mut file = std::fs::File::create(beside)?;
        std::io::Write::write_all(&mut file, &bytes)?;
        file.sync_all()
    })
}

/// The weights in a file that [`write_network`] wrote, in the order of its layers.
///
/// # Errors
/// When the file cannot be read.
pub fn read_network_arrays(path: &Path) -> Result<Vec<NamedArray>, Error> {
    let bytes =
        std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let malformed = |reason: &str| Error::Malformed {
        path: path.to_owned(),
        offset: 0,
        reason: reason.to_owned(),
    };
    let model = Model::decode(&bytes[..]).map_err(|error| malformed(&error.to_string()))?;
    let graph = model.graph.ok_or_else(|| malformed("it holds no graph"))?;
    let arrays = graph.initializer.into_iter().filter(|it| it.data_type == F32);
    let arrays = arrays.filter(|it| it.name.contains('.')).map(|it| NamedArray {
        shape: it.dims.iter().map(|extent| *extent as usize).collect(),
        values: it.raw_data.as_chunks().0.iter().map(|it| f32::from_le_bytes(*it)).collect(),
        name: it.name,
    });
    Ok(arrays.collect())
}

fn model(network: &Network, arrays: &[NamedArray], described: &NetworkDescribed<'_>) -> Model {
    let mut writer =
        Writer { made: GraphProto { name: "model".into(), ..Default::default() }, n_names: 0 };
    let members = Dimension { dim_value: None, dim_param: Some("members".into()) };
    let info = |name: &str, extents: &[usize]| {
        let fixed = extents.iter().map(|extent| super::dimension(*extent));
        of_shape(name, [members.clone()].into_iter().chain(fixed).collect())
    };
    let extents = match network.input() {
        Shape::Picture { rows, columns, channels } => vec![channels, rows, columns],
        Shape::Numbers(n) => vec![n],
    };
    writer.made.input.push(info(described.input, &extents));
    let input = writer.with_number("Mul", described.input, f64::from(described.factor));
    let mut made: Vec<String> = vec![];
    for ((i, layer, before), arrays) in network.wired().zip(arrays.chunks_exact(2)) {
        let x = before.map_or(&input, |before| &made[before]).clone();
        let weights: Vec<String> =
            arrays.iter().map(|it| writer.floats(it.name.clone(), &it.shape, &it.values)).collect();
        let settings = layer.settings();
        let sum = match settings.kernel {
            Some((kernel, stride)) => writer.node(
                "Conv",
                &[&x, &weights[0], &weights[1]],
                vec![ints("kernel_shape", &[kernel; 2]), ints("strides", &[stride; 2])],
            ),
            None => {
                // Channel by channel, as PyTorch flattens.
                let flat = writer.node("Flatten", &[&x], vec![int("axis", 1)]);
                writer.node("Gemm", &[&flat, &weights[0], &weights[1]], vec![int("transB", 1)])
            }
        };
        let result = match settings.activation {
            Activation::None => sum,
            Activation::Relu => writer.node("Relu", &[&sum], vec![]),
            Activation::Tanh => writer.node("Tanh", &[&sum], vec![]),
        };
        debug_assert_eq!(i, made.len());
        made.push(result);
    }
    for (head, name) in described.outputs.iter().enumerate() {
        let end = made[network.end_of(head)].clone();
        writer.node_to((*name).to_owned(), "Identity", &[&end], vec![]);
        writer.made.output.push(info(name, &[network.n_out(head)]));
    }
    let facts = described.facts.iter();
    let facts = facts.map(|(key, value)| Entry { key: (*key).into(), value: value.clone() });
    Model {
        ir_version: IR_VERSION,
        producer_name: "Maquette".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: described.about.clone(),
        graph: Some(writer.made),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
        metadata_props: facts.collect(),
    }
}
