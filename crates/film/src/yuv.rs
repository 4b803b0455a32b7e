//! RGB pictures as the planes that the encoder reads: BT.709, limited range, one colour for four pixels.
//!
//! Films of games change little from frame to frame, so only what changed is converted, and rows that repeat
//! the one above (enlarged pixels) are copied.

/// Pixels that are converted together; what changed is found in steps of this many.
const STEP: usize = 16;

/// The planes of the latest picture, and the picture itself to compare the next one with.
///
/// Y is [height, width] in 16..=235; U and V are [height / 2, width / 2] in 16..=240.
pub(crate) struct Planes {
    width: usize,
    height: usize,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
    /// The latest picture as RGB, [height, width, 3]; empty before the first one.
    rgb: Vec<u8>,
}

impl Planes {
    /// Planes for pictures of an even size, in pixels.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        assert!(width.is_multiple_of(2) && height.is_multiple_of(2));
        let n_pixels = width * height;
        Self {
            width,
            height,
            y: vec![16; n_pixels],
            u: vec![128; n_pixels / 4],
            v: vec![128; n_pixels / 4],
            rgb: Vec::new(),
        }
    }

    /// The planes, Y, U and V, without gaps between rows.
    pub(crate) fn slices(&self) -> (&[u8], &[u8], &[u8]) {
        (&self.y, &self.u, &self.v)
    }

    /// Takes the next picture, [height, width, 3].
    pub(crate) fn update(&mut self, rgb: &[u8]) {
        assert_eq!(rgb.len(), self.width * self.height * 3);
        let row_len = self.width * 3;
        if self.rgb.is_empty() {
            self.rgb = rgb.to_vec();
            for pair_idx in 0..self.height / 2 {
                self.convert(rgb, pair_idx, 0, self.width);
            }
            return;
        }
        for (pair_idx, new) in rgb.chunks_exact(2 * row_len).enumerate() {
            let old = &mut self.rgb[pair_idx * 2 * row_len..][..2 * row_len];
            let (new_above, new_below) = new.split_at(row_len);
            let (old_above, old_below) = old.split_at(row_len);
            let Some((first, end)) =
                union(changed(old_above, new_above), changed(old_below, new_below))
            else {
                continue;
            };
            old.copy_from_slice(new);
            self.convert(rgb, pair_idx, first, end.min(self.width));
        }
    }

    /// Converts two rows from one column to another; both even.
    fn convert(&mut self, rgb: &[u8], pair_idx: usize, first: usize, end: usize) {
        let width = self.width;
        let rows = &rgb[pair_idx * 2 * width * 3..][..2 * width * 3];
        let (above, below) = rows.split_at(width * 3);
        let (above, below) = (&above[first * 3..end * 3], &below[first * 3..end * 3]);
        let (y_above, y_below) = self.y[pair_idx * 2 * width..][..2 * width].split_at_mut(width);
        let (y_above, y_below) = (&mut y_above[first..end], &mut y_below[first..end]);
        let chroma = pair_idx * width / 2 + first / 2..pair_idx * width / 2 + end / 2;
        convert_luma(above, y_above);
        if above == below {
            y_below.copy_from_slice(y_above);
        } else {
            convert_luma(below, y_below);
        }
        convert_chroma(above, below, &mut self.u[chroma.clone()], &mut self.v[chroma]);
    }
}

/// The columns from and to which two rows differ, in whole steps.
fn changed(old: &[u8], new: &[u8]) -> Option<(usize, usize)> {
    if old == new {
        return None;
    }
    let steps = || old.chunks(STEP * 3).zip(new.chunks(STEP * 3));
    let first = steps().position(|(old, new)| old != new)?;
    let last = steps().rposition(|(old, new)| old != new)?;
    Some((first * STEP, (last + 1) * STEP))
}

fn union(a: Option<(usize, usize)>, b: Option<(usize, usize)>) -> Option<(usize, usize)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

/// Source: ITU-R BT.709, the weights of R, G and B times 219/255, in 256ths. Their sum, 220, gives white 235.
fn luma(r: u16, g: u16, b: u16) -> u8 {
    ((47 * r + 157 * g + 16 * b + (16 << 8) + 128) >> 8) as u8
}

/// Source: ITU-R BT.709, the weights of the colour differences times 224/255, in 256ths, with sums of 0 so that
/// greys have no colour. The numbers wrap around on the way but not at the end.
fn chroma(r: u16, g: u16, b: u16) -> (u8, u8) {
    const MIDDLE: u16 = (128 << 8) + 128;
    let u = MIDDLE.wrapping_add(112 * b).wrapping_sub(26 * r).wrapping_sub(86 * g);
    let v = MIDDLE.wrapping_add(112 * r).wrapping_sub(102 * g).wrapping_sub(10 * b);
    ((u >> 8) as u8, (v >> 8) as u8)
}

fn convert_luma(rgb: &[u8], y: &mut [u8]) {
    let (steps, rest) = rgb.as_chunks::<{ STEP * 3 }>();
    let (y_steps, y_rest) = y.as_chunks_mut::<STEP>();
    for (rgb, y) in steps.iter().zip(y_steps) {
        // One loop that takes the colours apart and one that computes: the second becomes vector instructions.
        let mut parts = [[0_u16; STEP]; 3];
        for (i, pixel) in rgb.as_chunks::<3>().0.iter().enumerate() {
            for (part, value) in parts.iter_mut().zip(pixel) {
                part[i] = u16::from(*value);
            }
        }
        for (i, y) in y.iter_mut().enumerate() {
            *y = luma(parts[0][i], parts[1][i], parts[2][i]);
        }
    }
    for (pixel, y) in rest.as_chunks::<3>().0.iter().zip(y_rest) {
        let [r, g, b] = pixel.map(u16::from);
        *y = luma(r, g, b);
    }
}

fn convert_chroma(above: &[u8], below: &[u8], u: &mut [u8], v: &mut [u8]) {
    let pairs = above.as_chunks::<6>().0.iter().zip(below.as_chunks::<6>().0);
    for (((above, below), u), v) in pairs.zip(u).zip(v) {
        let mean = |i: usize| {
            let sum = [above[i], above[i + 3], below[i], below[i + 3]].map(u16::from);
            (sum.iter().sum::<u16>() + 2) >> 2
        };
        (*u, *v) = chroma(mean(0), mean(1), mean(2));
    }
}

#[cfg(test)]
mod tests;
