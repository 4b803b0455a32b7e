//! Shared by the readers of foreign bytes: element types, and errors that name the position.

use std::path::Path;

use crate::Error;

/// A type of number as files store it, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ElementType {
    F32,
    F64,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl ElementType {
    /// Bytes of one element.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::BF16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// All elements of `bytes` as `f32`; wide integers are rounded, a rest that is no element is left.
    pub(crate) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            let (elements, _) = bytes.as_chunks::<N>();
            elements.iter().map(|element| value(*element)).collect()
        }
        match self {
            Self::F32 => each(bytes, f32::from_le_bytes),
            Self::F64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
            Self::F16 => each(bytes, |b| f32_from_f16(u16::from_le_bytes(b))),
            Self::BF16 => each(bytes, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16)),
            Self::I64 => each(bytes, |b| i64::from_le_bytes(b) as f32),
            Self::I32 => each(bytes, |b| i32::from_le_bytes(b) as f32),
            Self::I16 => each(bytes, |b| f32::from(i16::from_le_bytes(b))),
            Self::I8 => each(bytes, |b| f32::from(i8::from_le_bytes(b))),
            Self::U8 => each(bytes, |[b]| f32::from(b)),
            Self::Bool => each(bytes, |[b]| f32::from(u8::from(b != 0))),
        }
    }

    /// All elements of `bytes` as `i64`; for types of whole numbers of four or eight bytes.
    pub(crate) fn decode_wide(self, bytes: &[u8]) -> Vec<i64> {
        if self == Self::I64 {
            let (elements, _) = bytes.as_chunks::<8>();
            return elements.iter().map(|element| i64::from_le_bytes(*element)).collect();
        }
        let (elements, _) = bytes.as_chunks::<4>();
        elements.iter().map(|element| i32::from_le_bytes(*element).into()).collect()
    }
}

/// An IEEE 754 half as a single; every half has an exact one.
fn f32_from_f16(half: u16) -> f32 {
    let sign = if half & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = ((half >> 10) & 0x1f, f32::from(half & 0x3ff));
    match exponent {
        0 => sign * fraction * 2.0f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        exponent => sign * (1024.0 + fraction) * 2.0f32.powi(i32::from(exponent) - 25),
    }
}

/// The error for bytes that break their format.
pub(crate) fn malformed(path: &Path, offset: u64, reason: impl Into<String>) -> Error {
    Error::Malformed { path: path.to_owned(), offset, reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_every_type_become_singles() {
        let check = |element: ElementType, bytes: &[u8], expected: &[f32]| {
            assert_eq!(element.decode(bytes), expected, "{element:?}");
        };
        check(ElementType::F32, &1.5f32.to_le_bytes(), &[1.5]);
        check(ElementType::F64, &(-2.25f64).to_le_bytes(), &[-2.25]);
        check(
            ElementType::F16,
            &[0x00, 0x3c, 0x01, 0x00, 0xff, 0xfb],
            &[1.0, 5.960_464_5e-8, -65504.0],
        );
        check(ElementType::BF16, &[0x80, 0x3f, 0x00, 0xc0], &[1.0, -2.0]);
        check(ElementType::I64, &(-7i64).to_le_bytes(), &[-7.0]);
        check(ElementType::I32, &7i32.to_le_bytes(), &[7.0]);
        check(ElementType::I16, &(-300i16).to_le_bytes(), &[-300.0]);
        check(ElementType::I8, &[0xff], &[-1.0]);
        check(ElementType::U8, &[0xff], &[255.0]);
        check(ElementType::Bool, &[0, 3], &[0.0, 1.0]);
    }
}
