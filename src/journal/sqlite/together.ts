import { isOfStore } from '../errors.ts';
import { type Store, transact, type WaitingWrite } from './database.ts';
import { isRefused, journalError } from './errors.ts';

/** Most writes that share one transaction; more would make everybody wait for it. */
const MOST = 500;

/**
 * Run in a transaction that everything shares which asks before the next turn: one commit, and one fsync, for all of them, in the order in which they asked.
 * Durable when it resolves. Work that throws keeps nothing and holds up no other. Whoever works through a backlog lets requests in between by waiting for this.
 */
export function transactTogether<T>(store: Store, name: string, work: () => T): Promise<T> {
  return new Promise((done, failed) => {
    const waiting: WaitingWrite = {
      name,
      run: () => {
        const value = work();
        return () => done(value);
      },
      failed,
    };
    if (store.waiting.push(waiting) === 1) setImmediate(() => flush(store));
  });
}

/** Write now what waits for the next turn. */
export function flush(store: Store): void {
  while (store.waiting.length > 0) write(store, store.waiting.splice(0, MOST));
}

function write(store: Store, batch: readonly WaitingWrite[]): void {
  const [only, other] = batch;
  const name = [...new Set(batch.map((each) => each.name))].join('+');
  try {
    const ended = transact(store, name, () => (only && !other ? [only.run()] : batch.map((each) => apart(store, each))));
    for (const tell of ended) tell();
  } catch (cause) {
    for (const { failed } of batch) failed(cause);
  }
}

/** One of several: what it did is taken back when it throws. @throws what is wrong with the store itself, which fails all of them. */
function apart({ database }: Store, { run, failed }: WaitingWrite): () => void {
  database.exec('SAVEPOINT apart');
  try {
    const tell = run();
    database.exec('RELEASE apart');
    return tell;
  } catch (cause) {
    const told = journalError(cause);
    if (!database.isTransaction || (isOfStore(told) && !isRefused(cause))) throw cause;
    database.exec('ROLLBACK TO apart');
    database.exec('RELEASE apart');
    return () => failed(told);
  }
}
