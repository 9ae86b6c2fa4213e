import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startProxy } from '../../support/proxy.ts';
import { type Sshd, startSshd, whyNoSshd } from '../../support/sshd.ts';
import { putOnce, type Work } from './put-once.ts';

const missing = whyNoSshd();
const noSudo = existsSync('/usr/bin/sudo') ? false : 'sudo is not installed (apt-get install -y sudo)';
const PROGRAM = join(import.meta.dirname, 'put-once.ts');
const CUT_AFTER_BYTES = 250_000;

/** kill -9 of the whole engine while a file is on its way: what it left on the machine is gone once the work has been repeated. */
describe('an engine that is killed while it writes', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  let sshd: Sshd;
  let checkout: string;
  /** A script so long that it is on its way for a while. */
  const text = `#!/bin/sh\n${`# ${'.'.repeat(61)}\n`.repeat(10_000)}echo done >"$RESULT"\n`;
  before(async () => {
    sshd = await startSshd();
    checkout = await mkdtemp(join(sshd.dir, 'checkout-'));
    await writeFile(join(checkout, 'long'), text);
  });
  after(() => sshd.stop());

  const drafts = async (folder: string): Promise<string[]> => (await readdir(folder)).filter((name) => name.includes('slipway-'));
  /** Look again and again until there are so many, for two seconds. */
  const draftsOnce = async (folder: string, count: number): Promise<string[]> => {
    for (let tries = 0; ; tries++) {
      const found = await drafts(folder);
      if (found.length === count || tries === 100) return found;
      await delay(20);
    }
  };

  /** Begin in another process and kill that one in the middle; then have the machine forget its shells, as a power cut does. @returns what is left. */
  const beginAndDie = async (work: Work, folder: string): Promise<string[]> => {
    await using proxy = await startProxy(work.host.port);
    const half = Promise.withResolvers<void>();
    let sent = 0;
    proxy.onSent = (bytes) => {
      sent += bytes.length;
      if (sent < CUT_AFTER_BYTES) return;
      proxy.toServer = 'hold';
      half.resolve();
    };
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify({ ...work, host: { ...work.host, port: proxy.port } })], { stdio: 'inherit' });
    try {
      const exited = once(child, 'exit').then(() => assert.fail('it ended before it was killed'));
      await Promise.race([half.promise, exited]);
      const left = await draftsOnce(folder, 1);
      exited.catch(() => undefined);
      return left;
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  };

  const endsClean = async (name: string, more: (folder: string) => Pick<Work, 'uses' | 'with' | 'become'>, path: (folder: string) => string): Promise<void> => {
    const folder = join(sshd.dir, name);
    await mkdir(folder);
    const work: Work = { ...more(folder), host: sshd.host, checkout };
    const [left, ...others] = await beginAndDie(work, folder);
    assert.ok(left !== undefined && others.length === 0, String([left, ...others]));
    // A shell that lives on tidies up by itself; one that died with its machine could not.
    if (work.uses === 'ssh.script' || work.become) {
      assert.deepEqual(await draftsOnce(folder, 0), [], 'the shell on the machine tidies up when its input ends');
      await writeFile(join(folder, left), 'half');
    }
    assert.deepEqual(await drafts(folder), [left]);
    assert.equal((await putOnce(work, 2)).status, 'changed');
    assert.deepEqual(await drafts(folder), []);
    assert.ok(existsSync(path(folder)));
  };

  it('leaves no draft of a file that ssh.copy puts in place', async () => {
    await endsClean(
      'copy',
      (folder) => ({ uses: 'ssh.copy', with: { src: 'long', dest: join(folder, 'file') } }),
      (folder) => join(folder, 'file'),
    );
    assert.equal(await readFile(join(sshd.dir, 'copy', 'file'), 'utf8'), text);
  });

  it('leaves no draft of a copy that is kept of the old file', async () => {
    const folder = join(sshd.dir, 'kept');
    await mkdir(folder);
    await writeFile(join(folder, 'file'), text);
    await writeFile(join(checkout, 'short'), 'short');
    const work: Work = { uses: 'ssh.copy', with: { src: 'short', dest: join(folder, 'file'), backup: true }, host: sshd.host, checkout };
    assert.equal((await beginAndDie(work, folder)).length, 1);
    assert.equal((await putOnce(work, 2)).status, 'changed');
    assert.deepEqual(await drafts(folder), []);
    const names = (await readdir(folder)).toSorted();
    assert.equal(names.length, 2);
    assert.deepEqual(await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8'))), ['short', text]);
  });

  it('leaves no draft where another user writes', { skip: noSudo }, async () => {
    const become = { user: 'root', method: 'sudo' } as const;
    await endsClean(
      'become',
      (folder) => ({ uses: 'ssh.copy', with: { src: 'long', dest: join(folder, 'file') }, become }),
      (folder) => join(folder, 'file'),
    );
    assert.equal(await readFile(join(sshd.dir, 'become', 'file'), 'utf8'), text);
  });

  it('leaves no script that ssh.script sends', async () => {
    const result = join(sshd.dir, 'result');
    await endsClean(
      'script',
      (folder) => ({ uses: 'ssh.script', with: { path: 'long', env: { TMPDIR: folder, RESULT: result } } }),
      () => result,
    );
  });
});
