//! Pictures that move: a canvas to draw on, and a writer of MP4 files.
