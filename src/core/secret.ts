/** What `console.log` and `util.inspect` of Node ask an object for. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Text that must never be printed or stored. Printing it, in any way, gives `[secret]`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself; call it only where it is handed to the outside system that needs it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [INSPECT](): string {
    return '[secret]';
  }
}
