//! Pictures that move: a [`Canvas`] to draw on, a [`Typesetter`] for captions, and a [`Writer`] of MP4 films.
//!
//! | want | call |
//! |---|---|
//! | a picture with shapes on it | [`Canvas`] |
//! | the screen of a game, enlarged | [`Canvas::blit_indexed`] |
//! | another picture in a corner | [`Canvas::draw_picture`] |
//! | what a network looks at | [`Canvas::heat`] |
//! | a learning curve, bars | [`Canvas::curve`], [`Canvas::bars`] |
//! | words | [`Typesetter`] |
//! | a thumbnail | [`write_png`] |
//! | a film | [`Writer`] |
//!
//! A film is H.264 (High profile, 4:2:0, BT.709) in an MP4 that starts to play before it is loaded whole.
//! Everything runs on the calling thread, and a film of ten hours needs no more memory than one of a minute,
//! but for four bytes a frame.
//!
//! # Building
//!
//! The encoder needs a C++ compiler. If `nasm` is on the path, it is built with its assembly for x86 and a film
//! takes half the time: 640x840 with 1700 instead of 930 frames a second and core. Nothing else differs.
//!
//! # Patents
//!
//! H.264 is covered by patents in some countries. The encoder is OpenH264, compiled from its source (BSD-2).
//! Cisco pays the licence fees only for the binaries that Cisco itself distributes, so they do not cover this
//! build: whoever distributes a program with this crate in it decides whether a licence is needed.

mod canvas;
mod error;
mod h264;
mod mp4;
mod png;
mod text;
mod writer;
mod yuv;

pub use canvas::{Canvas, Indexed, Rect, Rgb};
pub use error::Error;
pub use png::write_png;
pub use text::{Align, TextStyle, Typesetter, Weight};
pub use writer::{Quality, Settings, Tags, Writer, Written};
