import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import { kindOf } from '../../../src/steps/index.ts';
import { sshRun } from '../../../src/steps/ssh/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { rehearse } from '../../support/rehearsed.ts';
import { failure } from '../../effects/ssh/with-ssh.ts';

const run = hostKind(sshRun);

describe('ssh.run', () => {
  it('is registered, and its example is good', () => {
    assert.equal(kindOf('ssh.run'), sshRun);
    assert.equal(run.idempotency, 'manual');
    assert.ok(run.accepts(sshRun.example));
  });

  it('hands on what the command said, and logs it line by line', async () => {
    await using box = await rehearse({ web: {} });
    const context = box.context('web');
    const outcome = await run.executeHost(
      { cmd: 'echo "$A $B $C"; cat; echo oops >&2', env: { A: 'x', B: 7, C: new Secret('hidden-thing') }, stdin: 'typed' },
      context,
    );
    assert.deepEqual(outcome, { status: 'changed', outputs: { exitCode: 0, stdout: 'x 7 hidden-thing\ntyped', stderr: 'oops\n' } });
    assert.deepEqual(context.lines.sort(), ['stderr: oops', 'stdout: typed', 'stdout: x 7 hidden-thing']);
  });

  it('fails with the end of stderr, and accepts the exit codes it is told to', async () => {
    await using box = await rehearse({ web: {} });
    const cmd = 'echo one >&2; echo two >&2; exit 7';
    const error = await failure(run.executeHost({ cmd }, box.context('web')));
    assert.deepEqual([error.code, error.retry], ['SSH_EXIT', 'never']);
    assert.match(error.message, /ended with exit code 7 on web: one\ntwo$/);
    const outcome = await run.executeHost({ cmd, okExitCodes: [0, 7] }, box.context('web'));
    assert.equal(outcome.outputs['exitCode'], 7);
    const killed = await failure(run.executeHost({ cmd: 'kill -9 $$' }, box.context('web')));
    assert.match(killed.message, /was ended by SIGKILL/);
  });

  it('does nothing where creates exists or unless succeeds', async () => {
    await using box = await rehearse({ web: { files: { '/etc/done': 'x' } } });
    const cmd = 'echo RAN >/etc/ran';
    for (const options of [{ creates: '/etc/done' }, { unless: 'test -e /etc/done' }, { creates: '/etc/absent', unless: 'true' }]) {
      const outcome = await run.executeHost({ cmd }, box.context('web', options));
      assert.equal(outcome.status, 'skipped');
    }
    assert.equal((await box.exec('web', 'test -e /etc/ran')).exitCode, 1);
    assert.equal((await run.executeHost({ cmd }, box.context('web', { creates: '/etc/absent', unless: 'false' }))).status, 'changed');
    assert.equal((await box.exec('web', 'cat /etc/ran')).stdout, 'RAN\n');
  });

  it('tells by its guards whether a lost attempt took effect', async () => {
    await using box = await rehearse({ web: { files: { '/etc/done': 'x' } } });
    const probe = (options: object) => run.probeHost({ cmd: 'true' }, box.context('web', options));
    assert.equal((await probe({ creates: '/etc/done' })).verdict, 'done');
    assert.equal((await probe({ unless: 'false' })).verdict, 'notDone');
    assert.equal((await probe({})).verdict, 'unknown');
  });

  it('looks ahead without running: would run, has run, cannot be reached', async () => {
    await using box = await rehearse({ web: { files: { '/etc/done': 'x' } }, db: {} });
    const cmd = 'touch /etc/ran';
    const plain = await run.preview({ cmd }, box.preview(['web', 'db']));
    assert.deepEqual(
      plain,
      ['web', 'db'].map((host) => ({ host, verdict: 'wouldRun', detail: cmd })),
    );
    const context = box.preview(['web', 'db'], { creates: '/etc/done' });
    const gone = { ...box.host('db'), name: 'gone', port: 1 };
    const guarded = await run.preview(
      { cmd },
      {
        ...context,
        hosts: [...context.hosts, gone, { ...gone, name: 'stranger', port: box.host('db').port, hostKeys: box.host('web').hostKeys }],
      },
    );
    assert.deepEqual(
      guarded.map(({ host, verdict }) => `${host} ${verdict}`),
      ['web ok', 'db wouldRun', 'gone unreachable', 'stranger unknown'],
    );
    assert.equal((await box.exec('db', 'test -e /etc/ran')).exitCode, 1);
  });

  it('refuses shapes that cannot be run', () => {
    for (const raw of [
      {},
      { cmd: '' },
      { cmd: 'x', shell: 'sh; id' },
      { cmd: 'x', env: { 'A-B': 'x' } },
      { cmd: 'x', okExitCodes: [] },
      { cmd: 'x', typo: 1 },
    ]) {
      assert.equal(run.accepts(raw), false, JSON.stringify(raw));
    }
  });
});
