//! `cargo bench`: what the engine costs by itself, natively, and how that grows.

#[cfg(not(target_arch = "wasm32"))]
mod workloads;

fn main() {
    #[cfg(not(target_arch = "wasm32"))]
    divan::main();
}
