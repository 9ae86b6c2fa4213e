import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { EXIT } from '../../src/core/index.ts';
import { ENTRIES } from '../../src/cli/registry.ts';
import { rolledBack, type Moment, created } from '../report/run/story.ts';
import { ended, RUN, slipway, succeeded, withRun } from './fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
after(() => rmSync(folder, { recursive: true }));

test('help names every command, and every command has a help of its own with its usage line', async () => {
  const { code, stdout, stderr } = await slipway(['--help']);
  assert.equal(code, 0);
  assert.equal(stderr, '');
  for (const entry of ENTRIES) {
    assert.ok(stdout.includes(`  ${entry.usage} `), entry.usage);
    const own = await slipway([...entry.name.split(' '), '--help']);
    assert.equal(own.code, 0, entry.name);
    assert.ok(own.stdout.startsWith(`usage: slipway ${entry.usage} [options]\n`), own.stdout);
    const command = await entry.load();
    assert.equal(command.name, entry.name);
    for (const name of Object.keys(command.options)) assert.ok(own.stdout.includes(`--${name}`), `${entry.name} --${name}`);
    // The usage line of the list and the arguments the command takes are written in two places.
    const placeholders = command.positionals.map(({ name, optional, many }) => (optional === true ? `[${name}${many === true ? '…' : ''}]` : `<${name}>`));
    assert.equal(entry.usage, [entry.name, ...placeholders].join(' '));
  }
});

test('no arguments, -h and "help" are the same help; "help <command>" is the help of the command', async () => {
  const { stdout } = await slipway(['--help']);
  for (const argv of [[], ['-h'], ['help']]) assert.equal((await slipway(argv)).stdout, stdout);
  assert.equal((await slipway(['help', 'runs'])).stdout, (await slipway(['runs', '-h'])).stdout);
});

test('version goes to stdout, also as JSON', async () => {
  assert.equal((await slipway(['--version'])).stdout, '1.2.3\n');
  assert.deepEqual(JSON.parse((await slipway(['version', '--json'])).stdout), { slipway: '1.2.3', node: process.versions.node });
});

const calls: readonly (readonly [string, string])[] = [
  ['approve RUN', `vote({"runId":"RUN","decision":"approve"})`],
  ['reject RUN cutover/@approval --reason=no', `vote({"runId":"RUN","decision":"reject","path":"cutover/@approval","reason":"no"})`],
  ['cancel RUN --reason wrong', `cancel("RUN", "wrong")`],
  ['pause RUN', `pause("RUN", )`],
  ['rollback RUN --force --reason why', `rollBack("RUN", {"reason":"why","force":true})`],
  ['retry RUN a/b', `retry("RUN", {"path":"a/b"})`],
  ['retry RUN --hosts failed,never-reached', `retry("RUN", {"hosts":"failed,never-reached"})`],
  ['resolve RUN a/b --as done --hosts in-doubt', `settleHosts({"runId":"RUN","path":"a/b","as":"done","hosts":"in-doubt"})`],
  ['resolve RUN a/b --as done', `resolveTask("RUN", "a/b", "done")`],
  ['signal RUN go {"n":1}', `signalRun("RUN", "go", {"n":1})`],
  ['signal RUN go plain', `signalRun("RUN", "go", "plain")`],
  ['signal RUN go', `signalRun("RUN", "go", null)`],
  ['runs --state failed --state rolledBack --runbook erp --limit 3', `runs({"limit":3,"runbook":"erp","states":["failed","rolledBack"]})`],
  ['journal verify RUN', `verifyJournal("RUN")`],
  ['journal prune --older-than 90d --dry-run', 'prune({"olderThanMs":7776000000,"keepEvidence":false,"dryRun":true})'],
  ['journal prune --older-than 2w --keep-evidence', 'prune({"olderThanMs":1209600000,"keepEvidence":true,"dryRun":false})'],
  ['backup /backups/b.db', 'backUp("/backups/b.db")'],
  ['restore /backups/b.db --force', 'restore("/backups/b.db", {"replace":true})'],
  ['audit --action journal.prune --limit 3', 'audit({"limit":3,"action":"journal.prune"})'],
  ['audit verify', 'verifyAudit()'],
  ['policy test', 'policyTest()'],
  ['validate a.yaml b.yaml', 'validate(["a.yaml","b.yaml"])'],
  ['schema Wave', 'schema("Wave")'],
];
for (const [line, call] of calls) {
  test(`"slipway ${line}" asks the app once, exits 0, and --json is JSON`, async () => {
    const argv = line.split(' ').map((word) => word.replace('RUN', RUN));
    const plain = await slipway(argv);
    assert.equal(plain.code, 0, plain.stderr);
    assert.deepEqual(plain.calls, [call.replaceAll('RUN', RUN)]);
    assert.ok(plain.stdout.endsWith('\n'));
    const json = await slipway([...argv, '--json']);
    assert.equal(json.code, 0);
    JSON.parse(json.stdout);
  });
}

test('inputs: --inputs file, then --input, then secrets, which nobody sees', async () => {
  const file = join(folder, 'inputs.json');
  writeFileSync(file, JSON.stringify({ region: 'file', count: 3 }));
  let given: unknown;
  let masked = '';
  const { code, calls: asked } = await slipway(
    ['rehearse', 'erp', '--inputs', file, '--input', 'region=eu=1', '--secret', 'db=env:DB_PASSWORD', '--fail', 'a/b', '--slow', 'candidate=40ms'],
    {
      app: {
        ...withRun(succeeded, 'succeeded'),
        rehearse: async (session, request) => {
          given = request.inputs['db'];
          masked = session.masker.mask('password hunter2-hunter2');
          return ended();
        },
      },
    },
  );
  assert.equal(code, 0);
  assert.equal((given as { reveal: () => string }).reveal(), 'hunter2-hunter2');
  assert.equal(masked, 'password [secret]');
  assert.equal(
    asked[0],
    'rehearse({"runbook":"erp","inputs":{"region":"eu=1","count":3,"db":"[secret]"},"rehearsal":{"fail":["a/b"],"drift":[],"slow":{"candidate":40}}})',
  );
});

test('a secret from standard input or a file loses only its last line end', async () => {
  const file = join(folder, 'secret');
  writeFileSync(file, 'from a file\n\n');
  const seen: string[] = [];
  await slipway(['rehearse', 'erp', '--secret', 'a=-', '--secret', `b=file:${file}`], {
    app: {
      ...withRun(succeeded, 'succeeded'),
      rehearse: async (_session, { inputs }) => {
        for (const value of Object.values(inputs)) seen.push((value as { reveal: () => string }).reveal()); // both are secrets
        return ended();
      },
    },
  });
  assert.deepEqual(seen, ['from-standard-input', 'from a file\n']);
});

test('a run: progress on stderr, the summary on stdout, and nothing else there', async () => {
  const { code, stdout, stderr } = await slipway(['rehearse', 'erp'], { app: withRun(rolledBack, 'rolledBack') });
  assert.equal(code, EXIT.rolledBack);
  assert.match(stderr, /^run run-20261123-7k2m9qz4ab\n▸ prepare\n {2}✔ facts/);
  assert.match(stderr, /erp was rolled back\n$/);
  assert.match(stdout, /^erp \(rehearsal\) was rolled back after 15 s\n/);
  const json = await slipway(['rehearse', 'erp', '--json'], { app: withRun(rolledBack, 'rolledBack') });
  assert.equal((JSON.parse(json.stdout) as { state: string }).state, 'rolledBack');
});

test('every line of a run is shown once, even when following ends before the run', async () => {
  const whole = await slipway(['rehearse', 'erp'], { app: withRun(rolledBack, 'rolledBack') });
  const run = withRun(rolledBack, 'rolledBack');
  const torn = await slipway(['rehearse', 'erp'], {
    app: {
      ...run,
      follow: async function* () {
        yield* ((await run.facts?.({} as never, RUN))?.events ?? []).slice(0, 5); // the fake looks at no session
      },
    },
  });
  assert.equal(torn.stderr, whole.stderr);
});

const states: readonly (readonly [Moment[1] & { readonly type: 'runFinished' }, number])[] = [
  [{ type: 'runFinished', state: 'succeeded', outputs: {} }, EXIT.ok],
  [{ type: 'runFinished', state: 'failed', outputs: {} }, EXIT.error],
  [{ type: 'runFinished', state: 'cancelled', outputs: {} }, EXIT.cancelled],
  [{ type: 'runFinished', state: 'rolledBack', outputs: {} }, EXIT.rolledBack],
  [{ type: 'runFinished', state: 'rollbackFailed', outputs: {} }, EXIT.rollbackFailed],
];
for (const [body, exit] of states) {
  test(`a run that ends ${body.state} exits with ${exit}, also when it is watched`, async () => {
    const app = withRun([created, [5, body]], body.state);
    assert.equal((await slipway(['resume', RUN], { app })).code, exit);
    assert.equal((await slipway(['watch', RUN], { app })).code, exit);
  });
}

test('a run that waits for votes exits with 12, one that failed by time alone with 9', async () => {
  const gate = { approvers: ['team:cab'], required: 1, perGroup: 0, preventSelfApproval: true, onTimeout: 'deny', message: '', verb: 'approve' } as const;
  const waiting = withRun([created, [5, { type: 'stepWaiting', path: 'cutover/@approval', wait: { type: 'gate', gate } }]], 'waiting');
  assert.equal((await slipway(['resume', RUN], { app: waiting })).code, EXIT.approvalMissing);
  const error = { code: 'TIMED_OUT', message: 'no end within 1 m', retry: 'never' } as const;
  const late = withRun(
    [
      created,
      [5, { type: 'stepFinished', path: 'prepare/facts', attempt: 1, result: { state: 'timedOut', error }, durationMs: 1 }],
      [6, { type: 'runFinished', state: 'failed', outputs: {} }],
    ],
    'failed',
  );
  assert.equal((await slipway(['resume', RUN], { app: late })).code, EXIT.timedOut);
});

test('keeping a journal: what was done goes to stdout, what to mind to stderr', async () => {
  const backedUp = await slipway(['backup', '/backups/b.db']);
  assert.match(backedUp.stdout, /1 runs and 2 pieces of evidence in \/backups\/b.db, 3.0 MB/);
  assert.match(backedUp.stderr, /key of the vault \(0123456789abcdef…\) is not in it/);
  const restored = await slipway(['restore', '/backups/b.db']);
  assert.match(restored.stderr, /kept in \/repo\/\.slipway\/journal\.db\.before-x\n.*put it back/);
  assert.equal((await slipway(['journal', 'prune', '--older-than', 'soon'])).code, EXIT.usage);
  assert.equal((await slipway(['journal', 'prune'])).code, EXIT.usage);
  for (const argv of [
    ['journal', 'export'],
    ['journal', 'export', RUN, '--all'],
  ])
    assert.equal((await slipway(argv)).code, EXIT.usage, argv.join(' '));
  const refused = { importRuns: async () => ({ imported: [], same: [], refused: [{ id: RUN, why: 'went on otherwise' }] }) };
  const imported = await slipway(['journal', 'import', '/backups/x'], { app: refused });
  assert.deepEqual([imported.code, /went on otherwise/.test(imported.stdout)], [EXIT.error, true]);
});

test('an export goes to a file only when it is whole', async () => {
  const out = join(folder, 'runs.ndjson');
  const broken = {
    exportRuns: async function* () {
      yield '{}';
      throw new Error('the journal went away');
    },
  };
  assert.equal((await slipway(['journal', 'export', '--all', '--out', out], { app: broken })).code, EXIT.error);
  assert.equal(existsSync(out), false);
  const { code, stderr } = await slipway(['journal', 'export', '--all', '--out', out]);
  assert.deepEqual([code, stderr], [EXIT.ok, `2 lines written to ${out}\n`]);
  assert.equal(readFileSync(out, 'utf8'), '{"format":"x"}\n{"end":0}\n');
});

test('analysis verify ends with 1 when a verdict or the journal is not what was recorded', async () => {
  const same = { path: 'dual/@analysis', attempt: 1, ok: true, differences: [] };
  const whole = { ok: true, text: 'whole' };
  const run = (ok: boolean, journal = whole) =>
    slipway(['analysis', 'verify', RUN], {
      app: { analyses: async () => [{ ...same, ok, differences: ok ? [] : ['record.seed was 1, and is now 2'] }], verifyJournal: async () => journal },
    });
  assert.equal((await run(true)).code, EXIT.ok);
  const differs = await run(false);
  assert.equal(differs.code, EXIT.error);
  assert.match(differs.stdout, /not what was recorded\n {2}record\.seed was 1, and is now 2/);
  assert.equal((await run(true, { ok: false, text: 'broken' })).code, EXIT.error);
});

test('analysis show writes the picture only when there is a verdict to draw', async () => {
  const file = join(folder, 'verdict.svg');
  const none = await slipway(['analysis', 'show', RUN, '--svg', file], {
    app: { analyses: async () => [{ path: 'p', attempt: 1, ok: false, differences: ['lost'] }] },
  });
  assert.equal(none.code, EXIT.error);
  assert.match(none.stderr, /no verdict of this run can be drawn/);
});
