import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { type Clock, SlipwayError } from '../../core/index.ts';
import type { Host } from '../../steps/index.ts';
import { offerHostKeyAlgorithms, useCertifiedKey } from './host-certificate.ts';
import { legacyAlgorithms, noAlgorithm } from './legacy.ts';
import type { KnownHosts } from './known-hosts.ts';
import { type Link, linkOf } from './link.ts';
import type { Ssh2 } from './load.ts';
import { offerProofs, proofsOf } from './login.ts';
import { gatherWrites, prepareKeys } from './quick-wire.ts';
import { nameOf, type Trust, trustOf } from './trust.ts';
import { unreachableHost } from './unreachable.ts';

const KEEP_ALIVE_MISSES = 3;

export interface DialSources {
  readonly ssh2: Ssh2;
  readonly clock: Clock;
  readonly agentSocket: string | undefined;
  /** The text of a file; undefined when it does not exist. */
  readonly readText: (path: string) => Promise<string | undefined>;
  /** A known_hosts file; undefined when it does not exist. */
  readonly readKnownHosts: (path: string) => Promise<KnownHosts | undefined>;
  /** known_hosts files for hosts that name none. */
  readonly knownHostsFiles: readonly string[];
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
}

/** The server hung up before the handshake, as OpenSSH does when too many connections begin at once (MaxStartups). */
export class DialReset extends Error {}

export interface DialTarget {
  readonly host: Host;
  /** The connection to its jump host, when it has one. */
  readonly through: Link | undefined;
  readonly twin: Link['twin'];
}

/**
 * Connect and log in.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE`, `SSH_HOST_KEY`, `SSH_AUTH`. @throws {DialReset} when it is worth another try at once.
 */
export async function dial({ host, through, twin }: DialTarget, sources: DialSources): Promise<Link> {
  const [trust, proofs] = await Promise.all([trustFor(host, sources), proofsOf(host, sources)]);
  const socket = through ? await forward(through, host) : connect(host.port, host.address);
  gatherWrites(socket);
  const client = new sources.ssh2.Client();
  const progress: Progress = { handshake: false };
  client.on('handshake', () => {
    progress.handshake = true;
    prepareKeys(client);
  });
  const ready = whenReady(client, host, progress);
  client.connect({
    sock: socket,
    username: host.user,
    readyTimeout: sources.connectTimeoutMs,
    keepaliveInterval: sources.keepAliveMs,
    keepaliveCountMax: KEEP_ALIVE_MISSES,
    hostVerifier: (key: Buffer) => {
      progress.refusal = trust.check(key);
      if (!progress.refusal) useCertifiedKey(client, key);
      return !progress.refusal;
    },
    authHandler: offerProofs(client, host, proofs),
    ...legacyAlgorithms(host),
  });
  offerHostKeyAlgorithms(client, trust.algorithms);
  // Small packets go out at once; waiting to join them would cost 40 ms each.
  client.setNoDelay(true);
  await ready;
  return linkOf({ client, host, twin, clock: sources.clock });
}

interface Progress {
  handshake: boolean;
  refusal?: SlipwayError | undefined;
}

function whenReady(client: Client, host: Host, progress: Progress): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error & { level?: string }): void => {
      if (error.level === 'agent') return; // the next proof is tried
      client.destroy();
      reject(dialError(error, host, progress));
    };
    client.once('ready', resolve);
    client.on('error', fail);
    client.once('close', () => fail(Object.assign(new Error('the server closed the connection'), { level: 'protocol' })));
  });
}

function dialError(cause: Error & { level?: string; code?: unknown }, host: Host, progress: Progress): Error {
  if (progress.refusal) return progress.refusal;
  if (cause instanceof SlipwayError) return cause; // a question at login that nothing answers
  if (/no matching/.test(cause.message) && !progress.handshake) return noAlgorithm(host, cause);
  const isDisconnect = progress.handshake && typeof cause.code === 'number'; // "too many authentication failures"
  if (cause.level === 'client-authentication' || isDisconnect) {
    return new SlipwayError('SSH_AUTH', `${nameOf(host)} does not let ${host.user} in: ${cause.message.toLowerCase()}`, {
      hint: 'check the user, the key or password, and the server’s log of refused logins',
      cause,
    });
  }
  const isReset = cause.code === 'ECONNRESET' || cause.code === 'EPIPE' || cause.level === 'protocol';
  if (!progress.handshake && isReset) return new DialReset(`${nameOf(host)} hung up: ${cause.message}`, { cause });
  return unreachableHost(host, cause);
}

async function trustFor(host: Host, sources: DialSources): Promise<Trust> {
  const paths = host.login.knownHostsFiles ?? sources.knownHostsFiles;
  const files = await Promise.all(paths.map(sources.readKnownHosts));
  return trustOf(host, { files: files.filter((file) => file !== undefined), now: sources.clock.now(), pemOf: (key) => pemOf(key, sources.ssh2) });
}

function pemOf(publicKey: Buffer, ssh2: Ssh2): string {
  const type = publicKey.subarray(4, 4 + publicKey.readUInt32BE()).toString('latin1');
  const parsed = ssh2.utils.parseKey(`${type} ${publicKey.toString('base64')}`);
  if (parsed instanceof Error) throw parsed;
  return (Array.isArray(parsed) ? parsed[0] : parsed)?.getPublicPEM() ?? '';
}

function forward(via: Link, host: Host): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => reject(unreachableHost(host, new Error(`the jump host ${via.host.name} says: ${cause.message}`, { cause })));
    const forget = via.whenClosed(refuse);
    try {
      via.client.forwardOut('127.0.0.1', 0, host.address, host.port, (error, channel) => {
        forget();
        if (error) refuse(error);
        else resolve(channel);
      });
    } catch (thrown) {
      forget();
      refuse(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  });
}
