import { readFileSync } from 'node:fs';
import { createHttp } from '../../src/effects/index.ts';
import { type Clock, Secret, SlipwayError } from '../../src/core/index.ts';
import { type Exchange, type GitHost, type HostDeps, type HostRequest, type HostSettings, type HostUser, openHost } from '../../src/githost/index.ts';

/** What the contract needs to do at a host besides what Slipway does: everything that other people do there. */
export interface Site extends AsyncDisposable {
  /** Slipway's own account, an administrator of the repository. */
  readonly host: GitHost;
  readonly settings: HostSettings;
  readonly repo: string;
  /** May write. */
  readonly ada: HostUser;
  /** May write. */
  readonly bert: HostUser;
  /** May read. */
  readonly eve: HostUser;
  readonly wire: Wire;
  /** A commit on a branch of the repository, which is made from main when it is not there; its id. */
  commit(change: Change): Promise<string>;
  openPull(by: HostUser, pull: { readonly head: string; readonly title: string; readonly fork?: boolean }): Promise<number>;
  comment(by: HostUser, number: number, body: string): Promise<string>;
  deleteComment(number: number, id: string): Promise<void>;
  /** Of the present head. */
  review(by: HostUser, number: number, opinion: 'approve' | 'requestChanges' | 'withdraw'): Promise<void>;
  /** Every reaction below a comment, as the host calls them. */
  reactions(number: number, id: string): Promise<readonly string[]>;
  permit(user: HostUser, level: 'none' | 'read' | 'write' | 'admin'): Promise<void>;
  close(number: number): Promise<void>;
  /** Webhooks that came since the last call, once at least `least` of them are there; in no certain order. */
  deliveries(least: number): Promise<readonly HostRequest[]>;
}
export interface Change {
  readonly branch: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
  readonly rename?: readonly (readonly [string, string])[];
  readonly author?: { readonly name: string; readonly email: string };
  readonly committer?: { readonly name: string; readonly email: string };
  /** Push to a fork of this account instead. */
  readonly fork?: HostUser;
  /** Replace the branch by one that starts at main again. */
  readonly force?: boolean;
}

/** The network between Slipway and a host, which can lose answers. */
export interface Wire {
  readonly exchange: Exchange;
  /** Requests so far, `POST /path`. */
  readonly sent: string[];
  /** The next request like this reaches the host, and its answer is lost. */
  loseAnswerOf(request: RegExp): void;
}

export function createWire(): Wire & Disposable {
  const http = createHttp();
  const sent: string[] = [];
  let losing: RegExp | undefined;
  return {
    sent,
    loseAnswerOf: (request) => {
      losing = request;
    },
    exchange: async (request, signal) => {
      const line = `${request.method} ${new URL(request.url).pathname}`;
      sent.push(line);
      const response = await http.request(request, signal);
      if (losing?.test(line) === true) {
        losing = undefined;
        throw new SlipwayError('HTTP_UNREACHABLE', `${line}: the connection was reset`);
      }
      return response;
    },
    [Symbol.dispose]: () => http[Symbol.dispose](),
  };
}

/** Real time, but nobody waits. */
export const hasty: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (_ms, signal) => signal?.throwIfAborted(),
};

/** Secrets of tests are files or in a table by name. */
export function depsOf(exchange: Exchange, secrets: Readonly<Record<string, string>>, clock: Clock = hasty): HostDeps {
  return {
    exchange: () => exchange,
    clock,
    chance: () => 0.5,
    secret: async (ref) => {
      const [how, name] = [ref.slice(0, ref.indexOf(':')), ref.slice(ref.indexOf(':') + 1)];
      const text = how === 'file' ? readFileSync(name, 'utf8') : secrets[name];
      if (text === undefined) throw new Error(`no secret ${name}`);
      return new Secret(text);
    },
    env: process.env,
  };
}

export async function openSite(settings: HostSettings, exchange: Exchange, secrets: Readonly<Record<string, string>>): Promise<GitHost> {
  return openHost(settings, depsOf(exchange, secrets));
}
