//! What the driver needs of the JavaScript shell.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const HOST: &str = r#"
/** What the driver calls. Only `open` may throw. */
export interface Host {
  /** Keeps the data of a message event as the text of the current frame and writes it as UTF-8 to `capacity` bytes of
   * memory at `pointer`. Returns the length; -1 when the data is no string; -1 - n when it may take n bytes. */
  ingest(event: unknown, pointer: number, capacity: number): number;
  /** Makes a WebSocket. */
  open(): object;
  /** Carries out `length` words of operations at `pointer`. */
  apply(pointer: number, length: number): void;
  /** The socket opened (0), failed (1) or closed (2). Answers whether it closed for good. */
  socket_event(kind: number, event: unknown): boolean;
  /** `Driver.heartbeat` is to be called after so many milliseconds, in place of when it was before; never, when negative. */
  await_heartbeat(delay: number): void;
  /** A frame was sent. Only called when debugging. */
  sent(text: string): void;
}
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "Host")]
    pub type Host;

    // These two are called for every frame and keep their exceptions to themselves; catching costs more than they do.
    #[wasm_bindgen(method)]
    pub fn ingest(this: &Host, event: &JsValue, pointer: *mut u8, capacity: usize) -> i32;

    #[wasm_bindgen(method, catch)]
    pub fn open(this: &Host) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method)]
    pub fn apply(this: &Host, pointer: *const u32, length: usize);

    #[wasm_bindgen(method, catch)]
    pub fn socket_event(this: &Host, kind: u32, event: &JsValue) -> Result<bool, JsValue>;

    #[wasm_bindgen(method)]
    pub fn await_heartbeat(this: &Host, delay: f64);

    #[wasm_bindgen(method, catch)]
    pub fn sent(this: &Host, text: &str) -> Result<(), JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// Tells milliseconds on a clock that is never set back. Looking up the global for every frame would double its cost.
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    pub static CLOCK: web_sys::Performance;
}
