//! maquette.

fn main() {}
