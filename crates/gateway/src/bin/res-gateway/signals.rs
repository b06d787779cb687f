//! The signals that end the program.

use tokio::sync::watch;

/// Becomes true with the first signal to end: Ctrl-C and, where there are such, SIGTERM, SIGHUP and SIGQUIT. The second
/// ends the process at once.
///
/// # Errors
/// A sentence, if signals cannot be listened to.
pub fn shutdown() -> Result<watch::Receiver<bool>, String> {
    let (stop, stopping) = watch::channel(false);
    let mut signals = Signals::new().map_err(|error| format!("cannot listen to signals: {error}"))?;
    tokio::spawn(async move {
        signals.recv().await;
        tracing::info!("stopping; another signal ends the program at once");
        stop.send_replace(true);
        let code = signals.recv().await;
        crate::stderr::flush();
        std::process::exit(code);
    });
    Ok(stopping)
}

#[cfg(unix)]
struct Signals([(tokio::signal::unix::Signal, i32); 4]);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind: SignalKind| Ok::<_, std::io::Error>((signal(kind)?, 128 + kind.as_raw_value()));
        let hangup = listen(SignalKind::hangup())?;
        let interrupt = listen(SignalKind::interrupt())?;
        let quit = listen(SignalKind::quit())?;
        let terminate = listen(SignalKind::terminate())?;
        Ok(Signals([hangup, interrupt, quit, terminate]))
    }

    /// The next signal, as the exit code that shells give for it.
    async fn recv(&mut self) -> i32 {
        let all = self.0.iter_mut().map(|(signal, code)| Box::pin(async move { signal.recv().await.map(|()| *code) }));
        // None ends while the runtime runs.
        futures_util::future::select_all(all).await.0.unwrap_or(1)
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals)
    }

    async fn recv(&mut self) -> i32 {
        // An error means that there will be no Ctrl-C; then the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        1
    }
}
