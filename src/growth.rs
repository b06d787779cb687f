//! How the lists grow that have an entry for every resource.

/// Adds to a list. When it is full it grows by a quarter: doubled, a large one would be half empty, and WebAssembly's memory never
/// shrinks.
pub fn push<T>(list: &mut Vec<T>, value: T) {
    if list.len() == list.capacity() {
        reserve(list, LEAST);
    }
    list.push(value);
}

/// Makes room for so many more, if there is none.
#[inline(never)]
pub fn reserve<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact(more.max(list.len() / 4));
    }
}

/// Appends to a text, in the same way.
pub fn push_str(text: &mut String, more: &str) {
    if text.capacity() - text.len() < more.len() {
        text.reserve_exact(text.len() / 4 + more.len());
    }
    text.push_str(more);
}

const LEAST: usize = 16;
