import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { leaseOf, type Place, RUN } from './contract/place.ts';
import { postgresPlace } from './postgres-place.ts';
import { sqlitePlace } from './sqlite-place.ts';

const missing = whyNoPostgres();
const server = missing === undefined ? await startPostgres() : undefined;
after(async () => server?.[Symbol.asyncDispose]());

interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly ask: (line: string) => Promise<string>;
}
function child(where: object): Child {
  const started = spawn(process.execPath, [join(import.meta.dirname, 'process-child.ts'), JSON.stringify(where)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  return {
    process: started,
    ask: async (line) => {
      started.stdin.write(`${line}\n`);
      return String((await answers.next()).value);
    },
    [Symbol.asyncDispose]: async () => {
      const exited = once(started, 'exit');
      started.kill('SIGCONT');
      started.stdin.end();
      await exited;
    },
  };
}

const stores: readonly { readonly name: string; readonly missing?: string | undefined; readonly place: () => readonly [Place, object] }[] = [
  {
    name: 'SQLite',
    place: () => {
      const place = sqlitePlace();
      return [place, { dir: place.dir }];
    },
  },
  {
    name: 'PostgreSQL',
    missing,
    place: () => {
      if (!server) throw new Error(missing);
      const place = postgresPlace(server);
      const { password, ...connection } = server.connection('postgres', place.schema);
      return [place, { connection, password: password?.reveal() }];
    },
  },
];

for (const store of stores) {
  const skip = store.missing ?? false;
  test(`${store.name}: five processes that post to one run at once lose nothing and leave no gap`, { timeout: 60_000, skip }, async () => {
    const [at, where] = store.place();
    await using _at = at;
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const children = Array.from({ length: 5 }, () => child(where));
    try {
      const answers = await Promise.all(children.map(({ ask }, n) => ask(`post c${n % 4}`)));
      assert.deepEqual([...new Set(answers)], ['ok']);
    } finally {
      for (const one of children) await one[Symbol.asyncDispose]();
    }
    const events = await journal.read(RUN.id);
    // Two of them have posted the same.
    assert.deepEqual(
      events.map(({ seq }) => seq),
      Array.from({ length: 1 + 4 * 25 }, (_, n) => n + 1),
    );
    assert.equal((await journal.verify(RUN.id)).ok, true);
  });

  test(`${store.name}: a process that was frozen for longer than its lease is fenced off when it wakes`, { timeout: 60_000, skip }, async () => {
    const [at, where] = store.place();
    await using _at = at;
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    await using zombie = child(where);
    assert.equal(await zombie.ask('acquire 1500'), 'ok');
    assert.equal(await zombie.ask('append before'), 'ok');
    zombie.process.kill('SIGSTOP');
    await assert.rejects(leaseOf(journal, 'b:2'), /held by child/);
    await delay(1_700);
    const lease = await leaseOf(journal, 'b:2');
    zombie.process.kill('SIGCONT');
    assert.equal(await zombie.ask('append late'), 'JOURNAL_FENCED');
    assert.equal(await zombie.ask('heartbeat'), 'JOURNAL_FENCED');
    await journal.append(RUN.id, [{ type: 'x', text: 'ours' }], lease);
    assert.deepEqual(
      (await journal.read(RUN.id)).map(({ body }) => body.text ?? body.type),
      ['first', 'before', 'ours'],
    );
  });
}
