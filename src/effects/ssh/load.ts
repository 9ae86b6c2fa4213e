import type * as ssh2 from 'ssh2';

export type Ssh2 = typeof ssh2;

let library: Promise<Ssh2> | undefined;

/** The SSH library, read from disk at first use: commands that reach no host start faster without it. */
export function loadSsh2(): Promise<Ssh2> {
  // The library is CommonJS: Node hands it out whole as `default`, which its type declarations do not know.
  library ??= import('ssh2').then((module) => (module as unknown as { readonly default: Ssh2 }).default);
  return library;
}
