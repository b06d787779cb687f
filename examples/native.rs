//! Prints a book of the demo and what becomes of it, until the connection is closed for good.
//!
//! ```sh
//! cargo run -p res-gateway -- --demo
//! cargo run -p resclient --example native --features native -- ws://localhost:8080 library.book.1
//! ```

use resclient::client::{Client, Error, Event, Model};
use serde::Deserialize;

#[derive(Deserialize)]
struct Book {
    title: String,
    author: String,
}

async fn run(url: &str, rid: &str) -> Result<(), Error> {
    let client = Client::connect(url).await?;
    let model: Model = client.get(rid).await?;
    let (Book { title, author }, mut events) = model.watch()?;
    println!("{title} by {author}");
    while let Some(event) = events.next().await {
        match event {
            Event::Change(_) | Event::Lagged(_) => {
                let Book { title, author } = model.value()?;
                println!("now {title} by {author}");
            }
            other => println!("{other:?}"),
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let url = args.next().unwrap_or_else(|| "ws://localhost:8080".to_owned());
    let rid = args.next().unwrap_or_else(|| "library.book.1".to_owned());
    // With tokio's feature `macros`, `#[tokio::main]` does this.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(run(&url, &rid))?)
}
