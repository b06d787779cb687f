import { alike } from './alike.js';
import type { ClientState } from './events.js';
import type { ResourceClient } from './ResourceClient.js';

/** The state of a client's connection as something that can be subscribed to and looked at. */
export class ConnectionStore {
  readonly #client: Pick<ResourceClient, 'state' | 'on' | 'off'>;
  #state: ClientState = IDLE;

  constructor(client: Pick<ResourceClient, 'state' | 'on' | 'off'>) {
    this.#client = client;
  }

  readonly subscribe = (subscriber: () => void): (() => void) => {
    const changed = () => subscriber();
    this.#client.on('state', changed);
    return () => this.#client.off('state', changed);
  };

  /** The same object as long as the state is the same. */
  readonly getSnapshot = (): ClientState => {
    const { state } = this.#client;
    if (!alike(this.#state, state)) this.#state = state;
    return this.#state;
  };

  /** A server does not connect. */
  readonly getServerSnapshot = (): ClientState => IDLE;
}

const IDLE: ClientState = { state: 'idle' };
