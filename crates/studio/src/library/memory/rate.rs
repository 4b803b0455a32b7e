//! Ratings: what a person says of patterns that were found.

use ::memory::{Memory, PatternId, Rating};
use api::{MemoryMoved, RatePattern};

use super::{no_space, of, refused};
use crate::{Error, Studio};

impl Studio {
    /// Keeps what a person says of a pattern that was found.
    ///
    /// # Errors
    /// `NotFound` when there is no such pattern; `Invalid` when the query is not of the space.
    pub fn rate_pattern(&self, id: PatternId, rate: &RatePattern) -> Result<MemoryMoved, Error> {
        self.remembered(|it| {
            let memory = it.memory_mut();
            of(memory, id)?;
            let (space, query) = match &rate.space {
                Some(space) if !rate.query.is_empty() => {
                    let dim = memory.space(space).map_err(|_| no_space(space))?.name().dim;
                    if rate.query.len() != dim {
                        let message = format!("a vector of `{space}` has {dim} numbers");
                        return Err(Error::invalid("query", message));
                    }
                    (space.clone(), rate.query.clone())
                }
                _ => (String::new(), vec![]),
            };
            let rating = Rating { space, query, item: id, is_liked: rate.is_liked };
            memory.rate(rating).map_err(refused)?;
            Ok(rated(memory))
        })
    }

    /// Withdraws what a person has said of a pattern last.
    ///
    /// # Errors
    /// `NotFound` when there is no such pattern, or nothing was said of it.
    pub fn withdraw_rating(&self, id: PatternId) -> Result<MemoryMoved, Error> {
        self.remembered(|it| {
            let memory = it.memory_mut();
            of(memory, id)?;
            match memory.withdraw_rating(id).map_err(refused)? {
                true => Ok(rated(memory)),
                false => Err(Error::NotFound { what: "rating of pattern", id: id.to_string() }),
            }
        })
    }
}

fn rated(memory: &Memory) -> MemoryMoved {
    MemoryMoved { n_patterns: 1, n_ratings: memory.ratings().len() as u64, removed: None }
}
