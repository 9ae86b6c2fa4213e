import { isTokenOf, isWithin, makeToken, prefixOf, type Scope, scopeText, TokenRecord } from '../access/index.ts';
import { type Clock, EXIT, type Json, type Secret, SlipwayError } from '../core/index.ts';
import type { Store } from '../store/index.ts';

/** Tokens of machines: kept as hashes, found by their public part. */
export interface Tokens {
  /** @throws {SlipwayError} `TOKEN_EXISTS`, `TOKEN_SCOPES`, `TOKEN_EXPIRY`, `BAD_TOKEN_NAME`. */
  create(request: NewToken): Promise<{ readonly text: Secret; readonly token: ListedToken }>;
  list(): Promise<readonly ListedToken[]>;
  /** @throws {SlipwayError} `TOKEN_NOT_FOUND`. */
  revoke(prefix: string, by: string): Promise<ListedToken>;
  /** The token with this text when it may be used now. */
  find(text: string): Promise<TokenRecord | undefined>;
}
export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly by: string;
  /** Of the token that asks for it; it can give away no more than it has. */
  readonly within?: readonly Scope[];
}
/** What is shown of a token: nothing that could be used. */
export interface ListedToken {
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string;
  readonly state: 'active' | 'expired' | 'revoked';
}

const COLLECTION = 'tokens';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const LONGEST_MS = 366 * 86_400_000;

/** Tokens in a store. */
export function createTokens(store: Store, clock: Clock): Tokens {
  const all = async (): Promise<readonly TokenRecord[]> => (await store.documents.list(COLLECTION, {})).map(({ value }) => TokenRecord.parse(value));
  return {
    create: async (request) => {
      const now = clock.now();
      check(request, now);
      const isTaken = (await all()).some((token) => token.name === request.name && stateOf(token, now) === 'active');
      if (isTaken) throw new SlipwayError('TOKEN_EXISTS', `there is an active token "${request.name}"`, { hint: 'revoke it first, or choose another name' });
      const { name, by, expiresAt } = request;
      const { text, record } = makeToken({ name, scopes: request.scopes.map((scope) => ({ ...scope })), createdAt: now, createdBy: by, expiresAt });
      await store.documents.put(COLLECTION, record.prefix, asJson(record), { ifVersion: 0 });
      await store.audit.append({
        actor: by,
        action: 'token.create',
        object: `token:${name}`,
        details: { prefix: record.prefix, scopes: request.scopes.map(scopeText) },
      });
      return { text, token: listed(record, now) };
    },
    list: async () => (await all()).map((token) => listed(token, clock.now())).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    revoke: (prefix, by) => revoke(store, clock, { prefix, by }),
    find: async (text) => {
      const prefix = prefixOf(text);
      const found = prefix === undefined ? undefined : await store.documents.get(COLLECTION, prefix);
      const record = found && TokenRecord.parse(found.value);
      return record && isTokenOf(record, text, clock.now()) ? record : undefined;
    },
  };
}

async function revoke(store: Store, clock: Clock, { prefix, by }: { readonly prefix: string; readonly by: string }): Promise<ListedToken> {
  const found = await store.documents.get(COLLECTION, prefix);
  if (!found)
    throw new SlipwayError('TOKEN_NOT_FOUND', `there is no token with the prefix "${prefix}"`, {
      exitCode: EXIT.notFound,
      hint: 'see "slipway token list"',
    });
  const record = TokenRecord.parse(found.value);
  const revoked = record.revokedAt === undefined ? { ...record, revokedAt: clock.now(), revokedBy: by } : record;
  await store.documents.put(COLLECTION, prefix, asJson(revoked), { ifVersion: found.version });
  await store.audit.append({ actor: by, action: 'token.revoke', object: `token:${record.name}`, details: { prefix } });
  return listed(revoked, clock.now());
}

function check({ name, scopes, expiresAt, within }: NewToken, now: number): void {
  if (!NAME.test(name))
    throw new SlipwayError('BAD_TOKEN_NAME', `"${name}" is not a name for a token`, {
      exitCode: EXIT.usage,
      hint: 'use letters, digits, dots, hyphens and underscores, at most 63',
    });
  if (scopes.length === 0)
    throw new SlipwayError('TOKEN_SCOPES', 'a token without scopes can do nothing', { exitCode: EXIT.usage, hint: 'name at least one scope' });
  if (expiresAt <= now || expiresAt > now + LONGEST_MS)
    throw new SlipwayError('TOKEN_EXPIRY', 'a token ends in the future, within 366 days', { exitCode: EXIT.usage, hint: 'for example 90d' });
  const beyond = within ? scopes.filter((scope) => !isWithin(scope, within)) : [];
  if (beyond.length > 0)
    throw new SlipwayError('TOKEN_SCOPES', `a token cannot give away what it has not: ${beyond.map(scopeText).join(', ')}`, {
      exitCode: EXIT.notAuthorized,
      hint: 'ask a person to make this token',
    });
}

function stateOf({ revokedAt, expiresAt }: TokenRecord, now: number): ListedToken['state'] {
  if (revokedAt !== undefined) return 'revoked';
  return now < expiresAt ? 'active' : 'expired';
}

function listed(record: TokenRecord, now: number): ListedToken {
  const { name, prefix, scopes, createdAt, createdBy, expiresAt } = record;
  const times = { createdAt: new Date(createdAt).toISOString(), expiresAt: new Date(expiresAt).toISOString() };
  return { name, prefix, scopes: scopes.map(scopeText), createdBy, ...times, state: stateOf(record, now) };
}

function asJson(record: TokenRecord): Json {
  return JSON.parse(JSON.stringify(record)) as Json; // what JSON.parse gives is JSON
}
