//! The family tree of a sound: what it was made of, and what was made of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Id, PatternId, UnixMs};

/// A family tree, around one of its members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FamilyTree {
    /// The key of the member that was asked for.
    pub of: String,
    /// The members, ancestors first.
    pub members: Vec<Kin>,
    /// Who was made of whom.
    pub links: Vec<KinLink>,
    /// Whether there are more than are shown.
    pub is_cut: bool,
}

/// A member of a family tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Kin {
    /// What links call it.
    pub key: String,
    /// What it is.
    pub what: KinOf,
    /// What it is called.
    pub name: String,
    /// How many generations after the one that was asked for; before it if below 0.
    pub generation: i32,
    /// When it was made, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_ms: Option<UnixMs>,
    /// Whether it is not there any more.
    #[serde(default)]
    pub is_gone: bool,
}

/// What a member of a family tree is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum KinOf {
    /// A sound that was kept.
    Sound {
        /// Which.
        id: Id,
    },
    /// A sound of a generation that was not kept.
    Generated {
        /// The generation.
        id: Id,
        /// Its number in it, from 1.
        number: u32,
    },
    /// A pattern of the memory.
    Pattern {
        /// Which.
        id: PatternId,
    },
    /// A sound of the library's folders.
    Item {
        /// Which.
        id: Id,
    },
    /// A sound of a dataset.
    Dataset {
        /// The dataset.
        dataset: Id,
        /// Its place in it, from 0.
        idx: u32,
    },
    /// A file, or something that was dropped.
    File {
        /// Its path, or its upload.
        path: String,
    },
    /// A model.
    Model {
        /// Which.
        id: Id,
    },
    /// A run of a flow.
    Flow {
        /// Which.
        id: Id,
    },
}

/// Who was made of whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct KinLink {
    /// The key of what was there before.
    pub parent: String,
    /// The key of what was made of it.
    pub child: String,
    /// How, in a word or two: `blended`, `sent through`, `continued`, `cut from`.
    pub how: String,
}
