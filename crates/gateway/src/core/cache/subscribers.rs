//! Who listens to a resource.

use crate::core::border::Subscriber;
use crate::core::few::Few;

/// Most resources have one.
pub type Subscribers = Few<Subscriber>;
