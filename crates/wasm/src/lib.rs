//! Browser driver of the RES client engine: hands the engine's operations to the JavaScript shell as words in linear memory.
//! The shell has the socket, the timers and the clock.
//!
//! JavaScript is never called while the engine is borrowed: outputs are taken one by one, and only then carried out. So
//! whatever is called may call back into the driver. Only the text of a message is copied while the engine takes it in, by what
//! calls nothing else.

mod driver;
mod host;
mod inspect;
mod tape;
mod text;

pub use driver::Driver;
pub use host::Host;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
