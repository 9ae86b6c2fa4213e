import { createInterface } from 'node:readline';
import { Secret, systemClock } from '../../src/core/index.ts';
import { type Journal, openJournal, openPostgresJournal } from '../../src/journal/index.ts';
import { type Body, leaseOf, RUN, VAULT_KEY } from './contract/place.ts';

// One of many processes that have a journal open: does what its standard input says, a line each, and answers with a line each.
const { dir, connection, password } = JSON.parse(process.argv[2] ?? '{}') as Parameters<typeof open>[0];

async function open(where: { readonly dir?: string; readonly connection?: object; readonly password?: string }): Promise<Journal<Body>> {
  if (where.dir !== undefined) return openJournal<Body>({ dir: where.dir, clock: systemClock, vaultKey: VAULT_KEY });
  const full = { ...where.connection, password: new Secret(where.password ?? '') } as never; // made by the test
  return openPostgresJournal<Body>({ connection: full, clock: systemClock, vaultKey: VAULT_KEY });
}

await using journal = await open({
  ...(dir === undefined ? {} : { dir }),
  ...(connection === undefined ? {} : { connection }),
  ...(password === undefined ? {} : { password }),
});
let lease: Awaited<ReturnType<typeof leaseOf>> | undefined;
const work: { readonly [word: string]: (arg: string) => Promise<unknown> } = {
  acquire: async (ttlMs) => (lease = await leaseOf(journal, `child:${process.pid}`, Number(ttlMs))),
  append: async (text) => lease && journal.append(RUN.id, [{ type: 'x', text }], lease),
  heartbeat: async () => lease && journal.heartbeat(lease, 1_000),
  post: async (prefix) => Promise.all(Array.from({ length: 25 }, (_, n) => journal.post(RUN.id, { type: 'p', text: prefix }, `${prefix}:${n}`))),
};
for await (const line of createInterface({ input: process.stdin })) {
  const [word = '', arg = ''] = line.split(' ');
  const answer = await (work[word]?.(arg) ?? Promise.reject(new Error(line))).then(
    () => 'ok',
    (thrown: Error & { code?: string }) => thrown.code ?? thrown.message,
  );
  process.stdout.write(`${answer}\n`);
}
