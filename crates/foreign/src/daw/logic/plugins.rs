//! Names of the plug-ins of Logic's channels.
//!
//! A record `UCuA` of the object that holds the channels says in its header for which channel it is, counted from 0, and
//! for which slot. Those of Logic's own plug-ins have a name at byte 120 and after it the word `GAME`. The object of a track
//! has the number of its channel after its name, counted from 1. Found out from 87 projects of Logic Pro 11.2 (fixtures of
//! <https://github.com/jonkubis/LogicProFormatWriter>, MIT), which have one such plug-in each: the metronome's. Plug-ins of
//! others are in archives whose names nobody has described; they are only counted.

use super::{Record, u16_at};

/// Where the name of a plug-in begins, and how long it may be.
const NAME_AT: usize = 120;
const NAME_BYTES_MAX: usize = 64;
/// Where the name of a track's object is, with its length before it.
pub(super) const OBJECT_NAME_AT: usize = 0x9e;
/// What stands after the names of Logic's own plug-ins.
const OWN: &[u8] = b"GAME";

/// The plug-ins of one channel in the order of their slots.
pub(super) fn of_channel(records: &[Record<'_>], channel: u32) -> Vec<String> {
    let own = records.iter().filter(|it| &it.kind == b"UCuA" && it.channel == channel);
    let mut named: Vec<(u32, String)> =
        own.filter_map(|it| Some((it.slot, name_of(it.content)?))).collect();
    named.sort_by_key(|it| it.0);
    named.into_iter().map(|it| it.1).collect()
}

/// The name in a record of one of Logic's own plug-ins.
fn name_of(content: &[u8]) -> Option<String> {
    let rest = content.get(NAME_AT..)?;
    let end = rest.iter().take(NAME_BYTES_MAX).position(|it| *it == 0)?;
    let name = &rest[..end];
    let is_plain = end > 1 && name.iter().all(|it| it.is_ascii_graphic() || *it == b' ');
    let after = &rest[end..rest.len().min(end + NAME_BYTES_MAX)];
    let is_own = after.windows(OWN.len()).any(|it| it == OWN);
    (is_plain && is_own).then(|| String::from_utf8_lossy(name).into_owned())
}

/// The channel of a track's object, counted from 0.
pub(super) fn channel_of(object: &[u8]) -> Option<u32> {
    let n = usize::from(u16_at(object, OBJECT_NAME_AT)?);
    // Names have an even length, with a zero at their end if need be.
    let at = OBJECT_NAME_AT + 2 + n.next_multiple_of(2);
    u32::from(u16_at(object, at)?).checked_sub(1)
}
