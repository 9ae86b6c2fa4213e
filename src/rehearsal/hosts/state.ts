import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A file of a rehearsed machine; folders have no content. */
export interface VirtualFile {
  readonly content: string | undefined;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Milliseconds since the epoch. */
  readonly changed: number;
}
export interface VirtualServer {
  weight: number;
  readonly initialWeight: number;
  admin: 'ready' | 'drain' | 'maint';
}

/** An account of a rehearsed machine. */
export interface VirtualUser {
  uid: number;
  primary: string;
  groups: string[];
  comment: string;
  home: string;
  shell: string;
  hash: string;
}

/** All that one rehearsed machine remembers. */
export interface HostState {
  readonly files: Record<string, VirtualFile>;
  readonly services: Record<string, { active: boolean; enabled: boolean; masked?: boolean }>;
  readonly packages: Record<string, string>;
  /** Accounts beside root, and groups; worlds of an earlier Slipway have none. */
  users?: Record<string, VirtualUser>;
  groups?: string[];
  readonly servers: Record<string, VirtualServer>;
  readonly maps: Record<string, Record<string, string>>;
  /** How many times each fault has happened. */
  readonly faults: Record<string, number>;
  /** Local ports by what they serve, so that a resumed rehearsal is found where it was. */
  readonly ports: Record<string, number>;
  readonly bootedAt: number;
}

/** The state of a machine, kept in one file that is whole at any moment. */
export interface StateFile {
  readonly state: HostState;
  /** Call after every change. */
  readonly save: () => void;
}

export function openState(file: string, now: number): StateFile {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const state = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as HostState) : emptyState(now); // written by `save` only
  const save = (): void => {
    writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  return { state, save };
}

function emptyState(now: number): HostState {
  return { files: {}, services: {}, packages: {}, servers: {}, maps: {}, faults: {}, ports: {}, bootedAt: now - 40 * 86_400_000 };
}
