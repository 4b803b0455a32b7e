//! Nothing: without a build script, dependencies of build scripts and macros would not count.

fn main() {}
