import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { EXIT, messageOf, SlipwayError } from '../../core/index.ts';
import { type AnyKind, kinds as registered } from '../../steps/index.ts';
import type { RemoteEngine, RemoteRun } from '../remote.ts';
import type { RequestBody } from '../requests.ts';
import { knowsAttributes } from './attributes.ts';
import { gzipCodec } from './codec.ts';
import { type KindTable, type Posted, REQUESTS, type Rules, RUN_WORKFLOW, type RunStart, type Status, STATUS_QUERY } from './contract.ts';
import { connectError, isGone, isMoving, isSilence, isUnknownAttribute, temporalError } from './errors.ts';
import { queueOf } from './routing.ts';
import { attributesOf } from './search.ts';
import { connectionOptions, RULES, type TemporalSettings } from './settings.ts';

export interface TemporalOptions {
  readonly settings: TemporalSettings;
  /** Absolute path, shared by all repositories of this user. */
  readonly cacheDir: string;
  readonly kinds?: readonly AnyKind[];
  readonly rules?: Partial<typeof RULES>;
}
/** Longest wait for a server, and for the worker of a run, in milliseconds. */
const CONNECT_MS = 10_000;
const ANSWER_MS = 20_000;
const TRIES = 5;
/** A run whose worker died while it decided is somebody else's after this time; deciding takes milliseconds, and a replay of the longest history a second or two. */
const TASK_TIMEOUT_MS = 8_000;

/** Runs on a Temporal server. Nothing is connected before it is needed. */
export function openTemporal(options: TemporalOptions): RemoteEngine {
  const { settings } = options;
  let opened: Promise<Link> | undefined;
  const link = (): Promise<Link> =>
    (opened ??= connect(options).catch((cause: unknown) => {
      // The next one tries again: who asks may live for longer than the server is away.
      opened = undefined;
      throw cause;
    }));
  return {
    name: `temporal at ${settings.address}, namespace ${settings.namespace}`,
    start: async (run) => start(await link(), run),
    ask: async (runId, body) => ask(await link(), runId, body),
    status: async (runId) => statusOf(await link(), runId),
    hasWorker: async (zone) => hasWorker(await link(), zone),
    work: async (hands, work) => (await workerCode()).runWorkers({ settings, hands, options: work, cacheDir: options.cacheDir }),
    [Symbol.asyncDispose]: async () => (await opened?.catch(() => undefined))?.connection.close(),
  };
}

/** Workers are native code in part, which is not there for every machine; whoever only asks needs none of it. */
async function workerCode(): Promise<typeof import('./worker.ts')> {
  try {
    return await import('./worker.ts');
  } catch (cause) {
    throw new SlipwayError('ENGINE_MISSING', `the code of Temporal's workers cannot be loaded here: ${messageOf(cause)}`, {
      cause,
      exitCode: EXIT.usage,
      hint: 'there is a build for Linux with glibc, macOS and Windows, on x64 and arm64; install the packages anew with "npm ci", or run workers on another machine',
    });
  }
}

interface Link {
  readonly connection: Connection;
  readonly client: Client;
  readonly options: TemporalOptions;
  /** Does the server know our search attributes, and when it was asked, in milliseconds since the epoch: asked once by all runs that begin together. */
  attributes: { readonly askedAt: number; readonly known: Promise<boolean> } | undefined;
}
/** So long it is taken to know them; a run that it refuses for them is begun without. */
const KNOWN_MS = 600_000;

async function connect(options: TemporalOptions): Promise<Link> {
  const { settings } = options;
  try {
    const connection = await Connection.connect({ ...connectionOptions(settings), connectTimeout: CONNECT_MS });
    const client = new Client({ connection, namespace: settings.namespace, dataConverter: { payloadCodecs: [gzipCodec] } });
    return { connection, client, options, attributes: undefined };
  } catch (cause) {
    throw connectError(cause, settings);
  }
}

async function start(link: Link, run: RemoteRun): Promise<void> {
  const { settings } = link.options;
  const attributes = await hasAttributes(link);
  try {
    await begin(link, run, attributes).catch(async (cause: unknown) => {
      // Just registered, and not everywhere yet: the run is worth more than being found by its attributes.
      if (!attributes || !isUnknownAttribute(cause)) throw cause;
      link.attributes = undefined;
      await begin(link, run, false);
    });
  } catch (cause) {
    throw temporalError(cause, settings);
  }
}

async function hasAttributes(link: Link): Promise<boolean> {
  const { connection, options, attributes } = link;
  const asked =
    attributes && Date.now() - attributes.askedAt < KNOWN_MS
      ? attributes
      : { askedAt: Date.now(), known: knowsAttributes(connection, options.settings.namespace) };
  link.attributes = asked;
  const isKnown = await asked.known;
  // They may be registered any moment.
  if (!isKnown && link.attributes === asked) link.attributes = undefined;
  return isKnown;
}

async function begin({ client, options }: Link, run: RemoteRun, attributes: boolean): Promise<void> {
  const { settings, kinds = registered } = options;
  const { namespace, queue } = settings;
  const rules: Rules = { ...RULES, ...options.rules, queue, attributes };
  const argument: RunStart = { runId: run.runId, owner: `temporal:${namespace}/${run.runId}`, kinds: tableOf(kinds), rules };
  await client.workflow.start(RUN_WORKFLOW, {
    ...{ workflowId: run.runId, taskQueue: queue, args: [argument], workflowTaskTimeout: TASK_TIMEOUT_MS },
    // A run that is over is never started again by us; one that was ended from outside goes on from its journal.
    ...{ workflowIdReusePolicy: 'ALLOW_DUPLICATE', workflowIdConflictPolicy: 'USE_EXISTING' },
    ...(attributes ? { typedSearchAttributes: attributesOf(run, rules.told ?? 'queued') } : {}),
  });
}

function tableOf(kinds: readonly AnyKind[]): KindTable {
  return Object.fromEntries(
    kinds.flatMap((kind) => {
      if (kind.target === 'control') return [];
      const probes = kind.target === 'hosts' ? kind.probeHost !== undefined : kind.probe !== undefined;
      const describes = kind.target === 'hosts' && kind.describesHosts === true;
      return [[kind.uses, { target: kind.target, probes, ...(describes ? { describes } : {}) }] as const];
    }),
  );
}

async function ask({ client, connection, options }: Link, runId: string, body: RequestBody): Promise<Posted> {
  const { settings } = options;
  const handle = client.workflow.getHandle(runId);
  const deadline = Date.now() + ANSWER_MS;
  for (let left = TRIES; ; left--) {
    try {
      return await connection.withDeadline(deadline, () => update(handle, body));
    } catch (cause) {
      if (left > 1 && isMoving(cause)) continue;
      if (isGone(cause)) throw await goneOf(handle, cause);
      if (isSilence(cause)) throw nobody(runId, settings.queue, cause);
      throw temporalError(cause, settings);
    }
  }
}

function update(handle: WorkflowHandle, body: RequestBody): Promise<Posted> {
  return handle.executeUpdate<Posted, [RequestBody]>(REQUESTS[body.type], { args: [body], updateId: body.id });
}

/** Over, or never there? */
async function goneOf(handle: WorkflowHandle, cause: unknown): Promise<SlipwayError> {
  const { workflowId: runId } = handle;
  const status = await handle.describe().then(
    ({ status: { name } }) => name,
    () => undefined,
  );
  if (status === 'COMPLETED') return new SlipwayError('RUN_OVER', `${runId} is over`, { cause, hint: `see "slipway status ${runId}"` });
  return new SlipwayError('NOT_DRIVEN', `${runId} does not go on in Temporal`, {
    cause,
    exitCode: EXIT.notFound,
    hint: `see "slipway status ${runId}"; "slipway resume ${runId}" goes on with it`,
  });
}

function nobody(runId: string, queue: string, cause: unknown): SlipwayError {
  return new SlipwayError('NO_WORKER', `nobody answered for ${runId} within ${ANSWER_MS / 1_000} s`, {
    cause,
    retry: 'afterBackoff',
    hint: `start "slipway worker" (task queue "${queue}"), and look at "slipway status ${runId}" before you ask again`,
  });
}

async function statusOf({ client, connection }: Link, runId: string): Promise<Status | undefined> {
  try {
    const query = () => client.workflow.getHandle(runId).query<Status | undefined>(STATUS_QUERY);
    return await connection.withDeadline(Date.now() + ANSWER_MS, query);
  } catch {
    return undefined; // not there, over, or nobody who could tell
  }
}

async function hasWorker({ connection, options }: Link, zone: string | undefined): Promise<boolean> {
  const { settings } = options;
  try {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace: settings.namespace,
      taskQueue: { name: queueOf(settings, zone) },
      taskQueueType: zone === undefined ? WORKFLOW_QUEUE : ACTIVITY_QUEUE,
    });
    return pollers.some(({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1_000 < POLLED_MS);
  } catch (cause) {
    throw temporalError(cause, settings);
  }
}
const [WORKFLOW_QUEUE, ACTIVITY_QUEUE] = [1, 2];
/** A worker that lives asks at least once a minute. */
const POLLED_MS = 70_000;
