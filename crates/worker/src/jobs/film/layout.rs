//! Where the game and what is said of it lie in a picture.

use api::FilmLook;
use film::{Canvas, Indexed, Rect};
use games::{HEIGHT, WIDTH};

/// The least height of a panel below the game, as a share of the picture's: with a caption alone, and with
/// more.
const CAPTION_SHARE: f32 = 1.0 / 9.0;
const PANEL_SHARE: f32 = 0.3;

/// Where things lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Layout {
    /// Pixels of the picture for each of the screen; 0 where it is smaller than the screen.
    scale: usize,
    /// The game.
    pub(super) game: Rect,
    /// What is said of it, if anything.
    pub(super) panel: Option<Rect>,
}

impl Layout {
    /// The layout of a film: the panel is below the game, or beside it where the picture is wide.
    pub(super) fn new(look: FilmLook) -> Self {
        let (width, height) = (look.width as i32, look.height as i32);
        let has_panel = look.caption || look.curve || look.network;
        let is_wide = width * 4 > height * 5;
        let share = if look.curve || look.network { PANEL_SHARE } else { CAPTION_SHARE };
        let least = (height as f32 * share) as i32;
        let room = match (has_panel, is_wide) {
            (false, _) => (width, height),
            (true, false) => (width, height - least),
            (true, true) => (width * 2 / 3, height),
        };
        let (game, scale) = fit(room);
        let (columns, rows) = (game.width, game.height);
        if !has_panel {
            let (x, y) = ((width - columns) / 2, (height - rows) / 2);
            return Self { scale, game: Rect { x, y, ..game }, panel: None };
        }
        let panel = if is_wide {
            Rect { x: columns, y: 0, width: width - columns, height }
        } else {
            Rect { x: 0, y: rows, width, height: height - rows }
        };
        let (x, y) = if is_wide { (0, (height - rows) / 2) } else { ((width - columns) / 2, 0) };
        Self { scale, game: Rect { x, y, ..game }, panel: Some(panel) }
    }

    /// A game in a part of a picture, without a panel.
    pub(super) fn inside(place: Rect) -> Self {
        let (game, scale) = fit((place.width, place.height));
        let x = place.x + (place.width - game.width) / 2;
        let y = place.y + (place.height - game.height) / 2;
        Self { scale, game: Rect { x, y, ..game }, panel: None }
    }

    /// Draws the screen where the game lies.
    pub(super) fn draw(&self, canvas: &mut Canvas, screen: Indexed<'_>) {
        if self.scale > 0 {
            canvas.blit_indexed(screen, self.scale, self.game.x, self.game.y);
            return;
        }
        let mut whole = Canvas::new(WIDTH, HEIGHT, super::NIGHT);
        whole.blit_indexed(screen, 1, 0, 0);
        canvas.draw_picture(&whole, self.game);
    }
}

/// The largest screen that fits, in whole pixels where it can be, and its scale.
fn fit((width, height): (i32, i32)) -> (Rect, usize) {
    let (columns, rows) = (WIDTH as i32, HEIGHT as i32);
    let scale = (width / columns).min(height / rows);
    if scale > 0 {
        let game = Rect { x: 0, y: 0, width: columns * scale, height: rows * scale };
        return (game, scale as usize);
    }
    let share = (width as f32 / columns as f32).min(height as f32 / rows as f32);
    let part = |n: i32| ((n as f32 * share) as i32).max(1);
    (Rect { x: 0, y: 0, width: part(columns), height: part(rows) }, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(size: (u32, u32), caption: bool, game: [i32; 4], panel: Option<[i32; 4]>) {
        let look = FilmLook { width: size.0, height: size.1, caption, ..FilmLook::default() };
        let layout = Layout::new(look);
        let of = |rect: Rect| [rect.x, rect.y, rect.width, rect.height];
        assert_eq!((of(layout.game), layout.panel.map(of)), (game, panel), "{size:?}");
    }

    #[test]
    fn games_are_as_large_as_they_can_be() {
        check((640, 840), false, [0, 0, 640, 840], None);
        check((640, 960), true, [0, 0, 640, 840], Some([0, 840, 640, 120]));
        check((640, 840), true, [80, 0, 480, 630], Some([0, 630, 640, 210]));
        check((1920, 1080), true, [0, 15, 800, 1050], Some([800, 0, 1120, 1080]));
        check((720, 1280), true, [40, 0, 640, 840], Some([0, 840, 720, 440]));
        check((80, 106), false, [0, 0, 80, 105], None);
    }
}
