//! Metrics in the format of OpenMetrics, and health, for those who watch a gateway.
//!
//! What is counted are plain numbers, which are written out when somebody asks. No metric has a resource id, an address
//! or anything else of a client for a label.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use resclient::protocol::Version;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::debug;

use crate::core::stats::{Durations, RequestKind};
use crate::gateway::{Gateway, Snapshot};

/// Serves `/metrics` and `/health` until it is dropped. Healthy, 200, is a gateway that answers and has a bus; without
/// one, and once `stopping` is true, it is not: 503.
pub async fn serve(listener: TcpListener, gateway: Gateway, stopping: watch::Receiver<bool>) {
    // Whoever watches is not to take from clients what the process has, either.
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // They hold the gateway, and end with this.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                debug!(%error, "cannot accept a connection for metrics");
                sleep(PAUSE).await;
                continue;
            }
        };
        let watched = (gateway.clone(), stopping.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let watched = watched.clone();
            async move { Ok::<_, Infallible>(answer(&watched, &request).await) }
        });
        let mut connection = http1::Builder::new();
        connection.timer(TokioTimer::new()).header_read_timeout(IDLE);
        let connection = connection.serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move {
            if let Ok(Err(error)) = timeout(LONGEST, connection).await {
                debug!(%error, "a connection for metrics ended");
            }
            drop(place);
        });
    }
}

/// The metrics of a gateway and of the servers around it; `None` if it has ended.
pub async fn text(gateway: &Gateway) -> Option<String> {
    let snapshot = gateway.snapshot().await?;
    let mut out = String::new();
    // Writing to a text does not fail.
    text::encode(&mut out, &registry(gateway, &snapshot)).ok()?;
    Some(out)
}

type Watched = (Gateway, watch::Receiver<bool>);

async fn answer(watched: &Watched, request: &Request<Incoming>) -> Response {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => metrics(&watched.0).await,
        (&Method::GET | &Method::HEAD, "/health") => health(watched).await.into_response(),
        (_, "/metrics" | "/health") => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn metrics(gateway: &Gateway) -> Response {
    match in_time(text(gateway)).await {
        Some(text) => ([(header::CONTENT_TYPE, HeaderValue::from_static(OPENMETRICS))], text).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the gateway does not answer\n").into_response(),
    }
}

async fn health((gateway, stopping): &Watched) -> (StatusCode, &'static str) {
    let ill = |why| (StatusCode::SERVICE_UNAVAILABLE, why);
    if *stopping.borrow() {
        ill("the gateway is stopping\n")
    } else if !gateway.is_available() {
        ill("the bus is lost\n")
    } else if in_time(gateway.snapshot()).await.is_none() {
        ill("the gateway does not answer\n")
    } else {
        (StatusCode::OK, "ok\n")
    }
}

async fn in_time<T>(answer: impl Future<Output = Option<T>>) -> Option<T> {
    timeout(PATIENCE, answer).await.ok().flatten()
}

/// All there is, under the names that Resgate has where it has one.
fn registry(gateway: &Gateway, now: &Snapshot) -> Registry {
    let counters = gateway.counters();
    let (clients, resets, traffic) = (&now.core.clients, &now.core.resets, &now.traffic);
    let (websockets, open) = counters.websockets();
    let (full, full_address) = counters.refusals();
    let mut page = Page::default();
    let all = &mut page;
    let mut protocol = String::new();
    Version::SUPPORTED.write(&mut protocol);
    let versions = vec![("version", env!("CARGO_PKG_VERSION").to_owned()), ("protocol", protocol)];
    all.0.register("resgate", "The program and the protocol it speaks", Info::new(versions));
    if let Some(bytes) = resident_bytes() {
        all.gauge("process_resident_memory_bytes", "Memory that the process has", bytes);
    }

    all.gauge("resgate_ws_current_connections", "WebSockets that are open", open);
    all.counter("resgate_ws_connections", "WebSockets", websockets);
    let requests = RequestKind::ALL.map(|kind| (name(kind), clients.requests(kind)));
    all.counters("resgate_ws_requests", "Requests over WebSockets", "method", requests);
    all.counters("resgate_http_requests", "Requests for resources over HTTP", "method", counters.http_requests());
    all.gauge("resgate_cache_resources", "Resource names in the cache", now.cached.0 as u64);
    all.gauge("resgate_cache_subscriptions", "Subscriptions of what is in the cache", now.cached.1 as u64);

    all.counter("resgate_ws_received_frames", "Frames from clients", traffic.frames_in);
    all.counter("resgate_ws_received_bytes", "Bytes of frames from clients", traffic.bytes_in);
    all.counter("resgate_ws_sent_frames", "Frames for clients", traffic.frames_out);
    all.counter("resgate_ws_sent_bytes", "Bytes of frames for clients", traffic.bytes_out);
    all.gauge("resgate_ws_queued_frames", "Events that clients have not taken yet", now.queued.1 as u64);
    all.gauge("resgate_ws_queued_bytes", "Bytes of events that clients have not taken yet", now.queued.0 as u64);
    all.counter("resgate_ws_slow_readers", "Clients closed because they read too slowly", now.slow_readers);
    let refused = [("connections", full), ("connectionsPerAddress", full_address), ("resources", clients.refused)];
    all.counters("resgate_refusals", "What was refused because of a limit", "limit", refused);

    all.counter("resgate_resets_started", "Resources fetched again because they may be wrong", resets.started);
    all.counter("resgate_resets_failed", "Resources that could not be fetched again", resets.failed);
    all.counter("resgate_resets_retried", "Resources fetched again after that failed", resets.retried);
    all.gauge("resgate_bus_up", "1 while there is a bus", gateway.is_available().into());
    all.counter("resgate_bus_reconnects", "Buses found again after one was lost", now.reconnects);
    all.gauge("resgate_service_requests_waiting", "Requests that services have not answered", now.waiting as u64);
    let times = Seconds(now.core.service_time);
    all.0.register_with_unit("resgate_service_request_duration", "Time of services for answers", Unit::Seconds, times);
    page.0
}

#[derive(Default)]
struct Page(Registry);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, help, ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    /// Written with `_total` behind its name.
    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, help, ConstCounter::new(value));
    }

    fn counters(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl IntoIterator<Item = (&'static str, u64)>,
    ) {
        let family = Family::<Vec<(&'static str, &'static str)>, Counter>::default();
        for (value, count) in values {
            family.get_or_create(&vec![(label, value)]).inc_by(count);
        }
        self.0.register(name, help, family);
    }
}

/// Durations as a histogram.
#[derive(Debug)]
struct Seconds(Durations);

impl EncodeMetric for Seconds {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        let bounds = Durations::BOUNDS.iter().map(|&ms| ms as f64 / 1000.0).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.0.counts).collect();
        let count = self.0.counts.iter().sum();
        encoder.encode_histogram::<NoLabelSet>(self.0.sum as f64 / 1000.0, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

fn name(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Get => "get",
        RequestKind::Subscribe => "subscribe",
        RequestKind::Unsubscribe => "unsubscribe",
        RequestKind::Call => "call",
        RequestKind::Auth => "auth",
    }
}

/// Where the system says so, as Linux does.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?;
    Some(kilobytes.trim().parse::<u64>().ok()? * 1024)
}

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// For the gateway to answer.
const PATIENCE: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 32;
/// Between the requests of a connection, and for a whole one.
const IDLE: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(3600);
const PAUSE: Duration = Duration::from_secs(1);
