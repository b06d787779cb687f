//! What the driver needs of the JavaScript shell.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const HOST: &str = r#"
/** What the driver calls. None of it may throw: the driver could not carry on. */
export interface Host {
  /** Keeps the data of a message as the text of the current frame and writes its first part as UTF-8 to memory at `pointer`,
   * where there is room for three bytes for each of 32,768 UTF-16 units. Returns the number of bytes, 0 when the data is no frame;
   * -1 - n for n bytes and more to come. */
  ingest(data: unknown, pointer: number): number;
  /** The same for the next part. */
  ingest_more(pointer: number): number;
  /** UTF-16 units that are to come. */
  left(): number;
  /** The text of the current frame is needed no more. */
  frame_done(): void;
  /** Makes the WebSocket of a connection, and hands what it reports to `Driver.receive`. Whether there is one. */
  open(connection: number): boolean;
  /** Closes it, if there is one. Nothing is heard of it any more. */
  close(): void;
  /** Sends a frame. */
  send(text: string): void;
  /** Carries out `length` words of operations at `pointer`. Whether nothing is known any more by the numbers of what leaves by them. */
  apply(pointer: number, length: number): boolean;
  /** The socket opened (0), failed (1) or closed (2). Answers whether it closed for good. */
  socket_event(kind: number, event: unknown): boolean;
  /** `Driver.timeout` is to be called after so many milliseconds, in place of when it was before; never, when negative. */
  await_timeout(delay: number): void;
  /** The same for `Driver.heartbeat`. */
  await_heartbeat(delay: number): void;
  /** Milliseconds on a clock that is never set back. */
  now(): number;
}
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "Host")]
    pub type Host;

    #[wasm_bindgen(method)]
    pub fn ingest(this: &Host, data: &JsValue, pointer: *mut u8) -> i32;

    #[wasm_bindgen(method)]
    pub fn ingest_more(this: &Host, pointer: *mut u8) -> i32;

    #[wasm_bindgen(method)]
    pub fn left(this: &Host) -> usize;

    #[wasm_bindgen(method)]
    pub fn frame_done(this: &Host);

    #[wasm_bindgen(method)]
    pub fn open(this: &Host, connection: u32) -> bool;

    #[wasm_bindgen(method)]
    pub fn close(this: &Host);

    #[wasm_bindgen(method)]
    pub fn send(this: &Host, text: &str);

    #[wasm_bindgen(method)]
    pub fn apply(this: &Host, pointer: *const u32, length: usize) -> bool;

    #[wasm_bindgen(method)]
    pub fn socket_event(this: &Host, kind: u32, event: &JsValue) -> bool;

    #[wasm_bindgen(method)]
    pub fn await_timeout(this: &Host, delay: f64);

    #[wasm_bindgen(method)]
    pub fn await_heartbeat(this: &Host, delay: f64);

    #[wasm_bindgen(method)]
    pub fn now(this: &Host) -> f64;
}
