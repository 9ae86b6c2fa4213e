import type { Host } from '../steps/index.ts';

/** Where the credentials of a host come from: `env:NAME` or `file:path`. Nothing is read here. */
export interface LoginReferences {
  readonly agent: boolean;
  readonly privateKey?: string;
  readonly passphrase?: string;
  readonly password?: string;
  readonly answers?: readonly { readonly prompt: string; readonly answer: string }[];
  /** known_hosts files, relative to the repository. */
  readonly knownHosts: readonly string[];
}
export interface IndexedHost {
  /** Complete but for the login, which is empty. */
  readonly host: Host;
  readonly login: LoginReferences;
}
/** Every host of a repository, in the order of its inventories. */
export interface InventoryIndex {
  readonly hosts: ReadonlyMap<string, IndexedHost>;
  /** Names of the hosts of each group, of the groups in it too, in inventory order. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}
export type HostOrder = 'inventory' | 'reverse' | 'sorted' | 'shuffle';
/** Why a pattern cannot be used. */
export interface SelectionProblem {
  readonly code: 'BAD_PATTERN' | 'UNKNOWN_HOST' | 'NO_HOSTS';
  readonly message: string;
  readonly hint: string;
}
