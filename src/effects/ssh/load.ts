import { createHash } from 'node:crypto';
import type * as ssh2 from 'ssh2';

export type Ssh2 = typeof ssh2;
type ParseKey = Ssh2['utils']['parseKey'];

let library: Promise<Ssh2> | undefined;

/** The SSH library, read from disk at first use: commands that reach no host start faster without it. */
export function loadSsh2(): Promise<Ssh2> {
  // The library is CommonJS: Node hands it out whole as `default`, which its type declarations do not know.
  library ??= import('ssh2').then((module) => remembering((module as unknown as { readonly default: Ssh2 }).default));
  return library;
}

/** Most keys to remember. */
const MOST_KEYS = 100;

/** Thousands of hosts share a private key, and reading one that has a passphrase takes long on purpose: each is read once. */
function remembering(loaded: Ssh2): Ssh2 {
  const known = new Map<string, ReturnType<ParseKey>>();
  const parseKey: ParseKey = (data, passphrase) => {
    const name = createHash('sha256')
      .update(`${typeof data === 'string'}`)
      .update(asBytes(data))
      .update('\0')
      .update(passphrase ?? '')
      .digest('hex');
    const present = known.get(name);
    if (present) return present;
    const parsed = loaded.utils.parseKey(data, passphrase);
    if (known.size >= MOST_KEYS) known.clear();
    known.set(name, parsed);
    return parsed;
  };
  return { ...loaded, utils: { ...loaded.utils, parseKey } };
}

function asBytes(data: Parameters<ParseKey>[0]): Buffer | string {
  return typeof data === 'string' || Buffer.isBuffer(data) ? data : JSON.stringify(data);
}
