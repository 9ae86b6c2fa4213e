import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Secret, systemClock } from '../../../src/core/index.ts';
import { createSsh } from '../../../src/effects/ssh/index.ts';
import type { HostContext, Ports } from '../../../src/steps/index.ts';
import { sshScript } from '../../../src/steps/ssh/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { rehearse } from '../../support/rehearsed.ts';
import { startSshd, whyNoSshd } from '../../support/sshd.ts';
import { failure } from '../../effects/ssh/with-ssh.ts';

const script = hostKind(sshScript);
const SHOW = '#!/bin/sh\nset -eu\nprintf "%s|" "$@"\nprintf "%s" "$TOKEN"\nexit 0\n';
const ARGS = ['plain', '', 'two words', "it's", '$(id)', '*', '-n', 'line\nbreak', 7, true];

describe('ssh.script', () => {
  let checkout: string;
  before(async () => {
    checkout = await mkdtemp(join(tmpdir(), 'slipway-checkout-'));
    await mkdir(join(checkout, 'files'));
    await mkdir(join(checkout, '.git'));
    await writeFile(join(checkout, '.git', 'config'), 'x');
    await writeFile(join(checkout, 'files', 'show.sh'), SHOW);
    await writeFile(join(checkout, 'files', 'fail.sh'), 'echo broken >&2\nexit 5\n');
    await writeFile(join(checkout, 'files', 'stdin.sh'), 'cat; echo end');
    await symlink('/etc/passwd', join(checkout, 'files', 'out'));
  });
  after(() => rm(checkout, { recursive: true }));

  it('runs a script of the checkout with arguments and environment', async () => {
    await using box = await rehearse({ web: {} });
    const outcome = await script.executeHost(
      { path: 'files/show.sh', args: ARGS, env: { TOKEN: new Secret('hidden-thing') } },
      box.context('web', {}, checkout),
    );
    assert.equal(outcome.outputs['stdout'], `${ARGS.join('|')}|hidden-thing`);
    assert.equal(outcome.status, 'changed');
    const error = await failure(script.executeHost({ path: 'files/fail.sh' }, box.context('web', {}, checkout)));
    assert.deepEqual([error.code, error.message], ['SSH_EXIT', 'files/fail.sh ended with exit code 5 on web: broken']);
    assert.equal((await script.executeHost({ path: 'files/fail.sh' }, box.context('web', { creates: '/etc' }, checkout))).status, 'skipped');
  });

  const missing = whyNoSshd();
  it('does the same on a real machine, hides its environment, and leaves nothing behind', { skip: missing === undefined ? false : missing }, async () => {
    await using sshd = await startSshd();
    const ssh = createSsh({ clock: systemClock });
    const ports = { clock: systemClock, ssh } as unknown as Ports; // this kind uses no other port
    const context = { ...base, ports, checkout, host: sshd.host, options: { timeoutMs: 20_000 } } as HostContext;
    const temporary = (): readonly string[] => readdirSync(tmpdir()).filter((name) => /^slipway-[A-Za-z0-9]{10}$/.test(name));
    const before_ = temporary();
    try {
      const outcome = await script.executeHost({ path: 'files/show.sh', args: ARGS, env: { TOKEN: new Secret('hidden-thing') } }, context);
      assert.equal(outcome.outputs['stdout'], `${ARGS.join('|')}|hidden-thing`);
      assert.equal((await failure(script.executeHost({ path: 'files/fail.sh' }, context))).message, 'files/fail.sh ended with exit code 5 on real: broken');
      assert.equal((await script.executeHost({ path: 'files/stdin.sh' }, context)).outputs['stdout'], 'end\n');
      await writeFile(join(checkout, 'files', 'env.sh'), 'env | grep -c "^SLIPWAY_" || true; echo "$0" | grep -c slipway-');
      assert.equal((await script.executeHost({ path: 'files/env.sh', args: ['x'] }, context)).outputs['stdout'], '0\n1\n');
      const python = '#!/usr/bin/env awk -f\nBEGIN { print "awk" }\n';
      await writeFile(join(checkout, 'files', 'awk'), python);
      assert.equal((await script.executeHost({ path: 'files/awk' }, context)).outputs['stdout'], 'awk\n');
      assert.equal((await script.executeHost({ path: 'files/show.sh', interpreter: '/bin/cat -n' }, context)).outputs['exitCode'], 0);
      assert.deepEqual(temporary(), before_);
    } finally {
      await ssh.release('run-1');
    }
  });

  it('reads nothing outside of the checkout', async () => {
    await using box = await rehearse({ web: {} });
    for (const path of ['../../etc/passwd', '/etc/passwd', 'files/out', 'files', 'files/absent.sh', '.git/config', '.']) {
      const error = await failure(script.executeHost({ path }, box.context('web', {}, checkout)));
      assert.equal(error.code, 'CHECKOUT_FILE', path);
    }
    assert.deepEqual(box.world.ledger(), []);
  });

  it('shows before a run which script would run', async () => {
    await using box = await rehearse({ web: {} });
    const preview = await script.preview({ path: 'files/show.sh', args: ['a'] }, box.preview(['web'], {}, checkout));
    assert.match(preview[0]?.detail ?? '', /^files\/show\.sh a \(sha256:[0-9a-f]{12}…\)$/);
    await failure(script.preview({ path: 'files/absent.sh' }, box.preview(['web'], {}, checkout)));
  });

  it('accepts no secret as an argument', () => {
    assert.equal(script.accepts({ path: 'x', args: [new Secret('hidden-thing')] }), false);
  });
});

const base = {
  runId: 'run-1',
  path: 'p/s',
  attempt: 1,
  idempotencyKey: 'k',
  signal: new AbortController().signal,
  rehearsal: false,
  heartbeat: () => undefined,
  log: () => undefined,
};
