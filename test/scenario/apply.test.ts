import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { filesFor, POLICY, TOKEN } from './deploy-site.ts';
import { inventoryOf, runbookOf } from './files.ts';
import { type Machine, openMachine } from './machine.ts';
import { live, openSite, type Site } from './site.ts';

/** A real run: a Git repository, OpenSSH, an HTTP server, policies; nothing is rehearsed. */

let machine: Machine;
let server: Server;
let url = '';

before(async () => {
  machine = await openMachine();
  server = createServer((request, response) => {
    const isKnown = request.headers.authorization === `Bearer ${TOKEN}`;
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ user: isKnown ? 'deployer' : null }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // a TCP server that listens has a port
});
after(async () => {
  server.close();
  await machine[Symbol.asyncDispose]();
});

function site(): Site {
  return openSite(filesFor(machine), { ...machine.env, SITE_TOKEN: TOKEN });
}

const SECRET = ['--secret', 'token=env:SITE_TOKEN'];
const deployInputs = (...more: string[]): string[] => [`folder=${machine.folder}`, `url=${url}`, ...more].flatMap((input) => ['--input', input]).concat(SECRET);

/** The bytes of the plan, made twice within one day. */
async function planTwice(at: Site): Promise<readonly [string, string]> {
  const day = (): string => new Date().toISOString().slice(0, 10);
  for (;;) {
    const before = day();
    const plans: string[] = [];
    for (const name of ['one.json', 'two.json']) {
      const file = join(at.home, '..', name);
      await at.run(0, ['plan', 'deploy', '--out', file, ...deployInputs()]);
      plans.push(readFileSync(file, 'utf8'));
    }
    if (day() === before) return [plans[0] ?? '', plans[1] ?? ''];
  }
}

const previewsOf = (plan: string): unknown => (JSON.parse(plan) as { body: { previews: unknown } }).body.previews;
const planFile = (at: Site): string => join(at.home, '..', 'one.json');
const DONE = { 'app.conf': 'listen = 8080\n', 'part-a': 'part a\n', 'part-b': 'part b\n', size: 'small\n' };
const onMachine = async (): Promise<object> =>
  Object.fromEntries(await Promise.all(Object.keys(DONE).map(async (name) => [name, await machine.read(name)] as const)));

/** Everything that can be asked about a run that is over. */
async function tellsAbout(at: Site, id: string): Promise<void> {
  const runs = JSON.parse((await at.run(0, ['runs', '--json'])).stdout) as readonly { id: string; runbook: string; state: string }[];
  assert.deepEqual(
    runs.map(({ runbook, state }) => `${runbook} ${state}`).toSorted((a, b) => a.localeCompare(b)),
    ['deploy succeeded', 'smoke succeeded'],
  );
  assert.match((await at.run(0, ['status', id])).stdout, /succeeded/);
  assert.match((await at.run(0, ['show', id])).stdout, /parts/);
  assert.match((await at.run(0, ['watch', id])).stderr, /accepted/);
  const lines = (await at.run(0, ['logs', id, 'work/parts[1]', '--host', 'web-1'])).stdout;
  assert.match(lines, /web-1 \| wrote part b\n/);
  assert.doesNotMatch(lines, /part a/);
  assert.match((await at.run(0, ['journal', 'verify', id])).stdout, /chain whole/);
  const exported = (await at.run(0, ['journal', 'export', id])).stdout.trim().split('\n');
  const types = exported.map((line) => (JSON.parse(line) as { body: { type: string } }).body.type);
  assert.equal(types[0], 'runCreated');
  assert.equal(types.at(-1), 'runFinished');
  assert.doesNotMatch(exported.join('\n'), new RegExp(TOKEN));
}

describe('apply', { concurrency: 2 }, () => {
  describe('a real run', { concurrency: 1 }, () => {
    test('is planned to the same bytes, applied, approved by another person, and told about', async () => {
      using at = site();
      const [one, two] = await planTwice(at);
      assert.deepEqual(previewsOf(one), previewsOf(two));
      assert.ok(one === two, 'the same plan was written in other bytes');
      const shown = await at.run(0, ['show', planFile(at)]);
      assert.match(shown.stdout, /deploy/);
      assert.match(shown.stdout, /settings/);
      const run = await live(at, ['apply', planFile(at), ...SECRET]);
      await run.sees('stepWaiting', 'work/accepted');
      assert.match((await at.run(0, ['status', run.id])).stdout, /accepted/);
      await at.run(3, ['approve', run.id]);
      await at.run(0, ['approve', run.id, '--reason', 'looks good'], { actor: 'user:bob' });
      const ended = await run.ends(0);
      assert.match(ended.stderr, /smoke said 200/);
      assert.deepEqual(await onMachine(), DONE);
      await tellsAbout(at, run.id);
    });

    test('is undone on the machine when a later step fails', async () => {
      using at = site();
      const run = await live(at, ['apply', 'deploy', '--yes', ...deployInputs('answer=599', 'size=large')]);
      await run.sees('stepWaiting', 'work/accepted');
      assert.equal(await machine.read('size'), 'large\n');
      await at.run(0, ['approve', run.id], { actor: 'user:bob' });
      await run.ends(13);
      assert.deepEqual(await onMachine(), { 'app.conf': undefined, 'part-a': undefined, 'part-b': undefined, size: undefined });
    });
  });

  describe('a plan', { concurrency: 1 }, () => {
    test('says by its exit code whether anything would change', async () => {
      using at = site();
      await at.run(2, ['plan', 'deploy', '--detailed-exitcode', ...deployInputs()]);
      await at.run(7, ['plan', 'deploy', '--expect-no-changes', ...deployInputs()]);
      await at.run(0, ['plan', 'look', '--detailed-exitcode']);
      await at.run(0, ['plan', 'look', '--expect-no-changes']);
    });

    test('is refused when what it was made from has changed', async () => {
      using at = site();
      const file = planFile(at);
      const plan = async (): Promise<void> => void (await at.run(0, ['plan', 'deploy', '--out', file, ...deployInputs()]));
      const refused = async (why: RegExp, code = 10): Promise<void> => assert.match((await at.run(code, ['apply', file, ...SECRET])).stderr, why);
      await plan();
      at.write('README.md', 'new\n');
      at.commit('a new commit');
      await refused(/STALE_PLAN/);
      await plan();
      at.write('runbooks/estate.yaml', inventoryOf({ ...machine, entry: { ...machine.entry, user: 'other' } }));
      await refused(/inventory/);
      at.write('runbooks/estate.yaml', inventoryOf(machine));
      await plan();
      at.write('policies/rules.rego', `${POLICY}\nwarn contains {"msg": "hello"}\n`);
      await refused(/polic/);
      at.write('policies/rules.rego', POLICY);
      await plan();
      writeFileSync(file, readFileSync(file, 'utf8').replace('wrote part', 'stole part'));
      await refused(/PLAN_TAMPERED/);
      assert.equal((JSON.parse((await at.run(0, ['runs', '--json'])).stdout) as readonly unknown[]).length, 0);
    });

    test('may lie in the repository, also when that has changes that no commit holds', async () => {
      using at = site();
      at.write('runbooks/mine.yaml', runbookOf({ name: 'mine', steps: [{ id: 'tell', uses: 'notify', with: { text: 'not committed yet' } }] }));
      const file = join(at.dir, 'plan.json');
      await at.run(0, ['plan', 'mine', '--out', 'plan.json']);
      const bytes = readFileSync(file, 'utf8');
      await at.run(0, ['plan', 'mine', '--out', 'plan.json']);
      assert.equal(readFileSync(file, 'utf8'), bytes);
      assert.match((await at.run(0, ['apply', 'plan.json'])).stderr, /not committed yet/);
      at.write('files/other.conf', 'new\n');
      assert.match((await at.run(10, ['apply', 'plan.json'])).stderr, /STALE_PLAN/);
    });

    test('needs its secrets again, and a runbook that is there', async () => {
      using at = site();
      await at.run(0, ['plan', 'deploy', '--out', planFile(at), ...deployInputs()]);
      assert.match((await at.run(2, ['apply', planFile(at)])).stderr, /token/);
      assert.match((await at.run(2, ['plan', 'deploy', '--input', `url=${url}`])).stderr, /folder/);
      assert.match((await at.run(6, ['plan', 'deplyo'])).stderr, /did you mean "deploy"/);
      assert.match((await at.run(6, ['apply', 'deplyo', '--yes'])).stderr, /did you mean "deploy"/);
    });
  });

  describe('policies', () => {
    test('are tested, deny, and let a soft finding be overridden by its id only', async () => {
      using at = site();
      assert.match((await at.run(0, ['policy', 'test'])).stdout, /2\/2|2 passed|PASS/);
      assert.match((await at.run(5, ['apply', 'bad', '--yes'])).stderr, /nobody runs what is forbidden/);
      const file = planFile(at);
      await at.run(5, ['plan', 'dear', '--out', file]);
      const check = JSON.parse((await at.run(5, ['policy', 'check', file, '--json'])).stdout) as { decision: string; findings: readonly { id: string }[] };
      assert.equal(check.decision, 'softDeny');
      const id = check.findings[0]?.id ?? '';
      assert.match((await at.run(5, ['apply', file])).stderr, /costs 500/);
      await at.run(5, ['apply', file, '--override', 'sha256:0000000000000000', '--override-reason', 'wrong one']);
      await at.run(0, ['apply', file, '--override', id, '--override-reason', 'the board agreed']);
    });
  });
});
