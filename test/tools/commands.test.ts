import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Sandbox, sandbox, script, VERSION } from './sandbox.ts';

/** A checkout where setup finds everything, with fake checkers and a real Node to run the tests with. */
async function checkout(context: TestContext): Promise<Sandbox> {
  const box = await sandbox(context);
  const modules = join(box.root, 'node_modules');
  mkdirSync(join(modules, 'left-pad'), { recursive: true });
  mkdirSync(join(modules, 'node/bin'), { recursive: true });
  mkdirSync(join(modules, '.bin'));
  writeFileSync(join(modules, 'left-pad/package.json'), '{}');
  cpSync(join(box.root, 'package-lock.json'), join(modules, '.package-lock.json'));
  symlinkSync(process.execPath, join(modules, 'node/bin/node'));
  for (const name of ['oxlint', 'prettier', 'tsc']) script(join(modules, '.bin', name), 'exit 0');
  script(join(box.bin, 'opa'), `echo Version: ${VERSION.opa}`);
  script(join(box.bin, 'pulumi'), `echo v${VERSION.pulumi}`);
  mkdirSync(join(box.root, 'test/deep'), { recursive: true });
  writeFileSync(join(box.root, 'test/deep/one.test.ts'), `import { test } from 'node:test';\ntest('one', () => {});\n`);
  return box;
}
// NODE_TEST_CONTEXT tells a runner that it is a child of ours; the one under test is not.
const run = (box: Sandbox, ...args: readonly string[]) =>
  spawnSync(process.execPath, [join(box.root, 'tools/test.mjs'), ...args], { cwd: box.home, env: { PATH: box.bin, HOME: box.home }, encoding: 'utf8' });

test('npm test: checks first, the summary of the tests last, exit 0', async (context) => {
  const box = await checkout(context);
  const { status, stdout, stderr } = run(box);
  assert.equal(status, 0, stdout + stderr);
  for (const name of ['lint', 'format', 'types', 'policies']) assert.match(stderr, new RegExp(`^check: ${name} ok`, 'm'));
  assert.match(stdout, /✔ one/);
  assert.match(stdout, /ℹ tests 1\n(?:ℹ .*\n)+$/);
});

test('npm test: a failing check is shown, the tests run all the same, and the exit code tells', async (context) => {
  const box = await checkout(context);
  script(join(box.root, 'node_modules/.bin/tsc'), 'echo "a.ts(1,1): error TS1"; exit 2');
  const { status, stdout, stderr } = run(box);
  assert.equal(status, 1);
  assert.match(stderr, /check: types FAILED .*\n {2}\| a\.ts\(1,1\): error TS1/);
  assert.match(stdout, /ℹ pass 1\n/);
});

test('npm test: a failing test fails it, and files can be chosen', async (context) => {
  const box = await checkout(context);
  writeFileSync(join(box.root, 'test/bad.test.ts'), `import { test } from 'node:test';\ntest('bad', () => { throw new Error('no'); });\n`);
  assert.equal(run(box).status, 1);
  const chosen = run(box, 'test/deep/one.test.ts');
  assert.equal(chosen.status, 0, chosen.stdout);
  assert.match(chosen.stdout, /ℹ tests 1\n/);
});

test('npm start sets up, then rehearses the example with the words it was given', async (context) => {
  const box = await checkout(context);
  mkdirSync(join(box.root, 'src'));
  writeFileSync(join(box.root, 'src/main.ts'), 'console.log(process.argv.slice(2).join(" ")); process.exitCode = 13;\n');
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(box.root, 'tools/start.mjs'), '--fail', 'cutover/weight-50'], {
    env: { PATH: box.bin, HOME: box.home },
    encoding: 'utf8',
  });
  assert.equal(status, 13, stderr);
  assert.match(stderr, /^setup: ready/m);
  assert.equal(stdout, 'rehearse erp-to-cloud --and-back --fail cutover/weight-50\n');
});

test('.ci/run: tells what it cannot install, runs npm test without a stdin, and exits as the tests do', async (context) => {
  const box = await checkout(context);
  const ci = join(box.root, '.ci');
  mkdirSync(ci);
  cpSync(join(import.meta.dirname, '../../.ci/run'), join(ci, 'run'));
  for (const name of ['bash', 'dirname', 'tail', 'mktemp', 'rm', 'timeout']) {
    const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(found, join(box.bin, name));
  }
  script(join(box.bin, 'id'), 'echo 0');
  script(join(box.bin, 'apt-get'), 'echo "E: cannot reach the archive"; exit 100');
  script(join(box.bin, 'npm'), 'read -r line && echo "there was a stdin"; echo "npm $*"; echo "ℹ pass 0"; exit 3');
  const result = spawnSync(join(box.bin, 'bash'), [join(ci, 'run')], { env: { PATH: box.bin, HOME: box.home }, encoding: 'utf8', input: 'typed\n' });
  assert.equal(result.status, 3, result.stderr);
  assert.equal(result.stdout, 'npm test --silent\nℹ pass 0\n');
  // `socat` is not linked into the sandbox, and nothing else on its PATH brings it.
  assert.match(result.stderr, /ci: cannot install .*socat.*; tests that need it say so[^]*E: cannot reach the archive/);
});
