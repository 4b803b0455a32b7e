//! Ratings: what a person says of patterns that were found.

use ::memory::{PatternId, Rating};
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
            Ok(MemoryMoved { n_patterns: 1, n_ratings: memory.ratings().len() as u64 })
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
                true => Ok(MemoryMoved { n_patterns: 1, n_ratings: memory.ratings().len() as u64 }),
                false => Err(Error::NotFound { what: "rating of pattern", id: id.to_string() }),
            }
        })
    }

    /// Forgets all ratings, as if nothing had been rated.
    ///
    /// # Errors
    /// `Io` when that cannot be written.
    pub fn forget_ratings(&self) -> Result<MemoryMoved, Error> {
        self.remembered(|it| {
            let n_ratings = it.memory_mut().forget_ratings().map_err(refused)? as u64;
            Ok(MemoryMoved { n_patterns: 0, n_ratings })
        })
    }
}
