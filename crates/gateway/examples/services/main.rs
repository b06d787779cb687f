//! Services written with the library, each in a file of its own. `cargo run -p res-gateway --example services -- books` serves
//! the books from within the process, on port 8080 or `PORT`; with the address of a NATS server in the environment variable
//! `NATS_URL` they are there for the gateways on it instead.

mod books;
mod counter;
mod hello;
mod password;
mod session;
mod text;
mod ticker;

use std::error::Error;
use std::time::Duration;

use res_gateway::bus::{MemoryBus, NatsBus, NatsOptions};
use res_gateway::server::{self, ServerConfig};
use res_gateway::service::Service;
use res_gateway::{Gateway, GatewayConfig};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let service = match name.as_str() {
        "counter" => counter::service(),
        "hello" => hello::service(),
        "text" => text::service(),
        "books" => books::service(),
        "password" => password::service(),
        "session" => session::service(session::seconds()),
        _ => return Err("name one of: counter, hello, text, books, password, session".into()),
    };
    match std::env::var("NATS_URL") {
        Ok(servers) => over_nats(service, servers).await,
        Err(_) => alone(service).await,
    }
}

/// Serves over NATS for ever: on a new connection when one is lost. Starting tells gateways to fetch anew what they have.
async fn over_nats(mut service: Service, servers: String) -> Result<(), Box<dyn Error>> {
    let bus = NatsBus::new(NatsOptions { servers, name: "services".into(), ..NatsOptions::default() })?;
    let mut connection = bus.connect().await?;
    loop {
        let running = service.start(connection);
        tokio::select! {
            () = running.ended() => {}
            // What the service does by itself, beside answering.
            () = ticker::run(&running) => {}
        }
        service = running.stop().await;
        connection = loop {
            match bus.connect().await {
                Ok(connection) => break connection,
                Err(error) => eprintln!("{error}"),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
    }
}

/// Serves from within this process, which is gateway and service in one.
async fn alone(service: Service) -> Result<(), Box<dyn Error>> {
    let bus = MemoryBus::new();
    let running = service.start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let port = std::env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async move { ticker::run(&running).await };
    Ok(server::run(listener, gateway, ServerConfig::default(), stop).await?)
}
