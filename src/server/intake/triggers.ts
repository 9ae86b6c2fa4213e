import { z } from 'zod';
import { type Asked, type BusinessEvent, estateOf, type Head, type Identity, idForKey, matchesOf, type Ordered } from '../../app/index.ts';
import { EXIT, messageOf, SlipwayError } from '../../core/index.ts';
import { refuseWhileDraining } from '../api/start.ts';
import { Inputs } from '../api/shapes.ts';
import type { ServerDeps } from '../deps.ts';
import { parseJson, readBody, requireType } from '../http/body.ts';
import type { Ctx } from '../http/env.ts';
import type { Limiter } from '../http/limiter.ts';
import type { Authenticate } from '../http/register.ts';
import type { Reply } from '../http/reply.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { ReadyTrigger } from '../settings/index.ts';
import { CloudEvent, eventMode, fitsType, readEvent } from './cloud-event.ts';
import { type Signed, verifyTrigger } from './verify.ts';

const User = z.string().regex(/^user:[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/, { error: 'not a person; write user:<name>' });
/** What a webhook says: inputs, and for whom it asks. */
export const TriggerBody = z.strictObject({
  inputs: Inputs.default({}),
  /** The person for whom the sender asks; cannot approve the run. */
  requestedBy: User.optional(),
  /** Asking again with the same key changes nothing. Signed, other than the header of that name. */
  idempotencyKey: z
    .string()
    .regex(/^[\x21-\x7E]{1,255}$/, { error: 'not a key; write 1 to 255 visible characters' })
    .optional(),
});
const Started = z.strictObject({ runId: z.string(), runbook: z.string(), url: z.string(), repeated: z.boolean() });
const Answer = z.strictObject({
  runId: z.string().optional(),
  url: z.string().optional(),
  repeated: z.boolean(),
  runs: z.array(Started),
  refused: z.array(z.record(z.string(), z.json())),
});

/** The self-service trigger: signed webhooks and business events start runs of the runbooks that declare them. */
export function triggerRoute(deps: ServerDeps, { failures, authenticate }: { readonly failures: Limiter; readonly authenticate: Authenticate }): Route {
  return defineRoute({
    ...{ method: 'post', path: '/v1/triggers/{trigger}', id: 'trigger', tag: 'triggers', open: 'signed' },
    summary: 'Start the runbook that declares this trigger, or what a CloudEvent starts; signed, and acknowledged once it is durable',
    params: z.strictObject({ trigger: z.string().regex(/^[a-zA-Z][a-zA-Z0-9-]{0,62}$/, { error: 'not the id of a trigger' }) }),
    rawBody: { 'application/json': TriggerBody, 'application/cloudevents+json': CloudEvent },
    headers: {
      'webhook-id': 'Standard Webhooks: id of the delivery',
      'webhook-timestamp': 'Standard Webhooks: seconds since the epoch, at most 5 minutes off',
      'webhook-signature': 'Standard Webhooks: v1,<base64 of the HMAC-SHA256>',
      'x-hub-signature-256': 'GitHub style: sha256=<hex of the HMAC-SHA256 over the body>',
      'Idempotency-Key': 'asking again with the same key changes nothing',
    },
    success: { status: 202, about: 'taken, and durable', schema: Answer },
    problems: [404, 408, 413, 415, 422],
    handle: async ({ c, params }) => {
      refuseWhileDraining(deps);
      const trigger = deps.settings.triggers.find(({ id }) => id === params.trigger);
      const body = await readBody(c);
      const mode = eventMode(c);
      const caller = mode === undefined ? undefined : await tokenOf(c, authenticate);
      if (!trigger) throw unknownTrigger(params.trigger);
      if (caller && mode) return takeEvent(deps, readEvent(c, body, mode), { trigger, identity: caller, scope: `event ${caller.id}` });
      const signed = verifyTrigger(c, body, { trigger, now: deps.clock.now(), failures });
      const identity: Identity = { id: `trigger:${trigger.id}`, via: 'webhook' };
      if (mode === 'binary') throw unsignedAttributes();
      if (mode === 'structured') return takeEvent(deps, readEvent(c, body, mode), { trigger, identity, scope: `event ${trigger.id}` });
      return takeWebhook(deps, c, { trigger, identity, signed, body });
    },
  });
}

/** Events may come with a token instead of a signature; then its scopes and bindings count. */
async function tokenOf(c: Ctx, authenticate: Authenticate): Promise<Identity | undefined> {
  return c.req.header('authorization') === undefined ? undefined : (await authenticate(c))?.identity;
}

interface Sender {
  readonly trigger: ReadyTrigger;
  readonly identity: Identity;
}

async function takeWebhook(
  deps: ServerDeps,
  c: Ctx,
  { trigger, identity, signed, body }: Sender & { readonly signed: Signed; readonly body: Uint8Array },
): Promise<Reply> {
  requireType(c, 'application/json');
  const parsed = TriggerBody.safeParse(body.byteLength === 0 ? {} : parseJson(body));
  if (!parsed.success) throw badBody(parsed.error.issues);
  const { inputs, requestedBy, idempotencyKey } = parsed.data;
  const { head, runbook } = await declaredBy(deps, trigger);
  const asked: Asked = {
    ...{ identity, repository: head.repository, runbook, inputs, isTyped: true, cause: `webhook ${trigger.id}` },
    ...(requestedBy === undefined ? {} : { requestedBy }),
    key: await keyOf(deps, c, { trigger, signed, idempotencyKey }),
  };
  const { order, fresh } = await deps.desk.orderRun(asked);
  const run = { runId: order.id, runbook: order.runbook, url: pageOf(deps, order.id), repeated: !fresh };
  return {
    status: 202,
    body: { runId: run.runId, url: run.url, repeated: run.repeated, runs: [run], refused: [] },
    headers: { location: `/v1/runs/${order.id}` },
  };
}

/**
 * What makes two deliveries one. A key that is signed, in the body, counts as it is. The header of that name is signed by no scheme: the first delivery decides
 * what it means, and the same delivery with another key in its header is still the same delivery.
 */
async function keyOf(
  { store }: ServerDeps,
  c: Ctx,
  { trigger, signed, idempotencyKey }: { readonly trigger: ReadyTrigger; readonly signed: Signed; readonly idempotencyKey: string | undefined },
): Promise<NonNullable<Asked['key']>> {
  const scope = `trigger ${trigger.id}`;
  if (idempotencyKey !== undefined) return { scope: `${scope} key`, key: idempotencyKey };
  const header = c.req.header('idempotency-key');
  if (signed.scheme === 'github') return { scope: `${scope} delivery`, key: signed.id, isLasting: true };
  if (header === undefined) return { scope: `${scope} delivery`, key: signed.id };
  if (!/^[\x21-\x7E]{1,255}$/.test(header))
    throw new SlipwayError('BAD_KEY', 'the Idempotency-Key is empty, too long, or has spaces', { exitCode: EXIT.usage });
  const delivery = await idForKey(store, { scope: `${scope} header`, key: signed.id, about: null }, header);
  return { scope: `${scope} key`, key: delivery };
}

/** The one runbook that declares this webhook, on the default branches that the trigger may reach. @throws {SlipwayError} `TRIGGER_NOT_FOUND`, `TRIGGER_AMBIGUOUS`. */
async function declaredBy({ heads }: ServerDeps, trigger: ReadyTrigger): Promise<{ readonly head: Head; readonly runbook: string }> {
  for (const isFresh of [false, true]) {
    const all = await Promise.all((trigger.repositories ?? heads.names).map((name) => (isFresh ? heads.fetched(name) : heads.recent(name))));
    const found = all.flatMap((head) => runbooksWith(head, trigger.id).map((runbook) => ({ head, runbook })));
    const [only, other] = found;
    if (other)
      throw new SlipwayError('TRIGGER_AMBIGUOUS', `more than one runbook declares the trigger "${trigger.id}"`, {
        exitCode: EXIT.usage,
        hint: found.map(({ runbook }) => runbook).join(', '),
      });
    // A runbook may have been merged a moment ago: what was seen last decides only when it has it.
    if (only) return only;
  }
  throw unknownTrigger(trigger.id);
}

function runbooksWith(head: Head, id: string): readonly string[] {
  const all = [...estateOf(head).repository.runbooks.values()];
  return all.filter(({ runbook }) => (runbook.triggers ?? []).some((trigger) => 'webhook' in trigger && trigger.webhook.id === id)).map(({ name }) => name);
}

async function takeEvent(deps: ServerDeps, event: BusinessEvent, { trigger, identity, scope }: Sender & { readonly scope: string }): Promise<Reply> {
  if (!(trigger.events ?? []).some((pattern) => fitsType(pattern, event.type)))
    throw new SlipwayError('EVENT_NOT_ALLOWED', `the trigger "${trigger.id}" may not send events of type ${event.type}`, {
      exitCode: EXIT.notAuthorized,
      hint: 'list the type under events of this trigger in the settings of the server',
    });
  const heads = await Promise.all((trigger.repositories ?? deps.heads.names).map((name) => deps.heads.recent(name)));
  const runs: z.output<typeof Started>[] = [];
  const refused: { [name: string]: string }[] = [];
  for (const { head, match } of heads.flatMap((each) => matchesOf(each, event).map((match) => ({ head: each, match })))) {
    try {
      const { order, fresh } = await orderFor(deps, { head, match, event, identity, scope });
      runs.push({ runId: order.id, runbook: order.runbook, url: pageOf(deps, order.id), repeated: !fresh });
    } catch (cause) {
      // One runbook that cannot start holds up no other; what is nobody's mistake is, so that the sender tries again.
      if (!(cause instanceof SlipwayError) || !REFUSALS.has(cause.code)) throw cause;
      deps.log.warn({ runbook: match.runbook, event: event.id, code: cause.code, reason: messageOf(cause) }, 'an event does not start a runbook');
      refused.push({ runbook: match.runbook, code: cause.code, detail: messageOf(cause) });
    }
  }
  return { status: 202, body: { repeated: runs.length > 0 && runs.every(({ repeated }) => repeated), runs, refused } };
}

const REFUSALS = new Set(['INVALID', 'NOT_AUTHORIZED', 'IDEMPOTENCY_MISMATCH', 'RUNBOOK_NOT_FOUND']);

async function orderFor(
  { desk }: ServerDeps,
  {
    head,
    match,
    event,
    identity,
    scope,
  }: {
    readonly head: Head;
    readonly match: ReturnType<typeof matchesOf>[number];
    readonly event: BusinessEvent;
    readonly identity: Identity;
    readonly scope: string;
  },
): Promise<Ordered> {
  if ('problems' in match)
    throw new SlipwayError('INVALID', match.problems.map(({ message }) => message).join('; '), { exitCode: EXIT.usage, problems: match.problems });
  const { runbook, inputs } = match;
  // An event is the same by its source and id, as CloudEvents says.
  const key = { scope: `${scope} ${head.repository}/${runbook}`, key: JSON.stringify([event.source, event.id]) };
  return desk.orderRun({ identity, repository: head.repository, runbook, inputs, isTyped: true, cause: `event ${event.type}`, key });
}

/** For people; programs take `location`. */
function pageOf({ settings: { publicUrl } }: ServerDeps, runId: string): string {
  return `${publicUrl}/runs/${runId}`;
}

/** Senders learn that a trigger is not there only in the words they would get for a wrong signature, but for the id. */
function unknownTrigger(id: string): SlipwayError {
  return new SlipwayError('TRIGGER_NOT_FOUND', `there is no trigger "${id}"`, {
    exitCode: EXIT.notFound,
    hint: 'the settings of the server list triggers, and a runbook on the default branch declares them',
  });
}

function unsignedAttributes(): SlipwayError {
  return new SlipwayError('UNSIGNED_ATTRIBUTES', 'the attributes of an event in headers are not signed', {
    exitCode: EXIT.usage,
    hint: 'send it in structured mode (application/cloudevents+json), or with a token',
  });
}

function badBody(issues: readonly z.core.$ZodIssue[]): SlipwayError {
  const problems = issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    const base = { severity: 'error', file: '(request)', line: 1, column: 1 } as const;
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        ...base,
        code: 'UNKNOWN_KEY',
        path: [path, key].filter((part) => part !== '').join('.'),
        message: `there is no "${key}" here`,
      }));
    return [{ ...base, code: 'BAD_VALUE', path, message: issue.message.charAt(0).toLowerCase() + issue.message.slice(1) }];
  });
  return new SlipwayError('BAD_REQUEST', 'the body is not what a trigger takes', { exitCode: EXIT.usage, hint: 'send {"inputs": {…}}', problems });
}
