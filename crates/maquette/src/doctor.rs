//! What this machine has, what works, and what to do: for `maquette doctor` and the pages.

mod cpu;
mod disk;
mod memory;

use std::path::Path;

use api::{Check, CheckStatus, Doctor, Machine};

pub(crate) use cpu::CpuMeter;

/// Looks at everything that Maquette needs. `port` is where the studio answers.
pub(crate) fn examine(workspace: &Path, port: u16, cpu: &CpuMeter) -> Doctor {
    let machine = machine(workspace, cpu);
    let checks = vec![check_processor(&machine)];
    let _ = port;
    Doctor { version: env!("CARGO_PKG_VERSION").to_owned(), machine, checks }
}

/// The computer as it is now.
pub(crate) fn machine(workspace: &Path, cpu: &CpuMeter) -> Machine {
    let memory = memory::memory();
    Machine {
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cpu: cpu::name(),
        n_cores: cpu::n_cores(),
        simd: cpu::simd().to_owned(),
        memory_bytes: memory.total_bytes,
        memory_free_bytes: memory.free_bytes,
        disk_free_bytes: disk::free_bytes(workspace).unwrap_or(0),
        cpu_percent: cpu.percent(),
    }
}

fn check_processor(machine: &Machine) -> Check {
    Check {
        name: "Processor".to_owned(),
        status: CheckStatus::Ok,
        found: machine.cpu.clone(),
        remedy: None,
    }
}
