//! A stream that comes back from whom it is lent to, and of which nobody reads so much that others have to wait.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

/// A stream as another uses it; when it is dropped, whoever has lent it has it back.
pub struct Borrowed<S: Unpin> {
    /// There until it is dropped.
    stream: Option<S>,
    back: Option<oneshot::Sender<Returned<S>>>,
    is_unanswered: bool,
    /// Since others had their turn.
    reads: u32,
}

/// A stream that was lent.
pub struct Returned<S> {
    pub stream: S,
    /// Whether something was read after all that was written.
    pub is_unanswered: bool,
}

impl<S: Unpin> Borrowed<S> {
    /// Lends a stream.
    pub fn lend(stream: S) -> (Borrowed<S>, oneshot::Receiver<Returned<S>>) {
        let (back, returned) = oneshot::channel();
        (Borrowed { stream: Some(stream), back: Some(back), is_unanswered: false, reads: 0 }, returned)
    }

    fn stream(&mut self) -> Pin<&mut S> {
        Pin::new(self.stream.as_mut().expect("it is not dropped yet"))
    }
}

impl<S: Unpin> Drop for Borrowed<S> {
    fn drop(&mut self) {
        if let (Some(stream), Some(back)) = (self.stream.take(), self.back.take()) {
            // Who does not want it back lets it end here.
            let _ = back.send(Returned { stream, is_unanswered: self.is_unanswered });
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Borrowed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // The client decides how much there is, and a WebSocket reads on until there is a message: of fragments with
        // nothing in them that would be tens of thousands.
        self.reads += 1;
        if self.reads > READS {
            self.reads = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buf.filled().len();
        let polled = self.stream().poll_read(cx, buf);
        self.is_unanswered |= buf.filled().len() > before;
        if polled.is_pending() {
            self.reads = 0;
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Borrowed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.is_unanswered = false;
        self.stream().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_unanswered = false;
        self.stream().poll_write_vectored(cx, bufs)
    }
}

/// One after another before others have their turn; a WebSocket reads 2 KiB at once.
const READS: u32 = 2;
