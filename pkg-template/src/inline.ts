import { inflateSync } from 'fflate';
import base64, { size } from '#module';

/** Bytes of the module that comes with the package. */
export function moduleBytes(): Uint8Array<ArrayBuffer> {
  return inflateSync(fromBase64(base64), { out: new Uint8Array(size) }) as Uint8Array<ArrayBuffer>;
}

function fromBase64(text: string): Uint8Array {
  const { fromBase64: native } = Uint8Array as { fromBase64?: (text: string) => Uint8Array };
  if (native) return native.call(Uint8Array, text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
