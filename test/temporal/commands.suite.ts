import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { live, until } from '../scenario/site.ts';
import { eventsIn } from '../scenario/support.ts';
import { tracesBelow } from '../scenario/traces.ts';
import { type Cases, openCases, ZONE } from './cases.ts';

/** Every command does for a run on Temporal what it does for any other. */

const CANARY = 'a-canary-that-nobody-may-see-4711';
const BOB = { actor: 'user:bob', teams: 'ops' };
const GATE = { id: 'gate', uses: 'approval', with: { approvers: ['team:ops'] } };

let cases: Cases;
before(async () => (cases = await openCases()));
after(() => cases[Symbol.asyncDispose]());

describe('runs on Temporal by the command line', { concurrency: 2 }, () => {
  test('apply, status, approve, logs, watch, runs, verify; and nobody without the settings takes it over', async () => {
    using site = cases.open((shell) => ({ steps: [GATE, shell('greet', 'echo hello from the machine', { needs: ['gate'] })] }));
    const { at } = site;
    await site.worker('--central', '--zone', ZONE);
    const run = await live(at, ['apply', 'work', '--yes']);
    await run.sees('stepWaiting', 'work/gate');
    const status = await at.run(0, ['status', run.id]);
    assert.match(status.stdout, /work waits/);
    assert.match((await at.run(3, ['approve', run.id], { actor: 'user:mallory' })).stderr, /NOT_ELIGIBLE/);
    assert.match((await at.run(2, ['resume', run.id], { env: { SLIPWAY_ENGINE: 'local' } })).stderr, /ENGINE_NEEDED/);
    assert.match((await at.run(2, ['cancel', run.id], { env: { SLIPWAY_ENGINE: '' } })).stderr, /ENGINE_NEEDED/);
    assert.match((await at.run(0, ['engine', 'status'])).stdout, /engine: temporal at 127\.0\.0\.1/);
    const watching = at.start(['watch', run.id]);
    await at.run(0, ['approve', run.id], BOB);
    await run.ends(0);
    assert.match((await watching.ended).stdout, /succeeded/);
    assert.match((await at.run(0, ['logs', run.id])).stdout, /hello from the machine/);
    assert.match((await at.run(0, ['runs'])).stdout, new RegExp(`${run.id}.*succeeded`));
    assert.match((await at.run(0, ['journal', 'verify', run.id])).stdout, /chain whole/);
    assert.match((await at.run(1, ['signal', run.id, 'go'])).stderr, /RUN_OVER/);
    assert.match((await at.run(6, ['status', 'run-20261123-0000000000'])).stderr, /RUN_NOT_FOUND/);
  });

  test('a server that does not answer is named, with what to look at, by whoever asks it and whoever works for it', async () => {
    using site = cases.open((shell) => ({ steps: [shell('greet', 'echo hello')] }), { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    const told = await site.at.run(1, ['engine', 'status']);
    assert.match(told.stdout, /drives nothing: no Temporal server answers at 127\.0\.0\.1:1\n {2}next: check TEMPORAL_ADDRESS, the TLS settings/);
    assert.match((await site.at.run(1, ['worker', '--central'])).stderr, /no Temporal server answers at 127\.0\.0\.1:1 \(ENGINE_UNREACHABLE\)/);
  });

  test('a rehearsal is played here, whoever drives runs', { timeout: 120_000 }, async () => {
    using site = cases.open((shell) => ({ steps: [shell('greet', 'echo hello')] }));
    const told = await site.at.run(1, ['engine', 'status']);
    assert.match(told.stdout, /engine: temporal at 127\.0\.0\.1.*\n {2}drives nothing: no worker takes runs from the engine\n {2}next: slipway worker\n/);
    const { stdout, stderr } = await site.at.run(0, ['rehearse', 'work']);
    assert.match(stdout + stderr, /succeeded/);
    assert.equal(await cases.machine.read(site.file('ledger')), undefined);
  });

  test('cancel stops a command on a machine; a finished run is undone by a new one', async () => {
    using site = cases.open((shell) => ({
      steps: [
        shell('mark', 'echo here > mark', { compensate: [shell('unmark', 'rm -f mark')] }),
        shell('long', 'echo begun; while true; do echo x >> beat; sleep 0.1; done', { needs: ['mark'] }),
      ],
    }));
    const { at } = site;
    await site.worker('--central', '--zone', ZONE);
    const run = await live(at, ['apply', 'work', '--yes']);
    await run.sees('hostStarted', 'work/long');
    await until('its output', async () => ((await at.run(0, ['logs', run.id])).stdout.includes('begun') ? true : undefined));
    await at.run(0, ['cancel', run.id, '--reason', 'enough']);
    await run.ends(8);
    const beats = async (): Promise<number> => (await cases.machine.read(site.file('beat')))?.length ?? 0;
    const before = await beats();
    await delay(500);
    assert.ok(before > 0 && (await beats()) === before, 'the command on the machine was stopped');
    await at.run(13, ['rollback', run.id, '--reason', 'clean up']);
    assert.ok(eventsIn(at.home).some(({ body }) => body.type === 'stepFinished' && body.path === 'work/mark/compensate/0'));
  });

  test('a zone without a worker asks for one, and the step begins by itself when it comes; a secret is in no history', { timeout: 180_000 }, async () => {
    using site = cases.open((shell) => ({
      inputs: { password: { type: 'string', secret: true } },
      steps: [shell('use', 'echo "the password is $TOKEN"', { env: { TOKEN: '${{ inputs.password }}' } })],
    }));
    const { at } = site;
    const central = await site.worker();
    const run = await live(at, ['apply', 'work', '--yes', '--secret', 'password=env:SITE_PASSWORD'], { env: { SITE_PASSWORD: CANARY } });
    const asked = await run.sees('attentionRaised');
    assert.match(String(asked['reason']), /no worker of zone "berlin-dc" takes work\/use/);
    assert.match((await at.run(0, ['status', run.id])).stdout, /slipway worker --zone berlin-dc/);
    await site.worker('--zone', ZONE);
    const [ended] = await Promise.all([run.ended, run.sees('runFinished')]);
    assert.ok(run.events().some(({ type }) => type === 'attentionCleared'));
    assert.match((await at.run(0, ['logs', run.id])).stdout, /the password is \[secret\]/);
    assert.doesNotMatch(ended.stdout + ended.stderr + central.said(), new RegExp(CANARY));
    assert.deepEqual([...tracesBelow(at.home, CANARY), ...tracesBelow(cases.serverDir, CANARY)], []);
  });

  test('a worker that is asked to go hands over, and the next one goes on', async () => {
    using site = cases.open((shell) => ({ steps: [shell('one', 'echo one'), GATE, shell('two', 'echo two', { needs: ['gate', 'one'] })] }));
    const { at } = site;
    const first = await site.worker('--central', '--zone', ZONE);
    const run = await live(at, ['apply', 'work', '--yes']);
    await run.sees('stepFinished', 'work/one');
    first.child.kill('SIGTERM');
    assert.equal((await first.ended).code, 0, first.said());
    const approving = at.start(['approve', run.id], BOB);
    await site.worker('--central', '--zone', ZONE);
    assert.equal((await approving.ended).code, 0, approving.said());
    await run.ends(0);
    assert.equal(run.events().filter(({ type, path }) => type === 'stepStarted' && path === 'work/one').length, 1);
  });
});
