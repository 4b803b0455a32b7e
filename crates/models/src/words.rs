//! What a model that makes sound from words can do, whichever model it is.
//!
//! A job asks an open model ([`TextToAudio`]) what it is able to do, says what to make ([`Wish`]), and is told after every
//! step how far it is, so that it can stop within one.

use std::ops::ControlFlow;

use crate::Error;

/// A model that makes sound from words.
pub trait TextToAudio: Send {
    /// What it can do.
    fn abilities(&self) -> &Abilities;

    /// Bytes of memory that its weights take.
    fn weight_bytes(&self) -> u64;

    /// Bytes of memory that making a sound takes at most, on top of the weights.
    fn sound_bytes(&self, wish: &Wish) -> u64;

    /// Makes a sound. `watch` is asked before every step and may end it; then there is no sound.
    ///
    /// The same wish gives the same sound, on any number of threads.
    ///
    /// # Errors
    /// When the wish asks for something that the model cannot do, such as a sound of another number of channels.
    fn make(
        &self,
        wish: &Wish,
        watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Result<Option<MadeSound>, Error>;
}

/// What a model can do, and what is asked of it unless somebody says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Abilities {
    /// Samples per second of its sound.
    pub rate_hz: u32,
    /// Channels of its sound.
    pub n_channels: usize,
    /// The longest sound that it makes, in seconds.
    pub max_secs: f64,
    /// Steps of its sampler: the fewest, the usual number and the most. None for a model that writes one token after the
    /// other.
    pub steps: Option<[usize; 3]>,
    /// The usual guidance: 1 is none.
    pub guidance: f64,
    /// Whether it can be told what not to make.
    pub takes_negative: bool,
    /// How it can begin with a sound.
    pub begins: Vec<BeginKind>,
    /// Whether adapters can be trained for it and added to it.
    pub takes_adapters: bool,
    /// Whether it writes tokens of a codec, so that it can be greedy, and its codes can be had.
    pub writes_codes: bool,
    /// The most tokens of a prompt that it reads; the rest is cut off.
    pub max_tokens: usize,
}

/// How a sound can be given to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeginKind {
    /// It goes on from the sound.
    Continue,
    /// It makes the sound anew, near to it or far from it.
    Vary,
    /// It fills a gap in the sound.
    Fill,
    /// It follows the melody of the sound.
    Melody,
}

/// What is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// What it is to be; several are mixed by their weights, which are above 0 and need not add up to 1.
    pub prompts: Vec<Prompt>,
    /// What it is not to be.
    pub negative: Option<String>,
    /// How long it is to be, in seconds, whatever it begins with included.
    pub secs: f64,
    /// Steps of the sampler; the model's usual number if absent.
    pub steps: Option<usize>,
    /// How closely it follows the words: 1 is as it learnt, the model's usual guidance if absent.
    pub guidance: Option<f64>,
    /// What every random number follows from.
    pub seed: u64,
    /// Takes the likeliest token each time.
    pub is_greedy: bool,
    /// Numbers in place of random ones, one vector for the start and one for each step, for comparison with other
    /// programs.
    pub noise: Option<Vec<Vec<f32>>>,
    /// What it begins with.
    pub begin: Option<Begin>,
}

/// A prompt and how much of the mixture it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// The words.
    pub text: String,
    /// Its share, above 0.
    pub weight: f64,
}

/// A sound to begin with, `[channels][samples]` at the model's rate and with its channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Begin {
    /// The sound.
    pub sound: Vec<Vec<f32>>,
    /// What is done with it.
    pub how: BeginHow,
}

/// What is done with a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BeginHow {
    /// Go on from its end.
    Continue,
    /// Make it anew: 0 keeps it as the model's codec gives it, 1 keeps nothing.
    Vary {
        /// How far.
        strength: f64,
    },
    /// Fill from `from_secs` to `to_secs`.
    Fill {
        /// Where the gap begins.
        from_secs: f64,
        /// Where it ends.
        to_secs: f64,
    },
    /// Follow its melody.
    Melody,
}

impl BeginHow {
    /// Its kind.
    #[must_use]
    pub fn kind(self) -> BeginKind {
        match self {
            Self::Continue => BeginKind::Continue,
            Self::Vary { .. } => BeginKind::Vary,
            Self::Fill { .. } => BeginKind::Fill,
            Self::Melody => BeginKind::Melody,
        }
    }
}

/// How far a sound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Steps that are done.
    pub done: usize,
    /// Steps in all.
    pub of: usize,
}

/// A sound that was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MadeSound {
    /// `[channels][samples]` at the model's rate.
    pub sound: Vec<Vec<f32>>,
    /// Its codes `[books][frames]`, of a model that writes them.
    pub codes: Option<Vec<Vec<i64>>>,
    /// What one should know of it, sentence by sentence: that a prompt was cut, say.
    pub notes: Vec<String>,
}

impl Wish {
    /// A wish for a sound of one prompt, all else as usual.
    #[must_use]
    pub fn of(prompt: &str, secs: f64, seed: u64) -> Self {
        Self {
            prompts: vec![Prompt { text: prompt.to_owned(), weight: 1.0 }],
            negative: None,
            secs,
            steps: None,
            guidance: None,
            seed,
            is_greedy: false,
            noise: None,
            begin: None,
        }
    }

    /// The share of each prompt; they add up to 1.
    #[must_use]
    pub fn shares(&self) -> Vec<f64> {
        let sum: f64 = self.prompts.iter().map(|it| it.weight).sum();
        self.prompts.iter().map(|it| it.weight / sum).collect()
    }

    /// Whether a model can make it.
    ///
    /// # Errors
    /// What is asked for and cannot be done.
    pub fn check(&self, of: &Abilities) -> Result<(), Error> {
        let refuse = |reason: String| Err(Error::Unfit { reason });
        let is_share = |it: &Prompt| it.weight.is_finite() && it.weight > 0.0;
        if self.prompts.is_empty() || !self.prompts.iter().all(is_share) {
            return refuse("there must be a prompt, and the weight of each above 0".to_owned());
        }
        if !(self.secs > 0.0 && self.secs <= of.max_secs) {
            return refuse(format!("its sounds are up to {} s long", of.max_secs));
        }
        match (self.steps, of.steps) {
            (Some(_), None) => {
                return refuse("it writes one token after the other and has no steps".to_owned());
            }
            (Some(n), Some([least, _, most])) if !(least..=most).contains(&n) => {
                return refuse(format!("steps are {least} to {most}"));
            }
            _ => {}
        }
        if let Some(guidance) = self.guidance
            && !(0.0..=100.0).contains(&guidance)
        {
            return refuse("guidance is 0 to 100".to_owned());
        }
        if self.negative.is_some() && !of.takes_negative {
            return refuse("it cannot be told what not to make".to_owned());
        }
        if self.is_greedy && !of.writes_codes {
            return refuse("it writes no tokens, so none is the likeliest".to_owned());
        }
        let Some(begin) = &self.begin else { return Ok(()) };
        if !of.begins.contains(&begin.how.kind()) {
            let what = match begin.how.kind() {
                BeginKind::Continue => "go on from a sound",
                BeginKind::Vary => "make a sound anew",
                BeginKind::Fill => "fill a gap in a sound",
                BeginKind::Melody => "follow a melody",
            };
            return refuse(format!("it cannot {what}"));
        }
        let n = begin.sound.first().map_or(0, Vec::len);
        let is_whole = begin.sound.iter().all(|channel| channel.len() == n);
        if begin.sound.len() != of.n_channels || n == 0 || !is_whole {
            return refuse(format!(
                "the sound must have {} channels, and not be empty",
                of.n_channels
            ));
        }
        match begin.how {
            BeginHow::Vary { strength } if !(0.0..=1.0).contains(&strength) => {
                refuse("the strength is 0 to 1".to_owned())
            }
            BeginHow::Fill { from_secs, to_secs }
                if !(0.0 <= from_secs && from_secs < to_secs && to_secs <= self.secs) =>
            {
                refuse("a gap begins before it ends, and lies in the sound".to_owned())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abilities() -> Abilities {
        Abilities {
            rate_hz: 32_000,
            n_channels: 1,
            max_secs: 30.0,
            steps: Some([1, 8, 100]),
            guidance: 3.0,
            takes_negative: false,
            begins: vec![BeginKind::Continue, BeginKind::Fill, BeginKind::Vary],
            takes_adapters: false,
            writes_codes: false,
            max_tokens: 64,
        }
    }

    #[test]
    fn wishes_that_a_model_cannot_grant_say_why() {
        let plain = || Wish::of("rain", 5.0, 1);
        let begin = |how| Some(Begin { sound: vec![vec![0.0; 10]], how });
        assert!(plain().check(&abilities()).is_ok());
        let fill = BeginHow::Fill { from_secs: 1.0, to_secs: 2.0 };
        assert!(Wish { begin: begin(fill), ..plain() }.check(&abilities()).is_ok());
        for (wish, expected) in [
            (Wish { prompts: vec![], ..plain() }, "there must be a prompt"),
            (Wish { secs: 31.0, ..plain() }, "up to 30 s"),
            (Wish { secs: f64::NAN, ..plain() }, "up to 30 s"),
            (Wish { steps: Some(101), ..plain() }, "steps are 1 to 100"),
            (Wish { guidance: Some(f64::NAN), ..plain() }, "guidance is"),
            (Wish { negative: Some(String::new()), ..plain() }, "what not to make"),
            (Wish { is_greedy: true, ..plain() }, "no tokens"),
            (Wish { begin: begin(BeginHow::Melody), ..plain() }, "follow a melody"),
            (Wish { begin: begin(BeginHow::Vary { strength: 1.5 }), ..plain() }, "strength"),
            (
                Wish { begin: begin(BeginHow::Fill { from_secs: 2.0, to_secs: 9.0 }), ..plain() },
                "lies in the sound",
            ),
            (
                Wish {
                    begin: Some(Begin { sound: vec![vec![0.0; 9]; 2], how: BeginHow::Continue }),
                    ..plain()
                },
                "must have 1 channels",
            ),
        ] {
            let said = wish.check(&abilities()).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn shares_add_up_to_one() {
        let mut wish = Wish::of("rain", 5.0, 1);
        wish.prompts.push(Prompt { text: "wind".to_owned(), weight: 3.0 });
        assert_eq!(wish.shares(), [0.25, 0.75]);
    }
}
