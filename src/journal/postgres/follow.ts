import type { Journal } from '../port.ts';
import type { Bell } from './bell.ts';
import type { Database } from './database.ts';

export function createFollower<Body extends { readonly type: string }>(
  database: Database,
  read: Journal<Body>['read'],
  bell: Bell,
): Pick<Journal<Body>, 'follow'> {
  return {
    async *follow(runId, afterSeq, signal) {
      let seq = afterSeq;
      const either = AbortSignal.any([signal, database.closed.signal]);
      using listener = bell.listen(runId, either);
      while (!either.aborted) {
        // Before the read: what is written from here on rings, so that nothing can come in between.
        listener.reset();
        for (const event of await read(runId, seq)) {
          seq = event.seq;
          yield event;
          if (either.aborted) return;
        }
        await listener.rung();
      }
    },
  };
}
