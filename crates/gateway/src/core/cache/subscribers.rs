//! Who listens to a resource.

use std::collections::BTreeSet;

use crate::core::border::Subscriber;

/// Subscribers in their order. Most resources have one, who needs no tree: that makes room for eleven at once.
#[derive(Debug, Default)]
pub enum Subscribers {
    #[default]
    None,
    One(Subscriber),
    Many(BTreeSet<Subscriber>),
}

impl Subscribers {
    pub fn insert(&mut self, who: Subscriber) {
        match self {
            Subscribers::None => *self = Subscribers::One(who),
            Subscribers::One(one) if *one == who => {}
            Subscribers::One(one) => *self = Subscribers::Many([*one, who].into()),
            Subscribers::Many(many) => drop(many.insert(who)),
        }
    }

    /// Whether it was there.
    pub fn remove(&mut self, who: &Subscriber) -> bool {
        match self {
            Subscribers::One(one) if one == who => *self = Subscribers::None,
            Subscribers::None | Subscribers::One(_) => return false,
            Subscribers::Many(many) => {
                let removed = many.remove(who);
                if many.is_empty() {
                    *self = Subscribers::None;
                }
                return removed;
            }
        }
        true
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Subscribers::None)
    }

    pub fn len(&self) -> usize {
        match self {
            Subscribers::None => 0,
            Subscribers::One(_) => 1,
            Subscribers::Many(many) => many.len(),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Subscriber> {
        let (one, many) = match self {
            Subscribers::None => (None, None),
            Subscribers::One(one) => (Some(one), None),
            Subscribers::Many(many) => (None, Some(many)),
        };
        one.into_iter().chain(many.into_iter().flat_map(|many| many.iter()))
    }
}
