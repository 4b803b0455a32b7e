//! Opens an address or a folder with the person's own program for it.

use std::{
    io,
    process::{Command, Stdio},
    thread,
};

/// The program that opens things on this system, if there is a screen to open them on.
pub(crate) fn find() -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("open");
    }
    if cfg!(windows) {
        return Some("explorer");
    }
    let has_screen =
        ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let path = std::env::var_os("PATH")?;
    let is_there = std::env::split_paths(&path).any(|folder| folder.join("xdg-open").is_file());
    (has_screen && is_there).then_some("xdg-open")
}

/// Opens an address or a folder, and does not wait for the program that shows it.
///
/// # Errors
/// When the program that opens things cannot be started.
#[expect(clippy::disallowed_methods, reason = "a browser is the person's program, not a job")]
pub(crate) fn open(opener: &str, address: &str) -> io::Result<()> {
    let mut child = Command::new(opener)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // Somebody must take note of its end, or the system keeps it as a zombie.
    thread::Builder::new().name("opener".into()).spawn(move || child.wait())?;
    Ok(())
}
