//! `maquette trash`: list, restore, and delete forever.

use std::io::{self, BufRead, IsTerminal, Write};

use api::{Emptied, Id, TrashItem};

use super::{Console, named, output::refused, table::table, words};
use crate::client::Client;

/// A day in milliseconds.
const DAY_MS: u64 = 24 * 3600 * 1000;

#[derive(clap::Subcommand)]
pub(crate) enum TrashCommand {
    /// List deleted items, and how long they stay in the trash
    List,
    /// Restore an item from the trash
    Restore {
        /// Its identifier, or its name if nothing else in the trash has it
        #[arg(value_name = "ID|NAME")]
        item: String,
    },
    /// Delete an item in the trash forever
    Delete {
        /// Its identifier, or its name if nothing else in the trash has it
        #[arg(value_name = "ID|NAME")]
        item: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Delete everything in the trash forever
    Empty {
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) fn run(command: TrashCommand, console: &Console) -> anyhow::Result<()> {
    let client = console.client()?;
    let terminal = console.terminal;
    let all: Vec<TrashItem> = client.get("/api/trash")?;
    match command {
        TrashCommand::List => terminal.result(&all, || overview(&all, now_ms())),
        TrashCommand::Restore { item } => {
            let item = find(&all, &item)?;
            client.post_empty::<()>(&format!("{}/restore", path_of(item)))?;
            let restored = serde_json::json!({ "restored": item.id, "list": item.list });
            terminal.result(&restored, || {
                format!("Restored {} “{}” ({}).", word_of(item), item.name, item.id)
            })
        }
        TrashCommand::Delete { item, yes } => {
            let item = find(&all, &item)?;
            let question = format!(
                "Delete the {} “{}” ({}) forever?",
                word_of(item),
                item.name,
                words::bytes(item.bytes)
            );
            if !yes && !is_agreed(&question)? {
                return terminal.line("Nothing was deleted.");
            }
            client.delete(&path_of(item))?;
            let emptied = Emptied { n_items: 1, bytes: item.bytes };
            terminal.result(&emptied, || outcome(&emptied))
        }
        TrashCommand::Empty { yes } => empty(&client, console, &all, yes),
    }
}

fn empty(client: &Client, console: &Console, all: &[TrashItem], yes: bool) -> anyhow::Result<()> {
    let bytes = all.iter().map(|it| it.bytes).sum();
    let question =
        format!("Delete {} ({}) forever?", words::n_of(all.len(), "item"), words::bytes(bytes));
    if !all.is_empty() && !yes && !is_agreed(&question)? {
        return console.terminal.line("Nothing was deleted.");
    }
    let emptied: Emptied = client.delete_for("/api/trash")?;
    console.terminal.result(&emptied, || outcome(&emptied))
}

fn find<'t>(all: &'t [TrashItem], text: &str) -> anyhow::Result<&'t TrashItem> {
    let names: Vec<(Id, String)> = all.iter().map(|it| (it.id.clone(), it.name.clone())).collect();
    let remedy = "`maquette trash list` shows what is in the trash.";
    let id = named::choose(&names, text, "item in the trash", remedy)?;
    all.iter().find(|it| it.id == id).ok_or_else(|| anyhow::anyhow!("failed to find {id}"))
}

fn path_of(item: &TrashItem) -> String {
    format!("/api/trash/{}/{}", item.list, item.id)
}

/// The singular of the item's list: `run` for `runs`.
fn word_of(item: &TrashItem) -> &str {
    item.list.strip_suffix('s').unwrap_or(&item.list)
}

/// Whether the user at the terminal answers yes.
///
/// # Errors
/// When there is no terminal to ask on.
fn is_agreed(question: &str) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let why = "This cannot be undone, and there is no terminal to ask you on.";
        let what = "Nothing was deleted.".to_owned();
        return Err(refused("not_agreed", what, why, "Add --yes to delete without asking.").into());
    }
    let mut err = io::stderr().lock();
    write!(err, "{} [y/N] ", super::printable::one_line(question))?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn overview(all: &[TrashItem], now_ms: u64) -> String {
    if all.is_empty() {
        return "The trash is empty.".to_owned();
    }
    let row = |item: &TrashItem| {
        [
            item.name.clone(),
            word_of(item).to_owned(),
            words::bytes(item.bytes),
            days_left(item, now_ms),
            item.id.to_string(),
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let bytes = all.iter().map(|it| it.bytes).sum();
    format!(
        "{}\n{} in {}. Everything is deleted forever after 30 days in the trash.",
        table(["name", "kind", "size", "left", "id"], &rows),
        words::bytes(bytes),
        words::n_of(all.len(), "item")
    )
}

fn days_left(item: &TrashItem, now_ms: u64) -> String {
    match item.expires_ms.saturating_sub(now_ms).div_ceil(DAY_MS) {
        0 => "expired".to_owned(),
        1 => "1 day".to_owned(),
        n => format!("{n} days"),
    }
}

fn outcome(emptied: &Emptied) -> String {
    match emptied.n_items {
        0 => "The trash is empty.".to_owned(),
        n => format!(
            "Deleted {} forever. {} freed.",
            words::n_of(n as usize, "item"),
            words::bytes(emptied.bytes)
        ),
    }
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, list: &str, bytes: u64) -> TrashItem {
        TrashItem {
            list: list.into(),
            id: "notes-000001".parse().unwrap(),
            name: name.into(),
            deleted_ms: 0,
            expires_ms: 30 * DAY_MS,
            bytes,
        }
    }

    #[test]
    fn the_list_says_what_how_large_and_how_long() {
        let all = [item("Notes", "runs", 528_000_000)];
        let expected = "name   kind  size    left     id\n\
                        Notes  run   528 MB  29 days  notes-000001\n\n\
                        528 MB in 1 item. Everything is deleted forever after 30 days in the trash.";
        assert_eq!(overview(&all, DAY_MS), expected);
        assert_eq!(overview(&[], 0), "The trash is empty.");
        assert_eq!(days_left(&all[0], 30 * DAY_MS - 1), "1 day");
        assert_eq!(days_left(&all[0], 31 * DAY_MS), "expired");
        let emptied = Emptied { n_items: 2, bytes: 1_500_000 };
        assert_eq!(outcome(&emptied), "Deleted 2 items forever. 1.5 MB freed.");
    }
}
