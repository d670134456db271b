//! prost links `alloc` for messages with strings and lists. The firmware's have none, so there is no heap to spend memory on: an
//! allocation fails, which panics with its size.

use core::alloc::{GlobalAlloc, Layout};

struct NoHeap;

#[global_allocator]
static HEAP: NoHeap = NoHeap;

// SAFETY: a null pointer says that there is no memory.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
