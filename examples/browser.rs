//! Keeps a list of the demo's books on a page, without a framework: with one, the loops set signals instead of text.
//!
//! ```sh
//! cargo build -p resclient --example browser --features browser --target wasm32-unknown-unknown
//! wasm-bindgen --target web --no-typescript --out-dir target/browser \
//!     target/wasm32-unknown-unknown/debug/examples/browser.wasm
//! echo '<ul></ul><script type="module">import start from "./browser.js"; start()</script>' > target/browser/index.html
//! cargo run -p res-gateway -- --demo --www target/browser
//! ```

#[cfg(target_arch = "wasm32")]
mod page {
    use resclient::client::{Client, Collection, Error, Model};
    use serde::Deserialize;
    use wasm_bindgen_futures::spawn_local;
    use web_sys::{Document, Element};

    #[derive(Deserialize)]
    struct Book {
        title: String,
        author: String,
    }

    /// Shows the books, and anew whenever some come or go.
    pub async fn run(url: &str, document: Document, list: Element) -> Result<(), Error> {
        let client = Client::connect(url).await?;
        let books: Collection = client.get("library.books").await?;
        let mut events = books.changes();
        loop {
            list.set_text_content(None);
            for book in books.follow_all::<Model>().into_iter().flatten() {
                let Ok(line) = document.create_element("li") else { continue };
                // The list is there, and an element that was just made can be put anywhere.
                let _ = list.append_child(&line);
                spawn_local(async move {
                    if let Err(error) = show(book, &line).await {
                        line.set_text_content(Some(&error.to_string()));
                    }
                });
            }
            if events.next().await.is_none() {
                return Ok(());
            }
        }
    }

    /// Shows a book, until something happens to it after its line was taken off the page.
    async fn show(book: Model, line: &Element) -> Result<(), Error> {
        let mut events = book.changes();
        while line.is_connected() {
            let Book { title, author } = book.value()?;
            line.set_text_content(Some(&format!("{title} by {author}")));
            if events.next().await.is_none() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(target_arch = "wasm32")]
fn main() {
    let document = web_sys::window().and_then(|window| window.document()).expect("this runs on a page");
    let list = document.query_selector("ul").ok().flatten().expect("the page has a list");
    let host = document.location().and_then(|location| location.host().ok()).expect("the page came from somewhere");
    wasm_bindgen_futures::spawn_local(async move {
        if let Err(error) = page::run(&format!("ws://{host}/"), document, list.clone()).await {
            list.set_text_content(Some(&error.to_string()));
        }
    });
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("this is for wasm32-unknown-unknown");
}
