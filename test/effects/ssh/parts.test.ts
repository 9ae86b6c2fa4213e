import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { commandLine } from '../../../src/effects/ssh/bootstrap.ts';
import { createCapture } from '../../../src/effects/ssh/capture.ts';
import { matchKnownHosts, parseInventoryKey } from '../../../src/effects/ssh/known-hosts.ts';
import { payloadText } from '../../../src/effects/ssh/payload.ts';
import { exportLine, shellQuote, shellWords } from '../../../src/effects/ssh/quote.ts';
import { createSlots } from '../../../src/effects/ssh/slots.ts';
import { STOP_SCRIPT } from '../../../src/effects/ssh/stop.ts';

const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((each) => !each.includes('\0') && Buffer.from(each).toString() === each);

describe('quoting', () => {
  it('makes any text one word that the shell reads back exactly', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (words) => {
        const out = execFileSync('/bin/sh', ['-c', `printf '%s\\037' ${words.map(shellQuote).join(' ')}`]);
        assert.equal(out.toString(), words.map((word) => `${word}\x1f`).join(''));
      }),
      { numRuns: 60 },
    );
  });

  it('refuses names and values that would change what the shell does', () => {
    for (const name of ['', '1A', 'A B', 'A;id', 'A=B', 'EUID', 'PPID']) assert.throws(() => exportLine(name, 'x'), { code: 'SSH_VALUE' });
    assert.throws(() => exportLine('A', 'x\0'), { code: 'SSH_VALUE' });
    for (const shell of ['sh;id', 'sh $(id)', "sh 'x'", 'sh\nid;', '']) assert.throws(() => shellWords(shell), { code: 'SSH_VALUE' });
    assert.deepEqual(shellWords(' /bin/bash  -eu '), ['/bin/bash', '-eu']);
  });

  it('puts no value into the command line, and nothing a strange login shell would choke on', () => {
    for (const become of [undefined, { user: 'root', method: 'sudo' }, { user: 'root', method: 'doas' }] as const) {
      const line = commandLine('long', become);
      assert.doesNotMatch(line, /[\n!]/);
      assert.equal((line.match(/'/g) ?? []).length, 4);
    }
  });

  const SHELLS = ['/bin/dash', '/bin/bash', '/bin/ksh', '/bin/mksh', '/bin/busybox'].filter((path) => existsSync(path));
  /** What a shell, started by a way, prints of this input. It leads a process group, as one that a server starts does. */
  const said = (way: 'short' | 'long', shell: string, input: string): string => {
    const words = way === 'long' ? ['/bin/sh', '-c', commandLine('long')] : shell.endsWith('busybox') ? [shell, 'sh'] : [shell];
    return spawnSync('setsid', ['--wait', ...words], { input, encoding: 'utf8' }).stdout;
  };

  it('runs nothing of a payload that did not arrive whole, in any shell', () => {
    const text = payloadText({ script: 'echo RAN "$A" "$#"\nif true\nthen exit 3; fi', env: { A: 'x\ny' }, hasInput: false, isLast: false });
    for (const shell of SHELLS) {
      assert.match(said('short', shell, text), /^SLIPWAY-READY (\d+) \1\nRAN x\ny 0\n$/, shell);
      for (let length = 0; length < text.length - 1; length += 23) assert.doesNotMatch(said('short', shell, text.slice(0, length)), /RAN/, shell);
    }
    assert.match(said('long', '', text), /^SLIPWAY-SHELL\nSLIPWAY-READY (\d+) \1\nRAN x\ny 0\n$/);
  });

  it('runs nothing by the short way where the shell leads no process group, and asks for the long one', () => {
    const text = payloadText({ script: 'echo RAN', env: {}, hasInput: false, isLast: false });
    const grouped = (command: string): string => execFileSync('/bin/sh', ['-c', `${command}; true`], { input: text, encoding: 'utf8' });
    assert.equal(grouped('/bin/sh'), 'SLIPWAY-AGAIN\n');
    assert.match(grouped(commandLine('long').replace(/^exec /, '')), /^SLIPWAY-SHELL\nSLIPWAY-READY (\d+) \1\nRAN\n$/);
  });

  it('has a stop script that every shell here can read', () => {
    execFileSync('/bin/sh', ['-n', '-c', STOP_SCRIPT]);
  });
});

describe('captured output', () => {
  it('is all there while it is short, and its two ends when it is long', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40_000 }), { maxLength: 12 }), fc.integer({ min: 1, max: 5_000 }), (chunks, most) => {
        const capture = createCapture(most);
        for (const chunk of chunks) capture.add(Buffer.from(chunk));
        const all = Buffer.concat(chunks);
        const kept = capture.bytes();
        assert.equal(capture.truncated, all.length > most);
        if (all.length <= most) assert.ok(kept.equals(all));
        else {
          const head = Math.ceil(most / 2);
          assert.ok(kept.equals(Buffer.concat([all.subarray(0, head), all.subarray(all.length - (most - head))])));
        }
      }),
    );
  });
});

describe('known hosts', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGoHZ4xI2bYEGrN4FNVBsYsRDQYqNRl5Hd0kW8kYV4pK';
  const found = (line: string, address = 'web1.example.com', port = 22): number => matchKnownHosts(line, address, port, 'f').length;

  it('matches names, ports and wildcards as OpenSSH does', () => {
    assert.equal(found(`web1.example.com ${key}`), 1);
    assert.equal(found(`other,WEB1.example.com ${key}`), 1);
    assert.equal(found(`*.example.com ${key}`), 1);
    assert.equal(found(`web?.example.* ${key}`), 1);
    assert.equal(found(`*.example.com,!web1.example.com ${key}`), 0);
    assert.equal(found(`web1.example.com ${key}`, 'web1.example.com', 2222), 0);
    assert.equal(found(`[web1.example.com]:2222 ${key}`, 'web1.example.com', 2222), 1);
    assert.equal(found(`web1.example.com`), 0);
    assert.equal(found(`@unknown-marker web1.example.com ${key}`), 0);
    assert.equal(found(`# web1.example.com ${key}`), 0);
    assert.equal(found(`*a*a*a*a*a*a*a*a*b ${key}`, 'a'.repeat(200)), 0);
  });

  it('knows what kind of key each line is', () => {
    const kinds = matchKnownHosts(`@cert-authority * ${key}\n@revoked * ${key}\n* ${key}`, 'x', 22, 'f').map(({ marker, source }) => `${marker} ${source}`);
    assert.deepEqual(kinds, ['authority f:1', 'revoked f:2', 'key f:3']);
    assert.equal(parseInventoryKey(key, 'x', 22)[0]?.marker, 'key');
    assert.equal(parseInventoryKey(`@cert-authority ${key}`, 'x', 22)[0]?.marker, 'authority');
    assert.equal(parseInventoryKey(`@cert-authority *.y ${key}`, 'x', 22).length, 0);
    assert.equal(parseInventoryKey(`x ${key} comment`, 'x', 22)[0]?.marker, 'key');
  });
});

describe('slots', () => {
  it('lets so many in, in order, and lets an aborted one go', async () => {
    const slots = createSlots(1);
    const { signal } = new AbortController();
    const first = await slots.take(signal);
    const stop = new AbortController();
    const second = slots.take(stop.signal);
    const third = slots.take(signal);
    stop.abort(new Error('gone'));
    await assert.rejects(second, /gone/);
    first();
    first();
    const leave = await third;
    let isIn = false;
    const fourth = slots.take(signal).then((next) => {
      isIn = true;
      return next;
    });
    await Promise.resolve();
    assert.equal(isIn, false);
    leave();
    (await fourth)();
  });
});
