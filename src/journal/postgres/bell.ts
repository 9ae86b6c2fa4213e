import { setTimeout as delay } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { Database } from './database.ts';
import { query } from './database.ts';

/** Tells followers that a run has new events, whoever wrote them. */
export interface Bell {
  /** Ring for a run until disposed; and once for good when the signal aborts. */
  listen(runId: string, signal: AbortSignal): Listener;
  /** Tell other processes; ours know already. Never fails: who misses it finds out by looking. */
  tell(runIds: readonly string[]): void;
}
export interface Listener extends Disposable {
  /** Forget what has rung until now: from here on it rings for whatever comes. */
  reset(): void;
  /** Resolves when it has rung. */
  rung(): Promise<void>;
}

const CHANNEL = 'slipway_events';
const NOTIFY = `SELECT pg_notify('${CHANNEL}', $1 || ' ' || run_id) FROM unnest($2::text[]) AS runs (run_id)`;
const LISTEN = `LISTEN ${CHANNEL}`;
const SELECT_SEQS = 'SELECT id, last_seq FROM runs WHERE id = ANY($1::text[])';
/** How often is looked for what was not told: a notification can be lost with its connection, or with the process that was about to send it. */
const LOOK_MS = 1_000;
const LOOK_WHEN_DEAF_MS = 200;

/**
 * A notification is sent after the commit, in a statement of its own: inside the transaction it would make every commit of the whole database wait for
 * the one before, fsync included. So it may get lost with the process that has just committed, and everybody looks once a second as well, with one
 * statement for all the runs a process follows.
 */
export function createBell(database: Database): Bell {
  const waiting = new Map<string, Set<() => void>>();
  const ring = (runId: string): void => {
    for (const wake of waiting.get(runId) ?? []) wake();
  };
  const ringAll = (): void => {
    for (const runId of waiting.keys()) ring(runId);
  };
  let listening = false;
  const watch = async (): Promise<void> => {
    listening = true;
    await using ear = createEar(database, ring);
    const seen = new Map<string, number>();
    while (waiting.size > 0 && !database.closed.signal.aborted) {
      if (await ear.open()) ringAll(); // what came before it listened was not told
      await lookAround(database, { ids: [...waiting.keys()], seen, ring }).catch(() => undefined); // gone for a moment: looks again
      await delay(ear.isOpen() ? LOOK_MS : LOOK_WHEN_DEAF_MS, undefined, { signal: database.closed.signal, ref: false }).catch(() => undefined);
    }
    listening = false;
  };
  database.events.on('written', ring);
  return {
    listen: (runId, signal) => {
      const listener = createListener(waiting, runId, signal);
      if (!listening) void watch();
      return listener;
    },
    tell: createTeller(database),
  };
}

/** One notification is under way at a time; what comes meanwhile shares the next one. */
function createTeller(database: Database): Bell['tell'] {
  const untold = new Set<string>();
  let isTelling = false;
  const tellAll = async (): Promise<void> => {
    isTelling = true;
    while (untold.size > 0 && !database.closed.signal.aborted) {
      const runIds = [...untold];
      untold.clear();
      await query(database, NOTIFY, [database.schema, runIds]).catch(() => undefined); // whoever misses it looks
    }
    isTelling = false;
  };
  return (runIds) => {
    for (const runId of runIds) untold.add(runId);
    if (!isTelling) void tellAll();
  };
}

function createListener(waiting: Map<string, Set<() => void>>, runId: string, signal: AbortSignal): Listener {
  let bell = Promise.withResolvers<void>();
  const wake = (): void => bell.resolve();
  const listeners = waiting.get(runId) ?? new Set();
  waiting.set(runId, listeners.add(wake));
  signal.addEventListener('abort', wake, { once: true });
  return {
    reset: () => {
      if (!signal.aborted) bell = Promise.withResolvers<void>();
    },
    rung: () => bell.promise,
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', wake);
      listeners.delete(wake);
      if (listeners.size === 0) waiting.delete(runId);
    },
  };
}

interface Around {
  readonly ids: readonly string[];
  readonly seen: Map<string, number>;
  readonly ring: (runId: string) => void;
}

async function lookAround(database: Database, { ids, seen, ring }: Around): Promise<void> {
  for (const row of await query(database, SELECT_SEQS, [ids])) {
    const [runId, seq] = [String(row['id']), Number(row['last_seq'])];
    if (seen.get(runId) !== seq) ring(runId);
    seen.set(runId, seq);
  }
}

interface Ear extends AsyncDisposable {
  /** Listen, if it does not yet; true when it has just begun. */
  open(): Promise<boolean>;
  isOpen(): boolean;
}

/** A connection of our own that hears notifications, until it is lost. */
function createEar(database: Database, ring: (runId: string) => void): Ear {
  let client: PoolClient | undefined;
  const deaf = (): void => {
    const lost = client;
    client = undefined;
    lost?.release(true);
  };
  const begin = async (): Promise<boolean> => {
    const next = await database.pool.connect();
    const lose = (): void => {
      if (client === next) deaf();
    };
    next.on('error', lose).on('end', lose);
    next.on('notification', ({ payload = '' }) => {
      const [schema, runId] = payload.split(' ');
      if (schema === database.schema && runId !== undefined) ring(runId);
    });
    client = next;
    await next.query(LISTEN);
    return true;
  };
  return {
    open: async () => {
      if (client) return false;
      return begin().catch(() => {
        deaf();
        return false;
      });
    },
    isOpen: () => client !== undefined,
    [Symbol.asyncDispose]: async () => deaf(),
  };
}
