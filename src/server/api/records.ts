import { z } from 'zod';
import { parseScope } from '../../access/index.ts';
import { EXIT, parseDuration, SlipwayError } from '../../core/index.ts';
import type { ServerDeps } from '../deps.ts';
import { guard } from '../guard.ts';
import { cursorOf, placeOf } from '../http/cursor.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { asJson, recordOf } from './runs.ts';
import { AuditEntryShape, pageOf, PageQuery, TokenShape } from './shapes.ts';

const SERVER = { kind: 'server' } as const;
const BySeq = z.strictObject({ after: z.int() });
const ByKey = z.strictObject({ after: z.string() });

/** What the server keeps: audit, drift, tokens. */
export function recordRoutes(deps: ServerDeps): readonly Route[] {
  return [listAudit(deps), verifyAudit(deps), listDrift(deps), listTokens(deps), createToken(deps), revokeToken(deps)];
}

function listAudit(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/audit', id: 'listAudit', tag: 'audit', open: 'callers' },
    summary: 'Who was allowed or denied what, newest first',
    query: z.strictObject(PageQuery),
    success: { status: 200, about: 'entries', schema: pageOf(AuditEntryShape) },
    handle: async ({ query: { limit, cursor }, caller }) => {
      await guard(deps, caller, { action: 'audit.read', object: SERVER });
      const after = placeOf(cursor, BySeq)?.after;
      const entries = await deps.store.audit.read({ limit, ...(after === undefined ? {} : { beforeSeq: after }) });
      const items = entries.toReversed().map((entry) => recordOf({ ...entry, at: new Date(entry.at).toISOString() }));
      const [oldest] = entries;
      return { status: 200, body: { items, ...(entries.length === limit && oldest ? { next: cursorOf({ after: oldest.seq }) } : {}) } };
    },
  });
}

function verifyAudit(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/audit/verification', id: 'verifyAudit', tag: 'audit', open: 'callers' },
    summary: 'Recompute the hash chain of the audit',
    success: { status: 200, about: 'whether it holds', schema: z.looseObject({ ok: z.boolean() }) },
    handle: async ({ caller }) => {
      await guard(deps, caller, { action: 'audit.read', object: SERVER });
      return { status: 200, body: asJson(await deps.store.audit.verify()) };
    },
  });
}

function listDrift(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/drift', id: 'listDrift', tag: 'estate', open: 'callers' },
    summary: 'What drift detection found last, by what it looked at',
    query: z.strictObject(PageQuery),
    success: { status: 200, about: 'findings', schema: pageOf(z.strictObject({ key: z.string(), finding: z.json() })) },
    handle: async ({ query: { limit, cursor }, caller }) => {
      await guard(deps, caller, { action: 'drift.read', object: SERVER });
      const after = placeOf(cursor, ByKey)?.after;
      const found = await deps.store.documents.list('drift', { limit, ...(after === undefined ? {} : { after }) });
      const last = found.at(-1);
      return {
        status: 200,
        body: {
          items: found.map(({ key, value }) => ({ key, finding: value })),
          ...(found.length === limit && last ? { next: cursorOf({ after: last.key }) } : {}),
        },
      };
    },
  });
}

function listTokens(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/tokens', id: 'listTokens', tag: 'tokens', open: 'callers' },
    summary: 'Tokens of machines; nothing that could be used',
    success: { status: 200, about: 'tokens', schema: pageOf(TokenShape) },
    handle: async ({ caller }) => {
      await guard(deps, caller, { action: 'token.read', object: SERVER });
      return { status: 200, body: { items: asJson(await deps.tokens.list()) } };
    },
  });
}

function createToken(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'post', path: '/v1/tokens', id: 'createToken', tag: 'tokens', open: 'callers' },
    summary: 'Make a token; its text is in this answer and never again',
    body: z.strictObject({
      name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, { error: 'not a name for a token' }),
      scopes: z.array(z.string().max(200)).min(1).max(50),
      expires: z
        .string()
        .max(40)
        .refine((text) => parseDuration(text) !== undefined, { error: 'not a duration; write for example 90d' }),
    }),
    success: { status: 201, about: 'the token', schema: z.strictObject({ token: z.string(), about: TokenShape }) },
    problems: [409, 415],
    handle: async ({ body: { name, scopes, expires }, caller }) => {
      await guard(deps, caller, { action: 'token.create', object: SERVER });
      const { id: by, scopes: within } = caller.identity;
      const expiresAt = deps.clock.now() + (parseDuration(expires) ?? 0);
      const { text, token } = await deps.tokens.create({ name, scopes: scopes.map(parseScope), expiresAt, by, ...(within ? { within } : {}) });
      return { status: 201, body: { token: text.reveal(), about: asJson(token) } };
    },
  });
}

function revokeToken(deps: ServerDeps): Route {
  return defineRoute({
    ...{ method: 'delete', path: '/v1/tokens/{prefix}', id: 'revokeToken', tag: 'tokens', open: 'callers' },
    summary: 'End a token at once',
    params: z.strictObject({ prefix: z.string().regex(/^[0-9a-hjkmnp-tv-z]{10}$/, { error: 'not the prefix of a token' }) }),
    success: { status: 200, about: 'the token, revoked', schema: TokenShape },
    problems: [404, 409],
    handle: async ({ params: { prefix }, caller }) => {
      await guard(deps, caller, { action: 'token.revoke', object: SERVER });
      return { status: 200, body: asJson(await deps.tokens.revoke(prefix, caller.identity.id)) };
    },
  });
}

/** @throws {SlipwayError} `NOT_FOUND`. */
export function notFound(path: string): SlipwayError {
  return new SlipwayError('NOT_FOUND', `there is nothing at ${path.slice(0, 200)}`, {
    exitCode: EXIT.notFound,
    hint: 'GET /v1/openapi.json says what there is',
  });
}
