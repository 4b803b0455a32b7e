//! Bytes of a game's state: one list of fields serves both to save and to load.

use crate::{Error, Info, Random};

/// What a game remembers between frames.
pub(crate) trait State: Clone {
    /// Hands every field to the codec, always in the same order.
    fn fields(&mut self, codec: &mut Codec<'_>);

    /// Whether a state that was read could have come about in play, at least so far that nothing panics.
    fn is_sound(&self) -> bool;
}

/// Appends a state, headed by the game and its version.
pub(crate) fn save(state: &impl State, info: &Info, to: &mut Vec<u8>) {
    let mut codec = Codec::Writes(to);
    header(info).fields(&mut codec);
    state.clone().fields(&mut codec);
}

/// Takes a state from the front of the bytes; gives what follows. A damaged one changes nothing.
pub(crate) fn load<'a>(
    state: &mut impl State,
    info: &Info,
    from: &'a [u8],
) -> Result<&'a [u8], Error> {
    let mut codec = Codec::Reads { from, is_short: false };
    let (mut head, mut read) = ([0u8; 6], state.clone());
    head.fields(&mut codec);
    read.fields(&mut codec);
    let Codec::Reads { from, is_short: false } = codec else { return Err(DAMAGED) };
    if head != header(info) || !read.is_sound() {
        return Err(DAMAGED);
    }
    *state = read;
    Ok(from)
}

const DAMAGED: Error = Error::Damaged { what: "the saved state of a game" };

/// The first letters of the key, and the version.
fn header(info: &Info) -> [u8; 6] {
    let mut header = [0; 6];
    let n = info.key.len().min(4);
    header[..n].copy_from_slice(&info.key.as_bytes()[..n]);
    header[4..].copy_from_slice(&(info.version as u16).to_le_bytes());
    header
}

/// Writes fields, or reads them.
pub(crate) enum Codec<'a> {
    /// Appends each field.
    Writes(&'a mut Vec<u8>),
    /// Overwrites each field.
    Reads {
        /// What is left.
        from: &'a [u8],
        /// Whether something was missing.
        is_short: bool,
    },
}

impl Codec<'_> {
    fn bytes(&mut self, field: &mut [u8]) {
        match self {
            Self::Writes(to) => to.extend_from_slice(field),
            Self::Reads { from, is_short } => match from.split_at_checked(field.len()) {
                Some((head, rest)) => {
                    field.copy_from_slice(head);
                    *from = rest;
                }
                None => *is_short = true,
            },
        }
    }
}

/// Something that a codec can write and read.
pub(crate) trait Field {
    /// Writes it, or reads it.
    fn fields(&mut self, codec: &mut Codec<'_>);
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Field for $number {
            fn fields(&mut self, codec: &mut Codec<'_>) {
                let mut bytes = self.to_le_bytes();
                codec.bytes(&mut bytes);
                *self = Self::from_le_bytes(bytes);
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, i8, i16, i32, f32, f64);

impl Field for bool {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        let mut byte = u8::from(*self);
        byte.fields(codec);
        *self = byte != 0;
    }
}

impl Field for Random {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        let mut state = self.state();
        state.fields(codec);
        *self = Self::at(state);
    }
}

impl<T: Field> Field for &mut T {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        T::fields(self, codec);
    }
}

impl<T: Field> Field for [T] {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        for field in self {
            field.fields(codec);
        }
    }
}

impl<T: Field, const N: usize> Field for [T; N] {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.as_mut_slice().fields(codec);
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    fn fields(&mut self, codec: &mut Codec<'_>) {
        self.0.fields(codec);
        self.1.fields(codec);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Small {
        place: (i32, f64),
        flags: [bool; 2],
    }

    impl State for Small {
        fn fields(&mut self, codec: &mut Codec<'_>) {
            self.place.fields(codec);
            self.flags.fields(codec);
        }

        fn is_sound(&self) -> bool {
            self.place.0 < 100
        }
    }

    #[test]
    fn states_come_back_and_damaged_ones_change_nothing() {
        let info = crate::info("cartpole").unwrap();
        let small = Small { place: (7, -0.5), flags: [true, false] };
        let mut bytes = vec![];
        save(&small, info, &mut bytes);
        bytes.push(9);
        let mut other = Small { place: (0, 0.0), flags: [false; 2] };
        assert_eq!(load(&mut other, info, &bytes).unwrap(), [9]);
        assert_eq!(other, small);
        assert!(load(&mut other, info, &bytes[..bytes.len() - 2]).is_err());
        assert!(load(&mut other, crate::info("brick").unwrap(), &bytes).is_err());
        bytes[6] = 200;
        assert!(load(&mut other, info, &bytes).is_err(), "not sound");
        assert_eq!(other, small);
    }
}
