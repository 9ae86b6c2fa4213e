import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret, systemClock } from '../../../src/core/index.ts';
import { createSsh } from '../../../src/effects/ssh/index.ts';
import { plainText } from '../../../src/steps/ssh/expect/clean.ts';
import { sshExpect } from '../../../src/steps/ssh/index.ts';
import type { Ports } from '../../../src/steps/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { rehearse } from '../../support/rehearsed.ts';
import { startSshd, whyNoSshd } from '../../support/sshd.ts';
import { contextWith, failsWith } from '../context.ts';

const kind = hostKind(sshExpect);
const SWITCH = { terminal: ['switch> ', 'Password: ', 'switch# ', 'Building configuration...\n[OK]\nswitch# '] };
const SAVE = [
  { expect: '>\\s*$', send: 'enable' },
  { expect: '^Password:', send: new Secret('tulip-garden') },
  { expect: '#\\s*$', send: 'write memory' },
  { expect: '\\[OK\\]' },
];

describe('ssh.expect', () => {
  it('answers a console turn by turn, and keeps what it showed', async () => {
    await using box = await rehearse({ web: SWITCH });
    const context = box.context('web');
    const { outputs, status } = await kind.executeHost({ dialogue: SAVE.map((turn) => ({ ...turn, expect: turn.expect.replace('^', '') })) }, context);
    assert.equal(status, 'changed');
    assert.equal(outputs['transcript'], 'switch> enable\nPassword: \nswitch# write memory\nBuilding configuration...\n[OK]\nswitch# ');
    assert.deepEqual(context.lines.slice(0, 3), ['stdout: > enable', 'stdout: switch> enable', 'stdout: > [secret]']);
    assert.doesNotMatch(context.lines.join('\n') + JSON.stringify(box.world.ledger()), /tulip/);
  });

  it('stops at what it did not expect, with the last lines and without the secret', async () => {
    await using box = await rehearse({ web: { terminal: ['switch> ', 'Access denied for tulip-garden\nswitch> '] } });
    const dialogue = [
      { expect: '>', send: new Secret('tulip-garden') },
      { expect: '#', timeout: '300ms', send: 'reload' },
    ];
    await assert.rejects(
      kind.executeHost({ dialogue }, box.context('web')),
      failsWith(
        'SSH_EXPECT',
        /^turn 2 on web expects "#", and nothing came for 300 ms; the last lines are: switch> \[secret\]\nAccess denied for \[secret\]\nswitch>$/,
      ),
    );
    assert.deepEqual(
      box.world.ledger().map(({ type }) => type),
      ['terminal', 'typed'],
      'nothing more was typed',
    );
  });

  it('shows before a run what it would type, but no secret', async () => {
    await using box = await rehearse({ web: SWITCH });
    assert.deepEqual((await kind.preview({ dialogue: SAVE }, box.preview(['web'])))[0]?.detail?.split('\n'), [
      '>\\s*$ → enable',
      '^Password: → [secret]',
      '#\\s*$ → write memory',
      '\\[OK\\]',
    ]);
    assert.equal(kind.accepts({ dialogue: [] }), false);
    assert.equal(kind.accepts({ dialogue: [{ expect: '(' }] }), false);
    assert.equal(kind.idempotency, 'manual');
  });

  it('reads past the codes that paint and move', () => {
    assert.equal(plainText('\u001b[1;32mok\u001b[0m\r\n\u001b]0;title\u0007next\u0007\ttab\r\r\n'), 'ok\nnext\ttab\n');
  });
});

const missing = whyNoSshd();
describe('ssh.expect on a real terminal', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  it('talks to a program that reads from a terminal only, and to the login shell', async () => {
    await using sshd = await startSshd();
    const ssh = createSsh({ clock: systemClock });
    const lines: string[] = [];
    const context = { ...contextWith({ ssh } as Partial<Ports>, { log: (line) => void lines.push(line) }), host: sshd.host, options: { timeoutMs: 20_000 } };
    try {
      const command = 'test -t 0 || exit 9; stty -echo; printf "Password: "; read -r p; stty echo; printf "\\nyou said %s\\n" "$p"; exit 3';
      const asked = { command, end: 'exit', okExitCodes: [3], dialogue: [{ expect: 'Password: $', send: new Secret('tulip-garden') }, { expect: 'you said' }] };
      const first = await kind.executeHost(asked, context);
      assert.deepEqual(first.outputs, { transcript: 'Password: \nyou said [secret]\n', exitCode: 3 });
      await assert.rejects(kind.executeHost({ ...asked, okExitCodes: [0] }, context), failsWith('SSH_EXIT', /exit code 3/));
      await assert.rejects(
        kind.executeHost({ command: 'echo bye', dialogue: [{ expect: 'never' }] }, context),
        failsWith('SSH_EXPECT', /the terminal ended; the last lines are: bye/),
      );
      const shell = await kind.executeHost({ dialogue: [{ expect: '[#$] $', send: 'echo $((6 * 7)) $COLUMNS' }, { expect: '\\n42' }] }, context);
      assert.match(sshExpect.outputs.parse(shell.outputs).transcript, /\n42/);
      assert.ok(lines.includes('> [secret]') && !lines.join('\n').includes('tulip'));
      const broken = kind.executeHost({ command: 'sleep 60', dialogue: [{ expect: 'never' }] }, context);
      setTimeout(() => void sshd.dropConnections(), 300);
      await assert.rejects(broken, failsWith('SSH_LOST'));
    } finally {
      await ssh.release(context.runId);
    }
  });
});
