import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMasker, Secret } from '../../../src/core/index.ts';
import { createHostOutput } from '../../../src/engine/local/host-output.ts';
import { createOutput } from '../../../src/engine/local/output.ts';
import { openSpillIn } from '../../../src/journal/index.ts';
import { smallDisk } from '../../support/small-disk.ts';
import { type Sshd, startSshd, whyNoSshd } from '../../support/sshd.ts';
import { failure, request, withSsh } from './with-ssh.ts';

const missing = whyNoSshd();
const MEBI = 1 << 20;

describe('OpenSSH that grants one session a connection', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  let sshd: Sshd;
  before(async () => {
    sshd = await startSshd({ config: ['MaxSessions 1'] });
  });
  after(() => sshd.stop());

  it('gets commands and files through, one after the other', async () => {
    await withSsh(async (ssh, control) => {
      const path = (n: number): string => join(sshd.dir, `file-${n}`);
      const works = Array.from({ length: 5 }, async (_, n) => {
        await ssh.write(sshd.host, { path: path(n), content: Buffer.from(`content ${n}`), mode: 0o600 }, control);
        const { stdout } = await ssh.exec(sshd.host, request('cat "$FILE"', { env: { FILE: path(n) } }), control);
        return [stdout, (await ssh.read(sshd.host, path(n), 100, control))?.content.toString()];
      });
      assert.deepEqual(
        await Promise.all(works),
        Array.from({ length: 5 }, (_, n) => [`content ${n}`, `content ${n}`]),
      );
    });
  });

  it('ends a command that takes too long over another connection', async () => {
    const mark = `79.${randomBytes(4).readUInt32BE()}`;
    await withSsh(async (ssh, control) => {
      const error = await failure(ssh.exec(sshd.host, request(`sleep ${mark}; sleep ${mark}`, { timeoutMs: 500 }), control));
      assert.equal(error.code, 'SSH_TIMEOUT');
      const rows = execFileSync('ps', ['-A', '-o', 'stat=,args=']).toString().split('\n');
      assert.deepEqual(
        rows.filter((row) => row.includes(`sleep ${mark}`) && !row.trim().startsWith('Z')),
        [],
      );
      assert.equal((await ssh.exec(sshd.host, request('echo still here'), control)).stdout, 'still here\n');
    });
  });
});

describe('OpenSSH and much output', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  let sshd: Sshd;
  let dir: string;
  before(async () => {
    sshd = await startSshd();
    dir = await mkdtemp(join(tmpdir(), 'slipway-output-'));
  });
  after(async () => {
    await sshd.stop();
    await rm(dir, { recursive: true });
  });

  it('passes 100 MB on, masked and whole in a file, in a bounded part of our memory', { timeout: 120_000 }, async () => {
    const secret = 'correct-horse-battery-staple';
    const masker = createMasker();
    masker.add(new Secret(secret));
    const spill = openSpillIn(dir);
    const logged: string[] = [];
    const budget = { used: 0 };
    const out = createHostOutput('web1', masker, {
      log: () => assert.fail('all output has a place'),
      output: ({ host, stream }) =>
        createOutput({
          log: (text) => logged.push(text),
          open: () => spill({ runId: 'run-1', path: 'p/s', attempt: 1, ...(host === undefined ? {} : { host }), stream }),
          budget,
        }),
    });
    // Lines of 64 bytes, and in each 4,096th place the secret: it comes across the borders of packets too.
    const script = `awk 'BEGIN { l = "${'.'.repeat(63)}"; for (n = 0; n < 1640000; n++) { if (n % 4096 == 7) print ENVIRON["TOKEN"]; else print l } }'`;
    let most = 0;
    let pieces = 0;
    const before_ = held();
    await withSsh(async (ssh, control) => {
      const onOutput = (stream: 'stdout' | 'stderr', text: string): void => {
        out.push(text, stream);
        if (++pieces % 256 === 0) most = Math.max(most, held() - before_);
      };
      const result = await ssh.exec(sshd.host, request(script, { env: { TOKEN: new Secret(secret) }, timeoutMs: 100_000 }), { ...control, onOutput });
      assert.deepEqual([result.exitCode, result.truncated], [0, true]);
      assert.ok(result.stdout.length <= MEBI);
    });
    out.end();
    assert.ok(pieces > 2_560 && most < 48 * MEBI, `${Math.round(most / MEBI)} MiB`);
    const [file = ''] = await readdir(join(dir, 'output', 'run-1', 'p%2fs'));
    const whole = await readFile(join(dir, 'output', 'run-1', 'p%2fs', file), 'latin1');
    assert.ok(whole.length > 100e6, String(whole.length));
    assert.equal(whole.includes(secret.slice(0, 12)), false);
    assert.equal(whole.split('\n').length - 1, 1_640_000);
    assert.ok(logged.join('').length < 100_000);
    assert.ok(
      logged.some((line) => line.includes(file)),
      'the log says where the rest is',
    );
  });

  it('takes bytes of any kind, in both streams, and loses none', async () => {
    const bytes = Buffer.from([...Array(256).keys()]);
    const seen: string[] = [];
    await withSsh(async (ssh, control) => {
      const onOutput = (stream: string, text: string): void => void seen.push(`${stream} ${text}`);
      const result = await ssh.exec(sshd.host, request('tee /dev/stderr', { stdin: bytes }), { ...control, onOutput });
      assert.deepEqual([result.stdout, result.stderr], [bytes.toString('utf8'), bytes.toString('utf8')]);
      assert.ok(result.stdout.startsWith('\0\u0001'));
      // A character in pieces, with time between them.
      const split = await ssh.exec(sshd.host, request(`printf 'a\\303'; sleep 0.2; printf '\\266\\360\\237\\230'; sleep 0.2; printf '\\200z\\303'`), {
        ...control,
        onOutput: (_, text) => void seen.push(`split ${text}`),
      });
      assert.equal(split.stdout, 'aö😀z\ufffd');
    });
    const of = (name: string): string => seen.flatMap((text) => (text.startsWith(`${name} `) ? [text.slice(name.length + 1)] : [])).join('');
    assert.deepEqual([of('stdout'), of('stderr'), of('split')], [bytes.toString('utf8'), bytes.toString('utf8'), 'aö😀z\ufffd']);
  });

  it('says that a disk is full, and leaves the old file as it was and nothing beside it', async (context) => {
    using disk = smallDisk(256 * 1024);
    if (!disk) return context.skip('nobody may mount a small disk here');
    const path = join(disk.dir, 'settings');
    await writeFile(path, 'old');
    await withSsh(async (ssh, control) => {
      const error = await failure(ssh.write(sshd.host, { path, content: Buffer.alloc(MEBI, 'x'), mode: 0o600 }, control));
      assert.deepEqual([error.code, error.message.includes(path)], ['SSH_FILE', true]);
      assert.deepEqual([await readFile(path, 'utf8'), await readdir(disk.dir)], ['old', ['settings']]);
      // Room enough for the beginning only of what a command writes: that is its own failure, and the connection goes on.
      const { exitCode, stderr } = await ssh.exec(sshd.host, request(`head -c ${MEBI} /dev/zero >more`, { cwd: disk.dir }), control);
      assert.deepEqual([exitCode, /space/i.test(stderr)], [1, true]);
      disk.grow(4 * MEBI);
      await ssh.write(sshd.host, { path, content: Buffer.alloc(MEBI, 'x'), mode: 0o600 }, control);
      assert.equal((await stat(path)).size, MEBI);
    });
  });
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void; // which the flag has put there

/** How much of our memory is in use. */
function held(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
