import { ActivityCancelledError, ActivityNotFoundError, Client } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import type { WorkerHands, WorkOptions } from '../remote.ts';
import { bookActivities } from './activities/books.ts';
import { effectActivities, type EffectOptions, type Here } from './activities/effects.ts';
import { turnActivities } from './activities/turns.ts';
import { registerAttributes } from './attributes.ts';
import { workflowBundle } from './bundle.ts';
import { gzipCodec } from './codec.ts';
import { connectError } from './errors.ts';
import { queueOf, waitingQueueOf } from './routing.ts';
import { connectionOptions, type TemporalSettings } from './settings.ts';

export interface WorkerRequest {
  readonly settings: TemporalSettings;
  readonly hands: WorkerHands;
  readonly options: WorkOptions;
  /** Absolute path; keeps the code of the workflow. */
  readonly cacheDir: string;
}

/** Take runs and steps until told to stop. Dials out; nothing dials in. */
export async function runWorkers(request: WorkerRequest): Promise<void> {
  const { settings, options, hands } = request;
  logTo(options.notice);
  const connection = await NativeConnection.connect(connectionOptions(settings)).catch((cause: unknown) => {
    throw connectError(cause, settings);
  });
  try {
    const client = new Client({ connection, namespace: settings.namespace, dataConverter: { payloadCodecs: [gzipCodec] } });
    const effects = { hands, here: () => hereOf(connection, client) };
    const forAll: WorkerOptions = { connection, taskQueue: settings.queue, activities: effectActivities(effects), ...common(request) };
    const central = options.central ? await centralWorkers(request, connection, effects) : [];
    const zoned = await Promise.all(options.zones.map((zone) => Worker.create({ ...forAll, taskQueue: queueOf(settings, zone) })));
    const stop = new Promise<void>((done) => {
      if (options.signal.aborted) done();
      else options.signal.addEventListener('abort', () => done(), { once: true });
    });
    options.ready?.();
    await Promise.all([...central, ...zoned].map((worker) => worker.runUntil(stop)));
  } finally {
    await connection.close();
  }
}

/** One that takes runs and steps, and one for what waits, beside it: what waits takes no place away from what goes on. */
async function centralWorkers(request: WorkerRequest, connection: NativeConnection, effects: EffectOptions): Promise<Worker[]> {
  const turns = turnActivities(effects);
  // Runs of earlier versions wait in the queue of all others.
  const activities = { ...effectActivities(effects), ...bookActivities(effects), ...turns };
  return [
    await centralWorker(request, connection, activities),
    await Worker.create({
      ...{ ...common(request), connection, taskQueue: waitingQueueOf(request.settings), activities: turns },
      ...{ maxConcurrentActivityTaskExecutions: MOST_WAITING, maxConcurrentActivityTaskPolls: 2 },
    }),
  ];
}
/** Runs that one worker waits with; each is a timer and a query now and then. */
const MOST_WAITING = 2_000;

async function centralWorker(request: WorkerRequest, connection: NativeConnection, activities: object): Promise<Worker> {
  const { settings, options, cacheDir } = request;
  const complaint = await registerAttributes(connection, settings.namespace);
  if (complaint !== undefined) options.notice(complaint);
  const { buildId, queue } = settings;
  return Worker.create({
    ...common(request),
    ...{ connection, taskQueue: queue, activities, workflowBundle: { codePath: await workflowBundle(cacheDir) } },
    // A run whose worker died is somebody else's after this time.
    stickyQueueScheduleToStartTimeout: '2s',
    maxCachedWorkflows: 500,
    ...(buildId === undefined ? {} : { workerDeploymentOptions: pinned(queue, buildId) }),
  });
}

/** Runs stay with the build that began them. */
function pinned(deploymentName: string, buildId: string): NonNullable<WorkerOptions['workerDeploymentOptions']> {
  return { useWorkerVersioning: true, version: { deploymentName, buildId }, defaultVersioningBehavior: 'PINNED' };
}

function common({ settings, options }: WorkerRequest) {
  return {
    namespace: settings.namespace,
    dataConverter: { payloadCodecs: [gzipCodec] },
    maxConcurrentActivityTaskExecutions: options.concurrency,
    shutdownGraceTime: options.drainMs,
  };
}

/** The activity that calls this. Its signs of life go to the server one by one, so that silence is noticed. */
function hereOf(connection: NativeConnection, client: Client): Here {
  const { info, cancellationSignal } = Context.current();
  const { taskToken, heartbeatTimeoutMs = 5_000, isLocal } = info;
  // Within a task of the run: the server counts on that, and whoever was frozen for too long finds out by the clock.
  if (isLocal) return { shutdown: cancellationSignal, beat: async () => 'ok' };
  return {
    shutdown: cancellationSignal,
    beat: async () => {
      try {
        await connection.withDeadline(Date.now() + heartbeatTimeoutMs, () => client.activity.heartbeat(taskToken));
        return 'ok';
      } catch (cause) {
        if (cause instanceof ActivityCancelledError) return 'cancelled';
        if (cause instanceof ActivityNotFoundError) return 'gone';
        throw cause;
      }
    },
  };
}

/** Workers of zones, and those for what waits, take steps and no runs. */
const WANTED_SO = /^No workflows registered/;

/** The SDK has one logger per process. It may be there already, when a process works twice. */
function logTo(notice: (line: string) => void): void {
  try {
    const logger = new DefaultLogger('WARN', ({ level, message }) => {
      if (!WANTED_SO.test(message)) notice(`temporal: ${level.toLowerCase()}: ${message}`);
    });
    Runtime.install({ logger, shutdownSignals: [] });
  } catch {
    // Then it keeps the logger it has.
  }
}
