/**
 * Makes the sockets of the client, so that the page can break them. The client is not told: it sees what it would see
 * when a cable is pulled.
 */
class Wire {
  #address = location.origin.replace(/^http/, 'ws') + '/';
  #socket;
  #down = false;
  /** How many sockets were made. */
  sockets = 0;

  /** Whether no socket may be made. */
  get down() {
    return this.#down;
  }

  /** The factory handed to the client. */
  open = () => {
    if (this.#down) throw new Error('the page keeps the connection down');
    this.#socket = new WebSocket(this.#address);
    this.sockets += 1;
    return this.#socket;
  };

  /** Closes the socket; the client heals when it likes. */
  cut() {
    this.#socket?.close();
  }

  /** Closes the socket and lets none be made until called with false. */
  hold(down) {
    this.#down = down;
    if (down) this.cut();
  }
}

export const wire = new Wire();
