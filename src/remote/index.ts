import { type App, type ListedToken, measuringOf, type Operations, readPlan, validate } from '../app/index.ts';
import { type Clock, Secret } from '../core/index.ts';
import { verifyChain } from '../journal/index.ts';
import { expectedDuration } from '../plan/index.ts';
import { schema } from '../runbook/index.ts';
import { type Client, createClient, notRemote, type RemoteOptions, textIn } from './client.ts';
import { planning } from './plan.ts';
import { factsOf, followRun, itemsIn, rowsIn, runPath, steering } from './run.ts';

export type { Fetch, RemoteOptions } from './client.ts';

/** The use cases, done by a server. What needs the files, the policies or the journal of this machine is done here, or not at all. */
export function createRemoteApp(options: RemoteOptions & { readonly clock: Clock }): App {
  const { clock } = options;
  const client = createClient(options);
  return {
    ...{ validate, readPlan, schema: (kind?: string) => schema(kind) },
    ...planning(client, clock),
    ...steering(client, clock),
    ...reading(client, clock),
    ...tokensOf(client),
    ...staysThere(),
    expected: async (_session, { body }) => expectedDuration(body.graph, {}, body.inputs.values),
    measuring: (_session, { body }) => measuringOf(undefined, body),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function reading(client: Client, clock: Clock): Pick<App, 'runs' | 'facts' | 'follow' | 'logs' | 'verifyJournal'> {
  return {
    runs: async ({ signal }, { runbook, states = [], limit = 50 }) => {
      const query = new URLSearchParams({ limit: String(Math.min(limit, 200)), ...(runbook === undefined ? {} : { runbook }) });
      for (const state of states) query.append('state', state);
      return rowsIn(await client.get(`/v1/runs?${query.toString()}`, signal));
    },
    facts: ({ signal }, runId) => factsOf(client, runId, signal),
    follow: ({ signal }, runId, after) => followRun(client, clock, { runId, after, signal }),
    logs: async ({ signal }, runId, { path, host, afterId = 0, limit = 500 }) => {
      const query = new URLSearchParams({
        after: String(afterId),
        limit: String(limit),
        ...(path === undefined ? {} : { path }),
        ...(host === undefined ? {} : { host }),
      });
      const { items } = await client.get(`${runPath(runId)}/logs?${query.toString()}`, signal);
      return itemsIn(items) as never as Awaited<ReturnType<App['logs']>>; // the server wrote them as this type
    },
    // The server is not asked whether its chain holds: it is computed here, from what it sends.
    verifyJournal: async ({ signal }, runId) => {
      const { events } = await factsOf(client, runId, signal);
      const verified = verifyChain(runId, events);
      return verified.ok ? { ok: true, text: `${verified.events} events, no gap, chain whole; head ${verified.head}` } : { ok: false, text: verified.why };
    },
  };
}

function tokensOf(client: Client): Pick<App, 'createToken' | 'tokens' | 'revokeToken'> {
  return {
    createToken: async ({ signal }, { name, scopes, lifetimeMs }) => {
      const made = await client.send('/v1/tokens', { name, scopes, expires: `${Math.round(lifetimeMs)}ms` }, { signal });
      return { text: new Secret(textIn(made, 'token') ?? ''), token: made['about'] as never as ListedToken }; // the server wrote it as this type
    },
    tokens: async ({ signal }) => itemsIn((await client.get('/v1/tokens', signal))['items']) as never as readonly ListedToken[], // the same
    revokeToken: async ({ signal }, prefix) =>
      (await client.send(`/v1/tokens/${encodeURIComponent(prefix)}`, {}, { signal, method: 'DELETE' })) as never as ListedToken, // the same
  };
}

type StaysThere =
  | ('rehearse' | 'policyTest' | 'policyCheck' | 'overview' | 'repair' | 'supervise' | 'work' | 'analyses')
  | ('locks' | 'unlock' | keyof Operations)
  | ('prune' | 'exportRuns' | 'importRuns' | 'backUp' | 'restore' | 'audit' | 'verifyAudit');

/** What is about files, policies, processes or the journal as a whole, which no server gives away. */
function staysThere(): Pick<App, StaysThere> {
  return {
    ...{ rehearse: here('a rehearsal'), policyTest: here('testing policies'), policyCheck: here('judging a plan again') },
    ...{
      overview: here('looking at the engine'),
      repair: here('repairing runs'),
      supervise: here('driving runs'),
      work: here('working for an engine'),
      analyses: here('computing verdicts again'),
    },
    ...{ prune: here('pruning'), importRuns: here('importing runs'), backUp: here('a backup'), restore: here('restoring a backup') },
    ...{ locks: here('looking at locks'), unlock: here('releasing a lock'), tend: here('driving runs'), operate: here('what happens by itself') },
    ...{ schedules: here('looking at schedules'), tickSchedules: here('schedules'), drift: here('looking at drift'), checkDrift: here('looking for drift') },
    ...{ deliveries: here('looking at deliveries'), retryDeliveries: here('deliveries'), kpis: here('figures'), metrics: here('metrics') },
    ...{ audit: here('reading the audit'), verifyAudit: here('verifying the audit') },
    // An iterable that fails when it is read.
    async *exportRuns() {
      yield await here('exporting all runs')();
    },
  };
}

function here(what: string): () => Promise<never> {
  return () => Promise.reject(notRemote(what));
}
