//! One layer of a feed-forward network: a convolution over a picture, or a linear map, and an activation.

use crate::{
    Error, Init, NamedArray,
    kernels::gather::{
        Layout, Places, Product, n_panels, pack, pack_transposed, packed_len, place, width,
    },
};

/// What a member of a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[row][column][channel]`.
    Picture {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
        /// Numbers at each place.
        channels: usize,
    },
    /// Numbers without places.
    Numbers(usize),
}

impl Shape {
    /// How many numbers.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no shape is empty")]
    pub fn len(self) -> usize {
        match self {
            Self::Picture { rows, columns, channels } => rows * columns * channels,
            Self::Numbers(n) => n,
        }
    }

    /// The place in memory of each number in the order in which `PyTorch` flattens a picture, channel
    /// by channel.
    fn in_torch_order(self) -> Vec<usize> {
        match self {
            Self::Numbers(n) => (0..n).collect(),
            Self::Picture { rows, columns, channels } => (0..channels)
                .flat_map(|channel| {
                    (0..rows * columns).map(move |place| place * channels + channel)
                })
                .collect(),
        }
    }
}

/// What follows the sum of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    None,
    /// `max(x, 0)`.
    Relu,
    /// The hyperbolic tangent.
    Tanh,
}

/// How first weights are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FirstWeights {
    /// Orthogonal rows times a gain, and no bias. Source: Saxe, `McClelland` and Ganguli, 2014.
    Orthogonal(f32),
    /// As `PyTorch` draws them by default: uniform within one over the root of the inputs, bias too.
    Uniform,
}

/// A layer before its input is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerSettings {
    /// Outputs of a linear map, or channels of a convolution.
    pub n_out: usize,
    /// Kernel size and stride of a convolution over a picture; `None` is a linear map of all numbers.
    pub kernel: Option<(usize, usize)>,
    /// What follows.
    pub activation: Activation,
    /// How it begins.
    pub first: FirstWeights,
}

/// A layer whose input is known, and where its parameters lie among all.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    settings: LayerSettings,
    input: Shape,
    output: Shape,
    /// Of the flat parameters and of the transposed matrices.
    start: usize,
    start_transposed: usize,
    /// Where windows lie in the input of a member, and the taps of the kernel in a window.
    windows: Places,
    taps: Places,
    /// Places of outputs before their channels, and the outputs of one place.
    places_out: Places,
    channels_out: Places,
}

/// Memory that layers need for a moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    packed: Vec<f32>,
    columns: Vec<f32>,
}

impl Layer {
    pub(super) fn new(
        input: Shape,
        settings: LayerSettings,
        start: usize,
        start_transposed: usize,
    ) -> Self {
        let n_out = settings.n_out;
        let (output, windows, taps) = match (settings.kernel, input) {
            (None, _) => {
                (Shape::Numbers(n_out), Places::apart(1, 0), Places::apart(input.len(), 1))
            }
            (Some((kernel, stride)), Shape::Picture { rows, columns, channels }) => {
                assert!(kernel <= rows && kernel <= columns && stride > 0);
                let n = |extent: usize| (extent - kernel) / stride + 1;
                let (rows_out, columns_out) = (n(rows), n(columns));
                let windows = (0..rows_out * columns_out).map(|i| {
                    let (row, column) = (i / columns_out, i % columns_out);
                    ((row * columns + column) * stride * channels) as u32
                });
                let run = kernel * channels;
                let taps = (0..kernel * run)
                    .map(|i| (i / run * columns * channels + i % run) as u32)
                    .collect();
                let output =
                    Shape::Picture { rows: rows_out, columns: columns_out, channels: n_out };
                (output, Places::new(windows.collect()), Places::new(taps))
            }
            (Some(_), Shape::Numbers(_)) => panic!("a convolution needs a picture"),
        };
        let places_out = Places::apart(output.len() / n_out, n_out);
        let channels_out = Places::apart(n_out, 1);
        Self {
            settings,
            input,
            output,
            start,
            start_transposed,
            windows,
            taps,
            places_out,
            channels_out,
        }
    }

    pub(crate) fn settings(&self) -> LayerSettings {
        self.settings
    }

    pub(super) fn input(&self) -> Shape {
        self.input
    }

    pub(super) fn output(&self) -> Shape {
        self.output
    }

    fn n_out(&self) -> usize {
        self.settings.n_out
    }

    fn is_linear(&self) -> bool {
        self.settings.kernel.is_none()
    }

    fn matrix_len(&self) -> usize {
        packed_len(self.taps.len(), self.n_out())
    }

    pub(super) fn n_parameters(&self) -> usize {
        self.matrix_len() + n_panels(self.n_out()) * width(self.n_out())
    }

    pub(super) fn n_trainable(&self) -> usize {
        (self.taps.len() + 1) * self.n_out()
    }

    pub(super) fn n_transposed(&self) -> usize {
        packed_len(self.n_out(), self.taps.len())
    }

    fn matrix<'a>(&self, parameters: &'a [f32]) -> &'a [f32] {
        &parameters[self.start..][..self.matrix_len()]
    }

    /// Matrix and bias.
    fn parts_mut<'a>(&self, parameters: &'a mut [f32]) -> (&'a mut [f32], &'a mut [f32]) {
        let (matrix, bias) =
            parameters[self.start..][..self.n_parameters()].split_at_mut(self.matrix_len());
        (matrix, &mut bias[..self.n_out()])
    }

    fn bias<'a>(&self, parameters: &'a [f32]) -> &'a [f32] {
        &parameters[self.start + self.matrix_len()..][..self.n_out()]
    }

    /// Writes what it gives for each of `n` members.
    pub(super) fn forward(&self, parameters: &[f32], x: &[f32], n: usize, out: &mut [f32]) {
        let (matrix, n_out) = (self.matrix(parameters), self.n_out());
        if self.is_linear() {
            let rows = &Places::apart(n, self.input.len());
            Product { x, rows, taps: &self.taps, matrix, n_out }.run(Layout::Rows, false, out);
        } else {
            let members = x.chunks_exact(self.input.len());
            for (x, out) in members.zip(out.chunks_exact_mut(self.output.len())) {
                let (rows, taps) = (&self.windows, &self.taps);
                Product { x, rows, taps, matrix, n_out }.run(Layout::Rows, false, out);
            }
        }
        activate(self.settings.activation, self.bias(parameters), out);
    }

    /// Turns the gradient of what it gave into that of the sum before the activation.
    pub(super) fn backward_activation(&self, out: &[f32], gradient: &mut [f32]) {
        backward_activation(self.settings.activation, out, gradient);
    }

    /// Adds the gradients of its parameters, of that of its sums.
    pub(super) fn gradients(
        &self,
        x: &[f32],
        gradient: &[f32],
        n: usize,
        gradients: &mut [f32],
        room: &mut Room,
    ) {
        let n_out = self.n_out();
        let (to_matrix, to_bias) = self.parts_mut(gradients);
        sum_rows(gradient, to_bias);
        if self.is_linear() {
            let packed = packed_in(&mut room.packed, gradient, n, n_out);
            let (rows, taps) = (&self.taps, &Places::apart(n, self.input.len()));
            let product = Product { x, rows, taps, matrix: packed, n_out };
            product.run(Layout::Panels, true, to_matrix);
            return;
        }
        let members = x.chunks_exact(self.input.len());
        for (x, gradient) in members.zip(gradient.chunks_exact(self.output.len())) {
            let matrix = packed_in(&mut room.packed, gradient, self.windows.len(), n_out);
            let (rows, taps) = (&self.taps, &self.windows);
            Product { x, rows, taps, matrix, n_out }.run(Layout::Panels, true, to_matrix);
        }
    }

    /// The transpose of its matrix, to its place among those of all layers.
    pub(super) fn transpose(&self, parameters: &[f32], transposed: &mut [f32]) {
        let to = &mut transposed[self.start_transposed..][..self.n_transposed()];
        pack_transposed(self.matrix(parameters), self.taps.len(), self.n_out(), to);
    }

    /// Adds the gradient of its input, of that of its sums.
    pub(super) fn to_input(
        &self,
        transposed: &[f32],
        gradient: &[f32],
        n: usize,
        to: &mut [f32],
        room: &mut Room,
    ) {
        let matrix = &transposed[self.start_transposed..][..self.n_transposed()];
        let taps = &self.channels_out;
        if self.is_linear() {
            let rows = &Places::apart(n, self.n_out());
            let product = Product { x: gradient, rows, taps, matrix, n_out: self.input.len() };
            product.run(Layout::Rows, true, to);
            return;
        }
        let n_taps = self.taps.len();
        room.columns.resize(self.windows.len() * n_taps, 0.0);
        let members = gradient.chunks_exact(self.output.len());
        for (x, to) in members.zip(to.chunks_exact_mut(self.input.len())) {
            let product = Product { x, rows: &self.places_out, taps, matrix, n_out: n_taps };
            product.run(Layout::Rows, false, &mut room.columns);
            self.add_columns(&room.columns, to);
        }
    }

    /// Adds what each tap of each window got to the places that they read.
    fn add_columns(&self, columns: &[f32], to: &mut [f32]) {
        let (Some((kernel, _)), Shape::Picture { channels, .. }) =
            (self.settings.kernel, self.input)
        else {
            return;
        };
        let run = kernel * channels;
        let starts: Vec<u32> = self.taps.as_slice().iter().step_by(run).copied().collect();
        for (window, columns) in
            self.windows.as_slice().iter().zip(columns.chunks_exact(self.taps.len()))
        {
            for (start, columns) in starts.iter().zip(columns.chunks_exact(run)) {
                let to = &mut to[(window + start) as usize..][..run];
                for (to, value) in to.iter_mut().zip(columns) {
                    *to += value;
                }
            }
        }
    }

    pub(super) fn init(&self, random: &mut Init, parameters: &mut [f32]) {
        let (n_taps, n_out) = (self.taps.len(), self.n_out());
        let (matrix, bias) = self.parts_mut(parameters);
        let rows = match self.settings.first {
            FirstWeights::Orthogonal(gain) => orthogonal(random, n_out, n_taps, gain),
            FirstWeights::Uniform => {
                let bound = 1.0 / (n_taps as f32).sqrt();
                bias.copy_from_slice(&random.uniform(n_out, -bound, bound));
                random.uniform(n_out * n_taps, -bound, bound)
            }
        };
        for output in 0..n_out {
            for tap in 0..n_taps {
                matrix[place(n_taps, n_out, tap, output)] = rows[output * n_taps + tap];
            }
        }
    }

    /// The tap that stands for each number of a row of `PyTorch`'s weight.
    fn torch_taps(&self) -> Vec<usize> {
        match (self.settings.kernel, self.input) {
            (Some((kernel, _)), Shape::Picture { channels, .. }) => {
                Shape::Picture { rows: kernel, columns: kernel, channels }.in_torch_order()
            }
            (_, input) => input.in_torch_order(),
        }
    }

    fn torch_shape(&self) -> Vec<usize> {
        match (self.settings.kernel, self.input) {
            (Some((kernel, _)), Shape::Picture { channels, .. }) => {
                vec![self.n_out(), channels, kernel, kernel]
            }
            _ => vec![self.n_out(), self.taps.len()],
        }
    }

    pub(super) fn to_arrays(&self, parameters: &[f32], name: &str) -> [NamedArray; 2] {
        let (n_taps, n_out) = (self.taps.len(), self.n_out());
        let matrix = self.matrix(parameters);
        let taps = self.torch_taps();
        let values = (0..n_out)
            .flat_map(|output| {
                taps.iter().map(move |tap| matrix[place(n_taps, n_out, *tap, output)])
            })
            .collect();
        let bias = self.bias(parameters).to_vec();
        [
            NamedArray { name: format!("{name}.weight"), shape: self.torch_shape(), values },
            NamedArray { name: format!("{name}.bias"), shape: vec![n_out], values: bias },
        ]
    }

    pub(super) fn load(
        &self,
        arrays: &[NamedArray],
        name: &str,
        parameters: &mut [f32],
    ) -> Result<(), Error> {
        let (n_taps, n_out) = (self.taps.len(), self.n_out());
        let find = |end: &str, expected: Vec<usize>| {
            let name = format!("{name}.{end}");
            match arrays.iter().find(|it| it.name == name) {
                None => Err(Error::Missing { name }),
                Some(array) if array.shape != expected => {
                    Err(Error::Shape { name, expected, found: array.shape.clone() })
                }
                Some(array) => Ok(&array.values),
            }
        };
        let (weight, from_bias) = (find("weight", self.torch_shape())?, find("bias", vec![n_out])?);
        let (matrix, bias) = self.parts_mut(parameters);
        bias.copy_from_slice(from_bias);
        let taps = self.torch_taps();
        for (output, row) in weight.chunks_exact(n_taps).enumerate() {
            for (tap, value) in taps.iter().zip(row) {
                matrix[place(n_taps, n_out, *tap, output)] = *value;
            }
        }
        Ok(())
    }
}

/// Rows as the matrix of a product: as they are where a panel holds them all, packed where not.
fn packed_in<'a>(room: &'a mut Vec<f32>, rows: &'a [f32], n: usize, n_out: usize) -> &'a [f32] {
    if n_out == width(n_out) {
        return rows;
    }
    let len = packed_len(n, n_out);
    if room.len() < len {
        room.resize(len, 0.0);
    }
    pack(rows, n, n_out, &mut room[..len]);
    &room[..len]
}

fn activate(activation: Activation, bias: &[f32], out: &mut [f32]) {
    for row in out.chunks_exact_mut(bias.len()) {
        let with_bias = row.iter_mut().zip(bias);
        match activation {
            Activation::None => with_bias.for_each(|(x, bias)| *x += bias),
            Activation::Relu => with_bias.for_each(|(x, bias)| *x = (*x + bias).max(0.0)),
            Activation::Tanh => with_bias.for_each(|(x, bias)| *x = (*x + bias).tanh()),
        }
    }
}

fn backward_activation(activation: Activation, out: &[f32], gradient: &mut [f32]) {
    let pairs = gradient.iter_mut().zip(out);
    match activation {
        Activation::None => {}
        Activation::Relu => pairs.for_each(|(g, y)| *g = if *y > 0.0 { *g } else { 0.0 }),
        Activation::Tanh => pairs.for_each(|(g, y)| *g *= 1.0 - y * y),
    }
}

fn sum_rows(rows: &[f32], to: &mut [f32]) {
    for row in rows.chunks_exact(to.len()) {
        for (to, value) in to.iter_mut().zip(row) {
            *to += value;
        }
    }
}

/// `n_rows` rows of `n` numbers that are orthogonal to each other and of the length `gain`; where there are
/// more rows than numbers, the columns are. By Gram and Schmidt, from normal numbers.
fn orthogonal(random: &mut Init, n_rows: usize, n: usize, gain: f32) -> Vec<f32> {
    let (n_vectors, len) = (n_rows.min(n), n_rows.max(n));
    let mut vectors = random.normal(n_vectors * len);
    for i in 0..n_vectors {
        let (before, rest) = vectors.split_at_mut(i * len);
        let vector = &mut rest[..len];
        // Twice is enough for what rounding leaves (Giraud and others, 2005).
        for _ in 0..2 {
            for other in before.chunks_exact(len) {
                let share = dot(other, vector);
                vector.iter_mut().zip(other).for_each(|(x, other)| *x -= share * other);
            }
        }
        let length = dot(vector, vector).sqrt().max(f32::MIN_POSITIVE);
        vector.iter_mut().for_each(|x| *x /= length);
    }
    let at = |row: usize, i: usize| {
        gain * if n_rows <= n { vectors[row * len + i] } else { vectors[i * len + row] }
    };
    (0..n_rows * n).map(|i| at(i / n, i % n)).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let (a_chunks, b_chunks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for i in 0..16 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f32>() + rest
}
