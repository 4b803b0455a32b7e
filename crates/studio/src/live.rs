//! Live: what happens in the studio, handed to whoever subscribed, after it was stored.
//!
//! Every subscriber has its own bounded queue, so a slow one costs only itself. It can be waited
//! for from a thread ([`Subscription::next_timeout`]) and from any async runtime
//! ([`Subscription::next`]), because a [`Waker`] is all that an async runtime needs.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use api::Live;

/// Deliveries that may wait for one subscriber: a minute of a busy run.
const MAX_WAITING: usize = 4096;

/// What a [`Subscription`] hands over.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Something happened; it is stored already.
    Live(Arc<Live>),
    /// The subscriber was too slow and this many were left out: ask for the lists again.
    Lagged(u64),
}

/// What happens in the studio from now on, for one subscriber. Bounded: see [`Delivery::Lagged`].
pub struct Subscription {
    inbox: Arc<Inbox>,
}

impl Subscription {
    /// The next delivery; `None` after the time-out or when the studio was closed.
    pub fn next_timeout(&self, timeout: Duration) -> Option<Delivery> {
        let deadline = Instant::now() + timeout;
        let mut waiting = self.inbox.lock();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Some(delivery) = waiting.take() {
                return Some(delivery);
            }
            if waiting.is_closed || left.is_zero() {
                return None;
            }
            let woken = self.inbox.arrived.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The next delivery, awaited in any async runtime; `None` when the studio was closed.
    pub fn next(&self) -> impl Future<Output = Option<Delivery>> + Send + '_ {
        std::future::poll_fn(|context| self.poll_next(context))
    }

    /// The same for streams written by hand. One task at a time may wait on a subscription.
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let mut waiting = self.inbox.lock();
        if let Some(delivery) = waiting.take() {
            return Poll::Ready(Some(delivery));
        }
        if waiting.is_closed {
            return Poll::Ready(None);
        }
        waiting.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Whether the studio was closed.
    pub fn is_closed(&self) -> bool {
        self.inbox.lock().is_closed
    }
}

/// The sending side: all subscribers.
#[derive(Default)]
pub(crate) struct Broadcast {
    inboxes: Mutex<Inboxes>,
}

#[derive(Default)]
struct Inboxes {
    all: Vec<Weak<Inbox>>,
    is_closed: bool,
}

#[derive(Default)]
struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Arc<Live>>,
    n_lagged: u64,
    waker: Option<Waker>,
    is_closed: bool,
}

/// Tasks to wake once every lock was let go.
#[must_use]
pub(crate) struct Wakers(Vec<Waker>);

impl Wakers {
    pub(crate) fn wake(self) {
        for waker in self.0 {
            waker.wake();
        }
    }
}

impl Broadcast {
    pub(crate) fn subscribe(&self) -> Subscription {
        let mut inboxes = self.lock();
        let inbox = Arc::new(Inbox::default());
        inbox.lock().is_closed = inboxes.is_closed;
        inboxes.all.retain(|inbox| inbox.strong_count() > 0);
        inboxes.all.push(Arc::downgrade(&inbox));
        Subscription { inbox }
    }

    /// Puts things into every inbox. Never waits; the caller wakes the tasks afterwards.
    pub(crate) fn push(&self, live: Vec<Live>) -> Wakers {
        let live: Vec<Arc<Live>> = live.into_iter().map(Arc::new).collect();
        if live.is_empty() {
            return Wakers(Vec::new());
        }
        self.for_each(|waiting| waiting.put(&live))
    }

    pub(crate) fn close(&self) -> Wakers {
        self.lock().is_closed = true;
        self.for_each(|waiting| waiting.is_closed = true)
    }

    fn for_each(&self, mut act: impl FnMut(&mut Waiting)) -> Wakers {
        let mut wakers = Vec::new();
        for inbox in self.lock().all.iter().filter_map(Weak::upgrade) {
            let mut waiting = inbox.lock();
            act(&mut waiting);
            wakers.extend(waiting.waker.take());
            inbox.arrived.notify_all();
        }
        Wakers(wakers)
    }

    fn lock(&self) -> MutexGuard<'_, Inboxes> {
        self.inboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// A subscriber that lags has to ask for the lists again in any case, so all that waits goes.
    fn put(&mut self, live: &[Arc<Live>]) {
        self.queue.extend(live.iter().cloned());
        if self.queue.len() > MAX_WAITING {
            self.n_lagged += self.queue.len() as u64;
            self.queue.clear();
        }
    }

    fn take(&mut self) -> Option<Delivery> {
        if self.n_lagged > 0 {
            return Some(Delivery::Lagged(std::mem::take(&mut self.n_lagged)));
        }
        self.queue.pop_front().map(Delivery::Live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(n: u32) -> Live {
        Live::Changed { list: "runs".to_owned(), id: api::Id::from_name("x", n) }
    }

    #[test]
    fn a_slow_subscriber_is_told() {
        let broadcast = Broadcast::default();
        let (slow, quick) = (broadcast.subscribe(), broadcast.subscribe());
        for n in 0..=MAX_WAITING as u32 {
            broadcast.push(vec![changed(n)]).wake();
            let got = quick.next_timeout(Duration::ZERO);
            assert!(matches!(got, Some(Delivery::Live(live)) if *live == changed(n)));
        }
        let lagged = slow.next_timeout(Duration::ZERO);
        assert!(matches!(lagged, Some(Delivery::Lagged(n)) if n == MAX_WAITING as u64 + 1));
        assert!(slow.next_timeout(Duration::ZERO).is_none());
        broadcast.push(vec![changed(7)]).wake();
        assert!(matches!(slow.next_timeout(Duration::ZERO), Some(Delivery::Live(_))));
    }

    #[test]
    fn tasks_and_threads_are_woken() {
        let broadcast = Broadcast::default();
        let subscription = broadcast.subscribe();
        let mut next = std::pin::pin!(subscription.next());
        let mut context = Context::from_waker(Waker::noop());
        assert!(next.as_mut().poll(&mut context).is_pending());
        assert_eq!(broadcast.push(vec![changed(1)]).0.len(), 1);
        assert!(matches!(next.as_mut().poll(&mut context), Poll::Ready(Some(_))));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| subscription.next_timeout(Duration::from_secs(10)));
            broadcast.push(vec![changed(2)]).wake();
            assert!(waits.join().unwrap().is_some());
        });
        broadcast.close().wake();
        assert!(subscription.next_timeout(Duration::from_secs(10)).is_none());
        assert!(subscription.is_closed() && broadcast.subscribe().is_closed());
    }
}
