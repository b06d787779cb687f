//! Sets that mostly hold one thing.

use std::collections::BTreeSet;

/// Things in their order. One needs no tree: that makes room for eleven at once.
#[derive(Debug, Default)]
pub enum Few<T> {
    #[default]
    None,
    One(T),
    Many(BTreeSet<T>),
}

impl<T: Copy + Ord> Few<T> {
    pub fn insert(&mut self, new: T) {
        match self {
            Few::None => *self = Few::One(new),
            Few::One(one) if *one == new => {}
            Few::One(one) => *self = Few::Many([*one, new].into()),
            Few::Many(many) => drop(many.insert(new)),
        }
    }

    /// Whether it was there.
    pub fn remove(&mut self, old: &T) -> bool {
        match self {
            Few::One(one) if one == old => *self = Few::None,
            Few::None | Few::One(_) => return false,
            Few::Many(many) => {
                let removed = many.remove(old);
                if many.is_empty() {
                    *self = Few::None;
                }
                return removed;
            }
        }
        true
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Few::None)
    }

    pub fn len(&self) -> usize {
        match self {
            Few::None => 0,
            Few::One(_) => 1,
            Few::Many(many) => many.len(),
        }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        let (one, many) = match self {
            Few::None => (None, None),
            Few::One(one) => (Some(one), None),
            Few::Many(many) => (None, Some(many)),
        };
        one.into_iter().chain(many.into_iter().flat_map(|many| many.iter()))
    }
}
