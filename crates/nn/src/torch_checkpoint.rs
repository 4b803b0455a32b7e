//! PyTorch's checkpoints, read without running any of the code in them.
