import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, SlipwayError } from '../../src/core/index.ts';
import { rolledBack } from '../report/run/story.ts';
import { RUN, slipway, withRun } from './fake.ts';

test('an error of the app: message, causes and hint on stderr, its exit code, and JSON on stdout when asked', async () => {
  const app = {
    facts: () => {
      throw new SlipwayError('RUN_NOT_FOUND', 'there is no run "run-x"', {
        hint: 'look at "slipway runs"',
        exitCode: EXIT.notFound,
        cause: new Error('no row'),
      });
    },
  };
  const plain = await slipway(['status', 'run-x'], { app });
  assert.equal(plain.code, EXIT.notFound);
  assert.equal(plain.stderr, 'error: there is no run "run-x" (RUN_NOT_FOUND)\n  because: no row\nhint: look at "slipway runs"\n');
  assert.equal(plain.stdout, '');
  const json = await slipway(['status', 'run-x', '--json'], { app });
  assert.deepEqual(JSON.parse(json.stdout), { error: { code: 'RUN_NOT_FOUND', message: 'there is no run "run-x"', hint: 'look at "slipway runs"' } });
});

test('a bug says that it is one, with its stack', async () => {
  const { code, stderr } = await slipway(['runs'], {
    app: {
      runs: () => {
        throw new TypeError('undefined is not a run');
      },
    },
  });
  assert.equal(code, 1);
  assert.match(stderr, /^error: this is a bug in slipway: TypeError: undefined is not a run\n +at /);
});

test('bad settings are told before anything is opened', async () => {
  const problem = {
    code: 'BAD_SETTING',
    severity: 'error',
    file: 'environment',
    line: 1,
    column: 1,
    path: 'SLIPWAY_ACTOR',
    message: 'not an actor',
    hint: 'write user:ada',
  } as const;
  const { code, stderr, calls: asked } = await slipway(['runs'], { deps: { settings: async () => ({ ok: false, problems: [problem] }) } });
  assert.equal(code, 2);
  assert.equal(stderr, 'environment:1:1: error: not an actor (BAD_SETTING)\n  hint: write user:ada\n');
  assert.deepEqual(asked, []);
});

test('validate: problems on stderr as editors read them, exit 1 for errors only', async () => {
  const problem = {
    code: 'UNKNOWN_KEY',
    severity: 'error',
    file: 'runbooks/a.yaml',
    line: 3,
    column: 5,
    path: 'phasess',
    message: 'unknown key "phasess"',
    hint: 'did you mean "phases"?',
  } as const;
  const bad = await slipway(['validate'], { app: { validate: async () => ({ files: ['runbooks/a.yaml'], problems: [problem] }) } });
  assert.equal(bad.code, 1);
  assert.equal(bad.stderr, 'runbooks/a.yaml:3:5: error: unknown key "phasess" (UNKNOWN_KEY)\n  hint: did you mean "phases"?\n');
  assert.equal(bad.stdout, '1 file, 1 error, 0 warnings\n');
  const warned = await slipway(['validate'], { app: { validate: async () => ({ files: [], problems: [{ ...problem, severity: 'warning' }] }) } });
  assert.equal(warned.code, 0);
});

test('logs: pages until there is no more, filters, and follows until the run ends', async () => {
  const asked: unknown[] = [];
  const line = (id: number) => ({
    id,
    runId: RUN,
    path: 'a/b',
    attempt: 1,
    at: 0,
    host: 'web-1',
    stream: 'stdout' as const,
    text: id === 7 ? 'a\u001B[2J\u001B]0;title\u0007\tb\r' : `line ${id}`,
  });
  const { code, stdout } = await slipway(['logs', RUN, 'a/b', '--host', 'web-1', '-f'], {
    app: {
      logs: async (_session, _run, query) => {
        asked.push(query);
        return asked.length === 1 ? Array.from({ length: 500 }, (_, index) => line(index + 1)) : asked.length === 2 ? [line(501)] : [];
      },
    },
  });
  assert.equal(code, 0);
  assert.equal(stdout.split('\n').length, 502);
  assert.match(stdout, /\| a\tb\n/, 'what a machine printed must not steer the terminal');
  assert.ok(stdout.endsWith('00:00:00.000 a/b web-1 | line 501\n'));
  assert.deepEqual(asked, [
    { limit: 500, path: 'a/b', host: 'web-1', afterId: 0 },
    { limit: 500, path: 'a/b', host: 'web-1', afterId: 500 },
  ]);
});

test('journal export prints one event a line, and they are the events', async () => {
  const { stdout } = await slipway(['journal', 'export', RUN]);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { seq: number }).seq);
  assert.deepEqual(lines, [1, 2, 3]);
});

test('a broken chain, denied policies and failing policy tests end with their exit codes', async () => {
  assert.equal((await slipway(['journal', 'verify', RUN], { app: { verifyJournal: async () => ({ ok: false, text: 'event 7 was changed' }) } })).code, 1);
  assert.equal((await slipway(['policy', 'test'], { app: { policyTest: async () => ({ ok: false, text: '1 failed' }) } })).code, 1);
  const readPlan = async () => ({}) as never; // handed on unread
  for (const decision of ['deny', 'softDeny'] as const) {
    const { code, stdout } = await slipway(['policy', 'check', 'plan.json'], { app: { readPlan, policyCheck: async () => ({ decision, findings: [] }) } });
    assert.equal(code, EXIT.policyDenied);
    assert.equal(stdout, `decision: ${decision}\n`);
  }
});

test('doctor: exit 1 only when something needed is missing; says what mends it', async () => {
  const optional = { name: 'haproxy', ok: false, needed: false, found: 'not found', mend: 'apt-get install haproxy' };
  const fine = await slipway(['doctor'], { deps: { diagnose: async () => [{ name: 'git', ok: true, needed: true, found: '2.39' }, optional] } });
  assert.equal(fine.code, 0);
  assert.match(fine.stdout, /^✔ git +2\.39\n- haproxy +not found\n {4}if you want it: apt-get install haproxy\n/);
  const sick = await slipway(['doctor'], {
    deps: { diagnose: async () => [{ name: 'opa', ok: false, needed: true, found: 'not found', mend: 'npm run setup' }] },
  });
  assert.equal(sick.code, 1);
  assert.match(sick.stdout, /^✖ opa +not found\n {4}mend: npm run setup\n/);
});

test('colours only where the stream is a terminal, and never with --no-color', async () => {
  const terminal = { colour: { stdout: true, stderr: false }, redraw: false, columns: 80, rows: 24 };
  const app = withRun(rolledBack, 'rolledBack');
  const coloured = await slipway(['rehearse', 'erp'], { app, settings: { terminal } });
  assert.ok(coloured.stdout.includes('\u001B[33m'));
  assert.ok(!coloured.stderr.includes('\u001B'));
  assert.ok(!(await slipway(['rehearse', 'erp', '--no-color'], { app, settings: { terminal } })).stdout.includes('\u001B'));
});
