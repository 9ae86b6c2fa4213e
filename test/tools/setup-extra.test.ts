import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { builds, publish, RELEASE, sandbox, script, sha256, VERSION } from './sandbox.ts';

// Tools that only some tests need: they are made when somebody asks for them.

test('temporal is made only when it is asked for; its release has no folder, and "temporal --version" tells the version', async (context) => {
  const box = await sandbox(context);
  publish(box);
  const temporalAt = join(box.tools, `temporal-${VERSION.temporal}`, 'temporal');
  await box.setup().done;
  assert.equal(existsSync(temporalAt), false);
  const folder = join(box.home, 'release', 'temporal');
  mkdirSync(folder);
  script(join(folder, 'temporal'), `[ "$1" = --version ] && echo 'temporal version ${VERSION.temporal} (Server 9.1.1, UI 9.2.2)'`);
  const release = execFileSync('tar', ['-czf', '-', '-C', folder, 'temporal']);
  box.mirror.files.set(RELEASE.temporal, release).set('checksums.txt', Buffer.from(`${sha256(release)}  ${RELEASE.temporal}\n`));
  const { code, output } = await box.setup({ extra: ['temporal'] }).done;
  assert.equal(code, 0, output);
  assert.ok(existsSync(temporalAt), output);
  assert.match(output, /ready .*temporal 9\.9\.4/);
  assert.deepEqual(builds(box), []);
});

test('temporal is built with its bare version: it cannot talk to its server when there is a v before it', async (context) => {
  const box = await sandbox(context);
  box.mirror.mode = 'broken';
  const { code, output } = await box.setup({ extra: ['temporal'] }).done;
  assert.equal(code, 0, output);
  const flags = (name: string) => builds(box).find((call) => call.includes(name));
  assert.match(flags('temporal') ?? '', /temporalcli\.Version=9\.9\.4 /);
  assert.match(flags('pulumi') ?? '', /version\.Version=v9\.9\.1 /);
});

test('gitea is made only when it is asked for: with its tags, a C compiler and the folders beside it', async (context) => {
  const box = await sandbox(context);
  publish(box);
  // What Go's module cache has is read-only.
  for (const folder of ['options/locale', 'public/assets', 'templates/mail']) {
    mkdirSync(join(box.bin, 'module', folder), { recursive: true });
    writeFileSync(join(box.bin, 'module', folder, 'file'), folder, { mode: 0o444 });
  }
  assert.equal((await box.setup().done).code, 0);
  const folder = join(box.tools, `gitea-${VERSION.gitea}`);
  assert.ok(!existsSync(folder), 'the plain setup does not make it');
  const { code, output } = await box.setup({ extra: ['gitea'] }).done;
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`gitea ${VERSION.gitea}`));
  assert.match(builds(box).join(), /-tags sqlite sqlite_unlock_notify .*-X main\.Version=v9\.9\.3 -o .*code\.gitea\.io\/gitea/);
  assert.ok(box.calls().includes('cgo 1'));
  assert.equal(readFileSync(join(folder, 'templates', 'mail', 'file'), 'utf8'), 'templates/mail');
  writeFileSync(join(folder, 'templates', 'mail', 'file'), 'can be written, and so be removed');
  const before = builds(box).length;
  await box.setup({ extra: ['gitea'] }).done;
  assert.equal(builds(box).length, before, 'once');
});
