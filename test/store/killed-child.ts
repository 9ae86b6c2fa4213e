import { writeSync } from 'node:fs';
import { systemClock } from '../../src/core/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';

// Accepts jobs and records them until it is killed; says each one once it may rely on it.
const [dir = '', round = ''] = process.argv.slice(2);
const store = openSqliteStore({ dir, clock: systemClock });
for (let n = 0; ; n++) {
  const ids = [`${round}:${n}:a`, `${round}:${n}:b`];
  await Promise.all(
    ids.map(async (id) => {
      await store.audit.append({ actor: 'system', action: 'accept', object: id });
      await store.queues.enqueue('q', { id, payload: null });
      writeSync(1, `${id}\n`);
    }),
  );
}
