import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createMasker, Secret, SlipwayError, systemClock } from '../../src/core/index.ts';
import type { App, Session } from '../../src/app/index.ts';
import { createRemoteApp } from '../../src/remote/index.ts';
import { readEvents } from '../../src/remote/stream.ts';
import { listen, type Listening } from '../../src/server/index.ts';
import { runIdOf } from '../scenario/site.ts';
import { MAIN, slipwayIn } from '../scenario/support.ts';
import { openSite, type Site, until } from '../server/site.ts';
import { freePort } from '../support/free-port.ts';

let site: Site;
let server: Listening;
let url = '';
let app: App;
const tokens: { [name: string]: string } = {};
before(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  site = await openSite({ url });
  server = await listen(site.app, { ...site.settings, listen: { ...site.settings.listen, port } });
  for (const name of ['root', 'ci', 'look']) tokens[name] = await site.token(name, '*');
  app = remote('ci');
});
after(async () => {
  await server.close(200);
  await site[Symbol.asyncDispose]();
});

const remote = (name: string): App =>
  createRemoteApp({ server: url, token: new Secret(tokens[name] ?? ''), fetch: (at, options) => fetch(at, options), clock: systemClock });
const session = (): Session => ({
  ...{ actor: 'user:test', teams: [], root: site.dir, stateDir: site.stateDir, notice: () => undefined },
  ...{ masker: createMasker(), signal: AbortSignal.timeout(90_000) },
});
const code = (wanted: string) => (error: unknown) => error instanceof SlipwayError && error.code === wanted;
const plan = async (runbook: string, inputs: Parameters<App['plan']>[1]['inputs'] = {}) => {
  const made = await app.plan(session(), { runbook, inputs });
  assert.ok(made.ok, JSON.stringify(made.problems));
  return made.value;
};

describe('an app that a server is', () => {
  test('plans, applies, follows, and tells about a run as one on the spot does', async () => {
    const bundle = await plan('greet', { name: 'remote', times: '2' });
    assert.equal(bundle.body.inputs.values['times'], 2);
    const { runId, done } = await app.apply(session(), bundle, { overrides: [], secrets: {} });
    const types: string[] = [];
    for await (const event of app.follow(session(), runId, 0)) types.push(event.body.type);
    assert.deepEqual([types[0], types.at(-1)], ['runCreated', 'runFinished']);
    assert.equal((await done).state, 'succeeded');
    const { row, events } = await app.facts(session(), runId);
    assert.deepEqual([row.id, row.state, events.length], [runId, 'succeeded', types.length]);
    assert.match((await app.verifyJournal(session(), runId)).text, /chain whole/);
    assert.ok((await app.runs(session(), { states: ['succeeded'] })).some(({ id }) => id === runId));
    assert.ok(Array.isArray(await app.logs(session(), runId, {})));
  });

  test('steers a run: votes, pause, resume, cancel, rollback', async () => {
    const { runId } = await app.apply(session(), await plan('gated'), { overrides: [], secrets: {} });
    await until('the gate', async () => ((await app.facts(session(), runId).catch(() => undefined))?.row.state === 'waiting' ? true : undefined));
    await assert.rejects(app.vote(session(), { runId, decision: 'approve' }), code('NOT_ELIGIBLE'));
    await app.pause(session(), runId, 'look first');
    await until('paused', async () => ((await app.facts(session(), runId)).row.state === 'paused' ? true : undefined));
    const { done } = await app.resume(session(), runId);
    await app.cancel(session(), runId, 'enough');
    assert.equal((await done).state, 'cancelled');
    const undone = await app.rollBack(session(), runId, { reason: 'back', force: false });
    assert.notEqual(undone.runId, runId);
  });

  test('says what is wrong as it would be said on the spot', async () => {
    const made = await app.plan(session(), { runbook: 'greet', inputs: { name: 'x', tiems: '1' } });
    assert.ok(!made.ok);
    assert.deepEqual(made.problems.map(({ code: each }) => each).toSorted(), ['BAD_INPUT', 'UNKNOWN_INPUT']);
    await assert.rejects(app.plan(session(), { runbook: 'nothing', inputs: {} }), (error: unknown) => error instanceof SlipwayError && error.exitCode === 6);
    await assert.rejects(remote('look').cancel(session(), 'run-20261123-0000000000'), code('RUN_NOT_FOUND'));
    await assert.rejects(
      remote('look').plan(session(), { runbook: 'greet', inputs: { name: 'no-right' } }),
      (error: unknown) => error instanceof SlipwayError && error.exitCode === 3,
    );
    await assert.rejects(app.rehearse(session(), { runbook: 'greet', inputs: {} }), code('NOT_REMOTE'));
    const denied = await app.plan(session(), { runbook: 'greet', inputs: { name: 'eve' } });
    assert.ok(denied.ok && denied.value.body.verdict.decision === 'deny');
    const { done } = await app.apply(session(), denied.value, { overrides: [], secrets: {} });
    await assert.rejects(done, (error: unknown) => error instanceof SlipwayError && error.exitCode === 5);
  });

  test('sends its token nowhere but to its server, and never in plain text', async () => {
    for (const wrong of ['http://example.org', 'ftp://127.0.0.1', 'https://user:pw@example.org', 'example.org', ''])
      assert.throws(() => createRemoteApp({ server: wrong, token: new Secret('t'), fetch, clock: systemClock }), code('BAD_SERVER'), wrong);
    const asked: RequestInit[] = [];
    const moving = createRemoteApp({
      ...{ server: url, token: new Secret('t'), clock: systemClock },
      fetch: async (_url, options) => {
        asked.push(options);
        return new Response('<html>a proxy</html>', { status: 502 });
      },
    });
    await assert.rejects(moving.runs(session(), {}), code('HTTP_502'));
    assert.equal(asked[0]?.redirect, 'error');
    const gone = createRemoteApp({ server: 'http://127.0.0.1:1', token: new Secret('t'), fetch: (at, options) => fetch(at, options), clock: systemClock });
    await assert.rejects(gone.runs(session(), {}), code('SERVER_UNREACHABLE'));
  });

  test('makes, lists and revokes tokens', async () => {
    const root = remote('root');
    const { text, token } = await root.createToken(session(), { name: 'made', scopes: ['run.read@greet'], lifetimeMs: 60_000 });
    assert.match(text.reveal(), /^slw_/);
    assert.ok((await root.tokens(session())).some(({ prefix }) => prefix === token.prefix));
    assert.equal((await root.revokeToken(session(), token.prefix)).state, 'revoked');
  });
});

describe('a stream of events', () => {
  test('is read however it is cut', async () => {
    const text = ': hello\n\nid: 1\nevent: a\ndata: {"x":\ndata: 1}\n\nevent: beat\ndata: \n\nid: 2\r\ndata: ü\r\n\r\nid: 3\ndata: lost';
    const bytes = Buffer.from(text);
    for (const size of [1, 2, 7, bytes.length]) {
      const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
      const found = await Array.fromAsync(
        readEvents(
          (async function* () {
            yield* parts;
          })(),
        ),
      );
      assert.deepEqual(
        found,
        [
          { id: '1', event: 'a', data: '{"x":\n1}' },
          { event: 'beat', data: '' },
          { id: '2', event: 'message', data: 'ü' },
        ],
        String(size),
      );
    }
  });
});

describe('the command line', () => {
  const run = (args: readonly string[], env: { readonly [name: string]: string } = {}) =>
    slipwayIn(site.dir, join(site.dir, 'nowhere'), [...MAIN, ...args], { SLIPWAY_TOKEN: tokens['ci'] ?? '', ...env });

  test('works against a server: plan, apply, watch, status, runs', async () => {
    const planned = await run(['plan', 'greet', '--input', 'name=command', '--out', 'plan.json', '--server', url]).ended;
    assert.equal(planned.code, 0, planned.stderr);
    const applied = await run(['apply', 'plan.json'], { SLIPWAY_SERVER: url }).ended;
    assert.equal(applied.code, 0, applied.stderr);
    assert.match(applied.stdout, /greet succeeded/);
    const listed = await run(['runs', '--server', url]).ended;
    assert.match(listed.stdout, /greet +succeeded/);
    const runId = /run-\d{8}-[0-9a-z]{10}/.exec(listed.stdout)?.[0] ?? '';
    for (const command of ['status', 'watch']) {
      const told = await run([command, runId, '--server', url]).ended;
      assert.deepEqual([told.code, /succeeded/.test(told.stdout)], [0, true], told.stderr);
    }
  });

  test('stops a run of the server with Ctrl-C in good order', async () => {
    const started = run(['apply', 'slow', '--yes', '--input', 'for=10m', '--server', url]);
    const runId = await runIdOf(started);
    await until('it goes on', async () =>
      ['running', 'waiting'].includes((await app.facts(session(), runId).catch(() => undefined))?.row.state ?? '') ? true : undefined,
    );
    started.child.kill('SIGINT');
    const ended = await started.ended;
    assert.equal(ended.code, 8, ended.stderr);
    assert.equal((await app.facts(session(), runId)).row.state, 'cancelled');
  });

  test('says what it needs to know', async () => {
    const without = await run(['runs', '--server', url], { SLIPWAY_TOKEN: '' }).ended;
    assert.deepEqual([without.code, /TOKEN_NEEDED/.test(without.stderr)], [2, true]);
    writeFileSync(join(site.dir, 'token'), `${tokens['look'] ?? ''}\n`);
    const fromFile = await run(['runs'], { SLIPWAY_TOKEN: '', SLIPWAY_TOKEN_FILE: 'token', SLIPWAY_SERVER: url }).ended;
    assert.equal(fromFile.code, 0, fromFile.stderr);
    const local = await run(['rehearse', 'greet', '--server', url]).ended;
    assert.match(local.stderr, /NOT_REMOTE/);
  });
});
