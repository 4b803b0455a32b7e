//! The trash, and folders of the library that could not be read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, Problem, UnixMs};

/// Something in the trash: it can be restored until it expires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrashItem {
    /// The list it was deleted from: `datasets`, `runs`, `models`, `reconstructions`, `presets`, `exports` or
    /// `projects`.
    pub list: String,
    /// Its identifier in that list.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// When it was deleted.
    pub deleted_ms: UnixMs,
    /// When it will be deleted forever.
    pub expires_ms: UnixMs,
    /// The space on the disk that deleting it forever gives back.
    pub bytes: u64,
}

/// What emptying the trash did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Emptied {
    /// How many items were deleted forever.
    pub n_items: u32,
    /// The space that this gave back.
    pub bytes: u64,
}

/// A folder of the library that could not be read: damaged, or of a newer version. It is kept as it is, and
/// is listed again once it can be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnreadableFolder {
    /// The list it belongs to, like `runs`.
    pub list: String,
    /// Its identifier: the name of its folder.
    pub id: Id,
    /// The folder.
    pub path: String,
    /// What is wrong and what to do.
    pub problem: Problem,
}
