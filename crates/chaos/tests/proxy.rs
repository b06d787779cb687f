//! What the proxy does to real sockets.

use std::io::ErrorKind;
use std::time::Duration;

use chaos::proxy::{Newcomers, Proxy, Targets, Ways};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

struct Scene {
    proxy: Proxy,
    server: TcpListener,
}

async fn scene() -> Scene {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let targets = Targets::new(vec![server.local_addr().unwrap()]);
    Scene { proxy: Proxy::start(targets, 0).await.unwrap(), server }
}

impl Scene {
    /// Both ends of a connection over which something has passed.
    async fn connect(&self) -> (TcpStream, TcpStream) {
        let mut client = TcpStream::connect(self.proxy.address).await.unwrap();
        let (mut server, _) = self.server.accept().await.unwrap();
        client.write_all(b"hello").await.unwrap();
        assert_eq!(read(&mut server, 5).await, b"hello");
        (client, server)
    }
}

async fn read(stream: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes];
    timeout(PATIENCE, stream.read_exact(&mut buffer)).await.expect("in time").unwrap();
    buffer
}

/// What still comes, and how it ends.
async fn rest(stream: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut rest = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it ends in time");
    (rest, end.err().map(|error| error.kind()))
}

/// Whether nothing can be read, though there was time for it: what the other connection carried came meanwhile.
async fn is_silent(stream: &mut TcpStream, other: &mut (TcpStream, TcpStream)) -> bool {
    other.0.write_all(b"later").await.unwrap();
    assert_eq!(read(&mut other.1, 5).await, b"later");
    matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

#[tokio::test]
async fn a_connection_is_cut_after_exactly_so_many_bytes() {
    let scene = scene().await;
    let (mut client, mut server) = scene.connect().await;
    scene.proxy.change(|weather| weather.up.cut_after = Some(3));
    client.write_all(b"abcdef").await.unwrap();
    assert_eq!(rest(&mut server).await, (b"abc".to_vec(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(rest(&mut client).await, (Vec::new(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(scene.proxy.cuts(), 1);
    // Others are made.
    let (_, mut server) = scene.connect().await;
    scene.proxy.close();
    assert_eq!(rest(&mut server).await, (Vec::new(), None));
}

#[tokio::test]
async fn a_cut_that_nobody_came_to_is_made_when_all_is_calm_again() {
    let scene = scene().await;
    let (mut client, _server) = scene.connect().await;
    scene.proxy.change(|weather| weather.down.cut_after = Some(1_000));
    scene.proxy.calm();
    assert_eq!(rest(&mut client).await.1, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn who_is_held_does_not_learn_that_the_other_has_gone_and_others_pass() {
    let scene = scene().await;
    let (client, mut server) = scene.connect().await;
    let next = scene.proxy.next_number();
    scene.proxy.change(|weather| weather.flows(Ways::Both).for_each(|flow| flow.held_below = next));
    let mut other = scene.connect().await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert!(is_silent(&mut server, &mut other).await);
    scene.proxy.calm();
    assert_eq!(rest(&mut server).await.1, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn what_was_held_passes_later_and_the_other_way_was_open() {
    let scene = scene().await;
    let (mut client, mut server) = scene.connect().await;
    let next = scene.proxy.next_number();
    scene.proxy.change(|weather| weather.flows(Ways::Up).for_each(|flow| flow.held_below = next));
    client.write_all(b"up").await.unwrap();
    server.write_all(b"down").await.unwrap();
    assert_eq!(read(&mut client, 4).await, b"down");
    let mut other = scene.connect().await;
    assert!(is_silent(&mut server, &mut other).await);
    scene.proxy.calm();
    assert_eq!(read(&mut server, 2).await, b"up");
}

#[tokio::test]
async fn newcomers_are_turned_away_and_a_target_that_is_gone_is_a_reset() {
    let scene = scene().await;
    scene.proxy.change(|weather| weather.newcomers = Newcomers::BadGateway);
    let mut client = TcpStream::connect(scene.proxy.address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(rest(&mut client).await.0.starts_with(b"HTTP/1.1 502 "));
    scene.proxy.change(|weather| weather.newcomers = Newcomers::Reset);
    let mut client = TcpStream::connect(scene.proxy.address).await.unwrap();
    assert_eq!(rest(&mut client).await.1, Some(ErrorKind::ConnectionReset));
    scene.proxy.calm();
    let Scene { proxy, server } = scene;
    drop(server);
    let mut client = TcpStream::connect(proxy.address).await.unwrap();
    assert_eq!(rest(&mut client).await.1, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn connections_go_to_one_target_after_the_other() {
    let listeners = [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let targets = Targets::new(listeners.iter().map(|listener| listener.local_addr().unwrap()).collect());
    let proxy = Proxy::start(targets, 1).await.unwrap();
    for listener in [&listeners[1], &listeners[0], &listeners[1]] {
        let _client = TcpStream::connect(proxy.address).await.unwrap();
        timeout(PATIENCE, listener.accept()).await.expect("it comes here").unwrap();
    }
}

/// After this a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(20);
