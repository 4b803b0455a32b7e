//! The weights of an engine: one piece of memory, in the order in which they are read.
#![expect(unsafe_code, reason = "memory in large pages is asked for from the system")]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// Words that no longer change: see [`Format`](crate::kernels::frames::Format).
///
/// They lie in large pages where the system has them: with pages of 4 KiB, reading 64 MB took twice as
/// long (measured with one core of a Xeon of the fifth generation, 10.8 instead of 22 GB/s).
#[derive(Debug)]
pub(super) struct Store {
    values: NonNull<u32>,
    len: usize,
}

/// The size of a large page.
const PAGE_BYTES: usize = 2 << 20;

impl Store {
    /// A copy of `values`.
    pub(super) fn new(values: &[u32]) -> Self {
        let len = values.len();
        let layout = Self::layout(len);
        // SAFETY: the layout's size is not zero, and what was allocated is valid for `len` words.
        // Pages must be asked for before they are touched, so the memory is not zeroed first.
        unsafe {
            let memory = alloc(layout);
            let Some(start) = NonNull::new(memory.cast::<u32>()) else {
                handle_alloc_error(layout)
            };
            #[cfg(target_os = "linux")]
            libc::madvise(memory.cast(), layout.size(), libc::MADV_HUGEPAGE);
            std::ptr::copy_nonoverlapping(values.as_ptr(), start.as_ptr(), len);
            Self { values: start, len }
        }
    }

    /// All of them.
    pub(super) fn values(&self) -> &[u32] {
        // SAFETY: `new` has written `len` words, and nobody else has the memory.
        unsafe { std::slice::from_raw_parts(self.values.as_ptr(), self.len) }
    }

    fn layout(len: usize) -> Layout {
        let bytes = (len * size_of::<u32>()).next_multiple_of(PAGE_BYTES).max(PAGE_BYTES);
        Layout::from_size_align(bytes, PAGE_BYTES).expect("no vector is longer than memory")
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: it was allocated with the same layout, and this is the only owner.
        unsafe { dealloc(self.values.as_ptr().cast(), Self::layout(self.len)) }
    }
}

// SAFETY: it owns its memory, which no shared reference can change.
unsafe impl Send for Store {}
// SAFETY: as above.
unsafe impl Sync for Store {}
