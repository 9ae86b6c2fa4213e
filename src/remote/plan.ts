import type { App, PlanRequest, Session } from '../app/index.ts';
import { type Clock, type Digest, EXIT, type JsonObject, type Parsed, randomText, Secret, SlipwayError } from '../core/index.ts';
import { type PlanBundle, verifyPlan } from '../plan/index.ts';
import { type Client, exitOf, problemsIn, textIn } from './client.ts';
import { handleOf } from './run.ts';

const AGAIN_MS = 500;

/** Plans that the server makes and keeps, and runs of them. */
export function planning(client: Client, clock: Clock): Pick<App, 'plan' | 'apply'> {
  return {
    plan: async (session, request) => plan(client, clock, session, request),
    apply: async (session, { digest }, { overrides }) => {
      if (overrides.length > 0)
        throw new SlipwayError('NOT_REMOTE', 'findings are overridden where the server runs, not through it', {
          exitCode: EXIT.usage,
          hint: 'leave --override away',
        });
      const { signal } = session;
      const found = await client.get(`/v1/plans?digest=${encodeURIComponent(digest)}`, signal);
      const taken = await client.send('/v1/runs', { plan: textIn(found, 'id') ?? '' }, { signal, key: randomText(26) });
      return handleOf(client, clock, { runId: textIn(taken, 'id') ?? '', signal });
    },
  };
}

async function plan(client: Client, clock: Clock, { signal }: Session, { runbook, inputs, rehearsal }: PlanRequest): Promise<Parsed<PlanBundle>> {
  if (rehearsal)
    throw new SlipwayError('NOT_REMOTE', 'a server plans against the real outside only', { exitCode: EXIT.usage, hint: 'leave --rehearse or --server away' });
  // Secrets travel as text, over TLS alone, and are sealed as soon as they arrive.
  const plain: JsonObject = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]));
  const [repository, name] = runbook.includes(':') ? runbook.split(':', 2) : [undefined, runbook];
  try {
    const body = {
      runbook: name ?? runbook,
      inputs: await typed(client, { repository, runbook: name ?? runbook, inputs: plain, signal }),
      ...(repository === undefined ? {} : { repository }),
    };
    const taken = await client.send('/v1/plans', body, { signal, key: randomText(26) });
    const path = `/v1/plans/${encodeURIComponent(textIn(taken, 'id') ?? '')}`;
    await ready(client, clock, path, signal);
    return { ok: true, value: verifyPlan(await client.get(`${path}/bundle`, signal)), problems: [] };
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'INVALID' && error.problems.length > 0) return { ok: false, problems: error.problems };
    throw error;
  }
}

/** A command line knows text only; the runbook says what is a number. What cannot be read stays as it was given, and the server says what is wrong with it. */
async function typed(
  client: Client,
  {
    repository,
    runbook,
    inputs,
    signal,
  }: { readonly repository: string | undefined; readonly runbook: string; readonly inputs: JsonObject; readonly signal: AbortSignal },
): Promise<JsonObject> {
  const query = repository === undefined ? '' : `?repository=${encodeURIComponent(repository)}`;
  const { inputs: schemas } = await client.get(`/v1/runbooks/${encodeURIComponent(runbook)}${query}`, signal);
  const typeOf = (name: string): string | undefined => {
    const schema = typeof schemas === 'object' && schemas !== null && !Array.isArray(schemas) ? (schemas as JsonObject)[name] : undefined; // an object that is no list
    return typeof schema === 'object' && schema !== null && !Array.isArray(schema) ? textIn(schema as JsonObject, 'type') : undefined; // the same
  };
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => {
      const type = typeOf(name);
      return [name, typeof value !== 'string' || type === 'string' || type === undefined ? value : fromText(value)];
    }),
  );
}

function fromText(text: string): JsonObject[string] {
  try {
    return JSON.parse(text) as JsonObject[string]; // what JSON.parse gives is JSON
  } catch {
    return text; // the server says what is wrong with it
  }
}

async function ready(client: Client, clock: Clock, path: string, signal: AbortSignal): Promise<Digest | undefined> {
  for (;;) {
    signal.throwIfAborted();
    const detail = await client.get(path, signal);
    const state = textIn(detail, 'state');
    if (state === 'ready') return textIn(detail, 'digest') as Digest | undefined; // the server wrote it as one
    if (state === 'refused') throw refused(detail['refusal']);
    await clock.sleep(AGAIN_MS, signal);
  }
}

function refused(refusal: JsonObject[string] | undefined): SlipwayError {
  const told = typeof refusal === 'object' && refusal !== null && !Array.isArray(refusal) ? (refusal as JsonObject) : {}; // an object that is no list
  const code = textIn(told, 'code') ?? 'REFUSED';
  const hint = textIn(told, 'hint');
  return new SlipwayError(code, textIn(told, 'message') ?? 'the server refused the plan', {
    ...{ exitCode: exitOf(code, 422), problems: problemsIn(told['problems']) },
    ...(hint === undefined ? {} : { hint }),
  });
}
