import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { builds, flag, program, publish, RELEASE, type Sandbox, sandbox, script, VERSION, writeManifest } from './sandbox.ts';

const opaAt = (box: Sandbox) => join(box.tools, `opa-${VERSION.opa}`, 'opa');
const pulumiAt = (box: Sandbox) => join(box.tools, `pulumi-${VERSION.pulumi}`, 'pulumi');

test('an empty machine: packages are installed, both tools are downloaded and checked', async (context) => {
  const box = await sandbox(context);
  publish(box);
  const { code, output } = await box.setup().done;
  assert.equal(code, 0, output);
  assert.match(output, /downloaded if the official sites answer within 10 s/);
  assert.match(output, /2 to 12 minutes/);
  assert.match(execFileSync(opaAt(box), { encoding: 'utf8' }), new RegExp(VERSION.opa));
  assert.match(execFileSync(pulumiAt(box), { encoding: 'utf8' }), new RegExp(VERSION.pulumi));
  assert.ok(existsSync(join(box.tools, `pulumi-${VERSION.pulumi}`, 'pulumi-language-nodejs')), 'the language hosts of the release are kept');
  assert.deepEqual(builds(box), []);
  assert.deepEqual(
    readdirSync(box.tools).filter((name) => name.startsWith('.') || name.endsWith('.lock')),
    [],
  );
});

test('a second setup does nothing: no npm, no download, no build, in less than a second', async (context) => {
  const box = await sandbox(context);
  publish(box);
  await box.setup().done;
  const before = { calls: box.calls(), requests: box.mirror.requests.length };
  const since = performance.now();
  const { code, output } = await box.setup().done;
  assert.equal(code, 0, output);
  assert.ok(performance.now() - since < 1_000, `it took ${performance.now() - since} ms`);
  assert.deepEqual({ calls: box.calls(), requests: box.mirror.requests.length }, before);
  assert.match(output, /^setup: ready/);
});

test('a checksum that does not match is an error: nothing is installed and nothing is built instead', async (context) => {
  const box = await sandbox(context);
  publish(box);
  box.mirror.files.set(RELEASE.opa, Buffer.concat([program(VERSION.opa), Buffer.from('# evil')]));
  const { code, output } = await box.setup().done;
  assert.equal(code, 1);
  assert.match(output, /ERROR opa: .* has the checksum [0-9a-f]{64}, but [0-9a-f]{64} is published/);
  assert.match(output, /HINT .*do not use it/);
  assert.equal(existsSync(opaAt(box)), false);
  assert.deepEqual(builds(box), []);
  assert.ok(existsSync(pulumiAt(box)), 'the other tool was not held up');
});

test('a release that says another version is an error', async (context) => {
  const box = await sandbox(context);
  publish(box, { ...VERSION, opa: '0.0.7' } as unknown as typeof VERSION);
  const { code, output } = await box.setup().done;
  assert.equal(code, 1);
  assert.match(output, /opa: got 0\.0\.7, but 9\.9\.2 is needed/);
  assert.equal(existsSync(opaAt(box)), false);
});

for (const [mode, words] of [
  ['broken', /the server answered 404/],
  ['silent', /no answer within 0\.3 s/],
] as const) {
  test(`a ${mode} server: says so and builds from the pinned Go modules`, async (context) => {
    const box = await sandbox(context);
    box.mirror.mode = mode;
    const { code, output } = await box.setup({ answerMs: 300 }).done;
    assert.equal(code, 0, output);
    assert.match(output, words);
    assert.match(output, /opa: cannot be downloaded .* building 9\.9\.2 from source instead/);
    const [opa, pulumi] = builds(box).toSorted((a, b) => a.length - b.length);
    assert.match(opa ?? '', /^go build -v -trimpath -ldflags -s -w -o .* github\.com\/open-policy-agent\/opa$/);
    assert.match(
      pulumi ?? '',
      /-X github\.com\/pulumi\/pulumi\/sdk\/v3\/go\/common\/version\.Version=v9\.9\.1 -o .* github\.com\/pulumi\/pulumi\/pkg\/v3\/cmd\/pulumi$/,
    );
    assert.ok(existsSync(opaAt(box)) && existsSync(pulumiAt(box)));
  });
}

test('a build that fails shows the end of its output and where the rest is', async (context) => {
  const box = await sandbox(context);
  box.mirror.mode = 'broken';
  writeFileSync(flag(box, 'fail'), '');
  const { code, output } = await box.setup().done;
  assert.equal(code, 1);
  assert.match(output, /ERROR pulumi: "go build" failed with exit code 2/);
  assert.match(output, /\| x\.go:1: it does not compile/);
  const log = /the whole output is in (\S+build-opa\.log)/.exec(output)?.[1];
  assert.match(readFileSync(log ?? '', 'utf8'), /it does not compile/);
});

test('a build of the wrong version is not put into the cache', async (context) => {
  const box = await sandbox(context);
  box.mirror.mode = 'broken';
  writeFileSync(flag(box, 'wrong'), '');
  const { code, output } = await box.setup().done;
  assert.equal(code, 1);
  assert.match(output, /pulumi: got 0\.0\.1, but 9\.9\.1 is needed/);
  assert.deepEqual(readdirSync(box.tools), []);
});

test('killed in the middle of a build: the next setup takes over the lock, clears what was left, and ends well', async (context) => {
  const box = await sandbox(context);
  box.mirror.mode = 'broken';
  writeFileSync(flag(box, 'slow'), '');
  const first = box.setup();
  while (builds(box).length < 2) await delay(20);
  process.kill(-first.pid, 'SIGKILL');
  await first.done;
  const left = readdirSync(box.tools);
  assert.equal(left.filter((name) => name.endsWith('.lock')).length, 2, left.join());
  assert.equal(left.filter((name) => name.startsWith('.new-')).length, 2, left.join());
  rmSync(flag(box, 'slow'));
  const { code, output } = await box.setup().done;
  assert.equal(code, 0, output);
  assert.deepEqual(readdirSync(box.tools).toSorted(), [`opa-${VERSION.opa}`, `pulumi-${VERSION.pulumi}`]);
});

test('two setups at once build everything once', async (context) => {
  const box = await sandbox(context);
  box.mirror.mode = 'broken';
  writeFileSync(flag(box, 'slow'), '');
  const results = await Promise.all([box.setup().done, box.setup().done]);
  for (const { code, output } of results) assert.equal(code, 0, output);
  assert.equal(builds(box).length, 2);
  assert.equal(box.calls().filter((call) => call === 'npm ci').length, 1);
});

test('a tool in the cache that no longer runs is made again', async (context) => {
  const box = await sandbox(context);
  publish(box);
  await box.setup().done;
  writeFileSync(opaAt(box), 'cut off');
  const { code, output } = await box.setup().done;
  assert.equal(code, 0, output);
  assert.match(execFileSync(opaAt(box), { encoding: 'utf8' }), new RegExp(VERSION.opa));
});

test('a tool on PATH of the right version is used, another version is not', async (context) => {
  const box = await sandbox(context);
  publish(box);
  script(join(box.bin, 'pulumi'), `echo v${VERSION.pulumi}`);
  script(join(box.bin, 'opa'), 'echo Version: 1.0.0');
  const { code, output } = await box.setup().done;
  assert.equal(code, 0, output);
  assert.equal(existsSync(pulumiAt(box)), false);
  assert.ok(existsSync(opaAt(box)));
});

test('no network and no Go: says what would help', async (context) => {
  const box = await sandbox(context);
  box.mirror.mode = 'broken';
  rmSync(join(box.bin, 'go'));
  const { code, output } = await box.setup().done;
  assert.equal(code, 1);
  assert.match(output, /setup: go is not on PATH/);
  assert.match(output, /neither a download nor Go to build it/);
  assert.match(output, /HINT install Go/);
});

test('git and npm are needed, and both are named at once', async (context) => {
  const box = await sandbox(context);
  rmSync(join(box.bin, 'npm'));
  rmSync(join(box.bin, 'git'));
  const { code, output } = await box.setup().done;
  assert.equal(code, 1);
  assert.match(output, /ERROR npm is not on PATH; git is not on PATH/);
});

test('packages: a changed lock installs again, a torn install installs again, one made by hand is taken as it is', async (context) => {
  const box = await sandbox(context);
  publish(box);
  const installs = () => box.calls().filter((call) => call === 'npm ci').length;
  await box.setup().done;
  assert.equal(installs(), 1);
  writeManifest(box.root, '2.0.0');
  await box.setup().done;
  assert.equal(installs(), 2);
  rmSync(join(box.root, 'node_modules/.slipway-stamp'));
  await box.setup().done;
  assert.equal(installs(), 2, 'what is there is what the lock says');
  rmSync(join(box.root, 'node_modules/.slipway-stamp'));
  rmSync(join(box.root, 'node_modules/left-pad'), { recursive: true });
  await box.setup().done;
  assert.equal(installs(), 3, 'a package was gone');
});

test('npm that was told not to run install scripts leaves no Node; its own installer is run', async (context) => {
  const box = await sandbox(context);
  publish(box);
  const npm = readFileSync(join(box.bin, 'npm'), 'utf8');
  const installer = `require("fs").writeFileSync("bin/node", "#!/bin/sh\\necho v24.1.0\\n", { mode: 0o755 })`;
  script(join(box.bin, 'npm'), `${npm.replaceAll(/^.*bin\/node$/gm, '')}\ncat > node_modules/node/installArchSpecificPackage.js <<'END'\n${installer}\nEND`);
  const { code, output } = await box.setup().done;
  assert.equal(code, 0, output);
  assert.match(output, /the package "node" has no working program yet/);
  assert.match(output, /ready .*: node 24\.1\.0/);
});
