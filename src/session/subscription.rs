//! What the application wants of a resource, and what was asked of the gateway for it.

use super::output::RequestId;
use super::time::TimerKey;

/// The wants of the application and the direct subscription of one resource.
#[derive(Debug, Default)]
pub struct Subscription {
    /// Listeners of the application.
    pub listeners: u32,
    /// Direct subscriptions at the gateway, counted from when they are asked for.
    pub subscribed: u32,
    /// Of those, the ones not answered yet.
    pub in_flight: u32,
    /// Of those, the ones being given back.
    pub leaving: u32,
    /// Direct subscriptions the gateway may hold or not: calls that were answered with the resource as an error.
    pub doubtful: u32,
    /// Whether the subscription is being renewed on a new connection.
    pub renewed: bool,
    /// Whether it is to cover the resource in place of another subscription, which is about to end.
    pub takes_over: bool,
    /// Whether it was asked for anew while it was being given back. Nothing is missed meanwhile if something else covers it.
    pub rejoins: bool,
    /// Whether it was taken because what is referred to was an error: the references do not cover it.
    pub recovers: bool,
    /// How often in a row it was refused while it was that.
    pub failures: u32,
    /// Until it is taken for that reason.
    pub recovery: Option<TimerKey>,
    /// A `get` that waits for the resource to load.
    pub get: Option<RequestId>,
    /// The linger or the resubscribe timer.
    pub timer: Option<TimerKey>,
}

impl Subscription {
    /// Whether nothing speaks for keeping this record.
    pub fn is_idle(&self) -> bool {
        let unused = self.listeners == 0 && self.subscribed == 0 && self.doubtful == 0;
        unused && self.get.is_none() && self.timer.is_none() && self.recovery.is_none()
    }
}
