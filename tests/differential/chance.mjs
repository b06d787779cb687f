import { random } from '../shell/support/random.mjs';

/** Makes what is left to chance in the clients, such as the seeds of hashes, the same each time a conversation is played. */
export function seedWith(seed) {
  const { below } = random(seed);
  Math.random = () => below(2 ** 32) / 2 ** 32;
}
