import type { Json, Secret } from '../core/index.ts';
import type { LegacyName } from './legacy.ts';

/** How to reach and log in to a machine over SSH. Names are the inventory's; values are ready to use. */
export interface Host {
  readonly name: string;
  /** DNS name or IP address; the name when the inventory gives none. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly zone?: string;
  readonly groups: readonly string[];
  readonly vars: { readonly [name: string]: Json };
  /** Hosts to pass through, nearest to us first. */
  readonly jump: readonly Host[];
  readonly login: HostLogin;
  /** Public host keys (`ssh-ed25519 AAAA…`) or `@cert-authority …` lines that are trusted for this host. Empty: known_hosts files decide. */
  readonly hostKeys: readonly string[];
  /** What runs commands there; a POSIX shell when absent. */
  readonly shell?: 'powershell';
  /** Old algorithms that this host may use. */
  readonly legacy?: readonly LegacyName[];
}

/** Where the credentials of a host come from; values are read when the connection is made, never at plan time. */
export interface HostLogin {
  readonly agent?: boolean;
  /** Path of a private key; an OpenSSH certificate is found beside it as `<path>-cert.pub`. */
  readonly privateKeyFile?: string;
  readonly privateKey?: Secret;
  readonly passphrase?: Secret;
  readonly password?: Secret;
  /** What to answer when the server asks something that matches. */
  readonly answers?: readonly { readonly prompt: string; readonly answer: Secret }[];
  readonly knownHostsFiles?: readonly string[];
}

/** What happened to a step on one host; the seven counters of the recap. */
export const HOST_STATES = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored'] as const;
export type HostState = (typeof HOST_STATES)[number];
