//! Deliberate bugs, which are there only with `--cfg bugs`: whoever tests this crate finds out by them whether the tests
//! would notice. `crates/sim/bugs.txt` lists them.

/// Whether a deliberate bug is switched on. Without `--cfg bugs` none is, and nothing is left of the question.
#[macro_export]
#[doc(hidden)]
macro_rules! bug {
    ($name:literal) => {
        $crate::bugs::is_on($name)
    };
}

#[cfg(not(bugs))]
#[inline(always)]
pub const fn is_on(_: &str) -> bool {
    false
}

#[cfg(bugs)]
std::thread_local! {
    static ON: std::cell::Cell<&'static str> = const { std::cell::Cell::new("") };
}

#[cfg(bugs)]
pub fn is_on(name: &str) -> bool {
    ON.get() == name
}

/// Switches one on in this thread, in place of any other.
#[cfg(bugs)]
pub fn switch_on(name: &'static str) {
    ON.set(name);
}
