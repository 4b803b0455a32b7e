//! studio.
