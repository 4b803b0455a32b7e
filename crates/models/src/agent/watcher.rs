//! An agent that watches one game: what it sees there, what it makes of it, and what it looks at.

use games::{GREY, Game, Grey, Observation, Screen, Wrappers};
use nn::feedforward::{Pass, Shape};

use super::{infer::Player, network::Agent};

/// What an agent makes of what it sees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// The probability of each action; for DQN 1 for the one that is worth most.
    pub policy: Vec<f32>,
    /// What it expects to gain from here on, discounted.
    pub value: f32,
    /// What each action is worth; empty for PPO.
    pub action_values: Vec<f32>,
    /// What the units of the last hidden layer give.
    pub activations: Vec<f32>,
    /// How much each place of the picture decides, row after row, the largest 1; empty where numbers are
    /// seen. Source: Simonyan, Vedaldi and Zisserman, «Deep Inside Convolutional Networks», 2014.
    pub saliency: Vec<f32>,
    /// Columns of that.
    pub n_columns: usize,
}

/// An agent that watches one game.
pub struct Watcher<'a> {
    player: &'a Player,
    wrappers: Wrappers,
    screen: Screen,
    grey: Grey,
    pictures: Vec<u8>,
    numbers: Vec<f32>,
    pass: Pass,
    gradients: Vec<f32>,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(player: &'a Player, wrappers: Wrappers) -> Self {
        let n_seen = player.agent().n_seen();
        let has_numbers = wrappers.observation == Observation::Numbers;
        Self {
            player,
            wrappers,
            screen: Screen::default(),
            grey: Grey::new(player.game().palette),
            pictures: vec![0; if has_numbers { 0 } else { n_seen }],
            numbers: vec![0.0; if has_numbers { n_seen } else { 0 }],
            pass: Pass::default(),
            gradients: vec![],
        }
    }

    /// Frames for which it holds an action.
    #[must_use]
    pub fn frame_skip(&self) -> u32 {
        self.wrappers.frame_skip
    }

    /// Forgets what it saw, before another episode.
    pub fn forget(&mut self) {
        self.pictures.fill(0);
    }

    /// Looks at the game, once for each decision.
    pub fn look(&mut self, game: &dyn Game) -> Look {
        match self.wrappers.observation {
            Observation::Numbers => game.numbers(&mut self.numbers),
            Observation::Planes => game.planes(&mut self.pictures),
            Observation::Grey84 { stack } => {
                game.draw(&mut self.screen);
                let newest = self.grey.picture(&self.screen);
                for (pixel, newest) in self.pictures.chunks_exact_mut(stack).zip(newest) {
                    pixel.copy_within(1.., 0);
                    pixel[stack - 1] = *newest;
                }
            }
        }
        let (numbers, pictures) = (&self.numbers, &self.pictures);
        if numbers.is_empty() {
            self.player.look_at_picture(pictures, &mut self.pass)
        } else {
            self.player.look_at_numbers(numbers, &mut self.pass)
        }
    }

    /// The same with [`Look::activations`] and [`Look::saliency`], which take several times as long.
    pub fn look_closely(&mut self, game: &dyn Game) -> Look {
        let mut look = self.look(game);
        let agent: &Agent = self.player.agent();
        let last = agent.network.n_trunk().checked_sub(1);
        if let Some(last) = last {
            look.activations = agent.network.activations(last, &self.pass).0.to_vec();
        }
        let Shape::Picture { rows, columns, channels } = agent.network.input() else { return look };
        let best = super::policy::best(&look.policy);
        let mut chosen = vec![0.0; agent.n_actions];
        chosen[best] = 1.0;
        agent.clear_gradients(&mut self.pass);
        agent.set_preference_gradient(&chosen, &mut self.pass);
        self.gradients.clear();
        self.gradients.resize(agent.network.n_parameters(), 0.0);
        let transposed = self.player.transposed();
        let input =
            agent.network.backward_to_input(transposed, &mut self.pass, &mut self.gradients);
        let places = input.chunks_exact(channels);
        look.saliency = places.map(|it| it.iter().map(|x| x.abs()).sum()).collect();
        let largest = look.saliency.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        look.saliency.iter_mut().for_each(|it| *it /= largest);
        debug_assert_eq!(look.saliency.len(), rows * columns);
        look.n_columns = columns;
        look
    }

    /// What it saw last, `[row][column][channel]` of a picture.
    #[must_use]
    pub fn seen(&self) -> Vec<f32> {
        let bytes = self.pictures.iter().map(|it| f32::from(*it));
        bytes.chain(self.numbers.iter().copied()).collect()
    }

    /// Rows and columns of the pictures that it sees, if it sees any.
    #[must_use]
    pub fn picture_size(&self) -> Option<(usize, usize)> {
        match self.wrappers.observation {
            Observation::Numbers => None,
            Observation::Planes => self.player.game().planes.map(|it| (it.rows, it.columns)),
            Observation::Grey84 { .. } => Some((GREY, GREY)),
        }
    }
}
