import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import type { z } from 'zod';
import { type Clock, Secret, SlipwayError } from '../../core/index.ts';
import { HostError } from '../error.ts';
import { refusal, type Sender, tooMany } from '../http/index.ts';
import type { Call, HostUser } from '../port.ts';
import { fetchOver } from './fetch.ts';

const Client = Octokit.plugin(paginateRest);
export type Client = InstanceType<typeof Client>;

/** Octokit with the right credentials for a repository. */
export interface Clients {
  readonly of: (repo: string, call?: Call) => Promise<Client>;
  readonly ofOrg: (org: string, call?: Call) => Promise<Client>;
  readonly self: (call?: Call) => Promise<HostUser>;
  /** A token that lives for an hour at most and, for an App, may touch only that repository. */
  readonly gitToken: (repo: string, access: 'read' | 'write', call?: Call) => Promise<Secret>;
}
export interface ClientOptions {
  readonly base: string;
  readonly sender: Sender;
  readonly clock: Clock;
}

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** One Octokit that neither prints nor sleeps. */
export function clientWith({ base, sender }: ClientOptions, auth: object): Client {
  const client = new Client({ baseUrl: base, userAgent: 'slipway', log: QUIET, request: { fetch: fetchOver(sender, base) }, ...auth });
  client.hook.before('request', (options) => {
    options.headers['x-github-api-version'] = '2022-11-28';
  });
  return client;
}

export const appAuth = (auth: object): object => ({ authStrategy: createAppAuth, auth });

/** Run one call and give its data in the shape that is needed. @throws {HostError} what the host says. */
export async function data<T>(schema: z.ZodType<T>, call: () => Promise<{ readonly data: unknown }>): Promise<T> {
  const parsed = schema.safeParse((await translated(call)).data);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
  throw new HostError('HOST_ANSWER', `the answer is not what it should be (${where.join('; ')})`, { hint: 'is the address that of a GitHub API?' });
}

/** The same, undefined where there is nothing. */
export async function dataOrNone<T>(schema: z.ZodType<T>, call: () => Promise<{ readonly data: unknown }>): Promise<T | undefined> {
  try {
    return await data(schema, call);
  } catch (cause) {
    if (cause instanceof HostError && cause.code === 'HOST_NOT_FOUND') return undefined;
    throw cause;
  }
}

/** Everything of a list. @throws {HostError} `PULL_TOO_LARGE` over `most` entries. */
export async function everything<T>(
  item: z.ZodType<T>,
  pages: AsyncIterable<{ readonly data: unknown }>,
  { path, most }: { readonly path: string; readonly most: number },
): Promise<readonly T[]> {
  const all: T[] = [];
  const iterator = pages[Symbol.asyncIterator]();
  for (;;) {
    const next = await translated(() => iterator.next());
    if (next.done === true) return all;
    all.push(...(await data(item.array(), async () => next.value)));
    if (all.length > most) throw tooMany({ path }, most);
  }
}

/** Octokit's errors hold the request with its headers; they are not passed on. */
async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw cause instanceof Error ? hostErrorOf(cause) : cause;
  }
}

function hostErrorOf(error: Error): Error {
  if (error instanceof SlipwayError) return error;
  if (error.cause instanceof SlipwayError) return error.cause;
  if (!('status' in error) || typeof error.status !== 'number') return error;
  const response = 'response' in error && typeof error.response === 'object' ? error.response : undefined;
  // Without an answer, what ended the request is the cause: somebody stopped waiting.
  if (!response) return error.cause instanceof Error ? error.cause : new HostError('HOST_FAILED', 'the request to GitHub failed', { retry: 'afterBackoff' });
  const body = 'data' in response ? response.data : {};
  return refusal('GitHub', { status: error.status, body: Buffer.from(JSON.stringify(body ?? {})) });
}

export function ownerAndName(repo: string): { readonly owner: string; readonly repo: string } {
  const [owner, name, more] = repo.split('/');
  if (owner === undefined || name === undefined || more !== undefined) throw new HostError('HOST_NAME', `"${repo}" is not owner/name`);
  return { owner, repo: name };
}

/** Octokit's way to be cancelled. */
export function signalled(call: Call | undefined): { readonly request?: { readonly signal: AbortSignal } } {
  return call?.signal ? { request: { signal: call.signal } } : {};
}

export function basic(token: string): Secret {
  return new Secret(`Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`);
}
