//! Instruments made of arithmetic.
