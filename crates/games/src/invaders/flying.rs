//! What flies between the fleet and the cannon, and what it hits.

use super::{
    BLOCK_COLUMNS, BLOCK_HEIGHT, BLOCK_WIDTH, BOMB_HEIGHT, BOMBS, BURST, BURSTS, CANNON_HEIGHT,
    CANNON_TOP, CANNON_WIDTH, FLEET_COLUMNS, FLEET_ROWS, HEIGHT, INVADER_HEIGHT, INVADER_WIDTH,
    Invaders, NOWHERE, PITCH_X, POINTS, REPAIR, SHIELD_LEFT, SHIELD_PITCH, SHIELD_TOP, SHIELDS,
    SHOT_HEIGHT, SHOT_SPEED,
};
use crate::{Frame, Sound};

impl Invaders {
    /// Drops a bomb from the lowest invader of a column now and then; every other one is aimed.
    pub(super) fn drop_bomb(&mut self) {
        let rate = 30 - 3 * self.wave.min(6);
        if self.random.below(rate) != 0 || self.repair > 0 {
            return;
        }
        let Some(free) = self.bombs.iter().position(|it| *it == NOWHERE) else { return };
        let middle = self.cannon + CANNON_WIDTH / 2;
        let above = ((middle - self.x) / PITCH_X).clamp(0, FLEET_COLUMNS - 1);
        let anywhere = self.random.below(FLEET_COLUMNS as u32) as i32;
        let column = if self.random.below(2) == 0 { above } else { anywhere };
        let lowest = (0..FLEET_ROWS).rev().map(|row| row * FLEET_COLUMNS + column);
        if let Some(i) = lowest.into_iter().find(|i| self.fleet >> i & 1 == 1) {
            let (x, y) = self.corner(i);
            self.bombs[free] = ((x + INVADER_WIDTH / 2) as i16, (y + INVADER_HEIGHT) as i16);
        }
    }

    pub(super) fn move_shot(&mut self, frame: &mut Frame) {
        if self.shot == NOWHERE {
            return;
        }
        self.shot.1 -= SHOT_SPEED as i16;
        let (x, y) = (i32::from(self.shot.0), i32::from(self.shot.1));
        if y < -SHOT_HEIGHT {
            self.shot = NOWHERE;
            return;
        }
        let hit = self.invaders().find(|i| {
            let (left, top) = self.corner(*i);
            (left - 1..=left + INVADER_WIDTH).contains(&x)
                && (top - SHOT_HEIGHT..top + INVADER_HEIGHT).contains(&y)
        });
        if let Some(i) = hit {
            let (x, y) = self.corner(i);
            self.fleet &= !(1 << i);
            self.shot = NOWHERE;
            let row = i / FLEET_COLUMNS;
            self.burst(x + INVADER_WIDTH / 2, y + INVADER_HEIGHT / 2, row as u8);
            self.score += POINTS[row as usize];
            frame.reward += POINTS[row as usize] as f32;
            frame.sound = Some(Sound::Hit);
        } else if self.has_hit_shield(x, y, y + SHOT_HEIGHT) {
            self.shot = NOWHERE;
        }
    }

    pub(super) fn move_bombs(&mut self, frame: &mut Frame) {
        let speed = 2 + i16::from(self.wave > 2);
        for i in 0..BOMBS {
            if self.bombs[i] == NOWHERE {
                continue;
            }
            self.bombs[i].1 += speed;
            let (x, y) = (i32::from(self.bombs[i].0), i32::from(self.bombs[i].1));
            let has_hit_cannon = (self.cannon..self.cannon + CANNON_WIDTH).contains(&x)
                && (CANNON_TOP - BOMB_HEIGHT + 2..CANNON_TOP + CANNON_HEIGHT).contains(&y);
            if has_hit_cannon && self.repair == 0 {
                self.lose_life(frame);
                return;
            }
            if y > HEIGHT || self.has_hit_shield(x, y, y + BOMB_HEIGHT) {
                self.bombs[i] = NOWHERE;
            }
        }
    }

    /// Takes out the block of a shield that something thin touches.
    fn has_hit_shield(&mut self, x: i32, top: i32, bottom: i32) -> bool {
        if bottom <= SHIELD_TOP || top >= SHIELD_TOP + 3 * BLOCK_HEIGHT || x < SHIELD_LEFT {
            return false;
        }
        let (shield, within) = ((x - SHIELD_LEFT) / SHIELD_PITCH, (x - SHIELD_LEFT) % SHIELD_PITCH);
        let column = within / BLOCK_WIDTH;
        if shield >= SHIELDS as i32 || column >= BLOCK_COLUMNS {
            return false;
        }
        for row in 0..3 {
            let upper = SHIELD_TOP + row * BLOCK_HEIGHT;
            let block = 1 << (row * BLOCK_COLUMNS + column);
            let is_there = self.shields[shield as usize] & block != 0;
            if is_there && top < upper + BLOCK_HEIGHT && bottom > upper {
                self.shields[shield as usize] &= !block;
                return true;
            }
        }
        false
    }

    pub(super) fn lose_life(&mut self, frame: &mut Frame) {
        self.lives -= 1;
        self.repair = REPAIR;
        self.bombs = [NOWHERE; BOMBS];
        self.burst(self.cannon + CANNON_WIDTH / 2, CANNON_TOP + 3, FLEET_ROWS as u8);
        frame.has_lost_life = true;
        frame.is_over = self.lives == 0;
        frame.sound = Some(Sound::Lost);
    }

    fn burst(&mut self, x: i32, y: i32, row: u8) {
        self.bursts[usize::from(self.burst_at)] = ((x as i16, y as i16), (row, BURST));
        self.burst_at = (self.burst_at + 1) % BURSTS as u8;
    }
}
