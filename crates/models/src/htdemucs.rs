//! Hybrid Transformer Demucs, which takes songs apart into stems: folders of it are known and checked, and it is not
//! computed yet.
//!
//! A folder has a bag, a `.yaml` file that names one file of weights or several; each file says in its header, or in its
//! pickle, which class it is of and which settings it was made with.
//!
//! Source: Rouard, Massa and Défossez, "Hybrid Transformers for Music Source Separation", 2023; names of tensors and
//! settings, and both forms of folders, are those of demucs 4.1.

mod bag;
mod config;
mod kind;

pub(crate) use kind::{KIND, is_bag};
