import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'slipway-pack-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const elsewhere = join(folder, 'elsewhere');
mkdirSync(elsewhere);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string; bin: { slipway: string } }; // our own file
const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), SLIPWAY_HOME: join(folder, 'state'), npm_config_update_notifier: 'false' };

const prefix = join(folder, 'prefix');

before(() => {
  // As people do: pack, then install for the user.
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  assert.ok(tarball, 'npm pack made no tarball');
  const flags = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  execFileSync('npm', ['install', '--global', '--prefix', prefix, ...flags, join(folder, tarball)], {
    cwd: elsewhere,
    env: { ...env, npm_config_cache: npmCache() },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 240_000,
  });
});

function npmCache(): string {
  return execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim();
}
const slipway = (...args: readonly string[]) => spawnSync(join(prefix, 'bin', 'slipway'), args, { cwd: elsewhere, env, encoding: 'utf8' });

test('the packed command runs outside of any checkout, from built files', () => {
  const version = slipway('--version');
  assert.equal(version.stdout, `${manifest.version}\n`, version.stderr);
  assert.equal(version.status, 0);
  const help = slipway('runs', '--help');
  assert.match(help.stdout, /^usage: slipway runs/, help.stderr);
  assert.equal(existsSync(join(prefix, 'lib/node_modules/slipway/src')), false);
});

test('the hook that it writes into a bare repository runs by itself', () => {
  const bare = join(folder, 'estate.git');
  execFileSync('git', ['init', '--quiet', '--bare', bare], { env, stdio: 'ignore' });
  const args = ['hook', 'install', bare, '--url', 'http://127.0.0.1:9/', '--secret-variable', 'HOOK_SECRET'];
  const installed = spawnSync(join(prefix, 'bin', 'slipway'), args, {
    cwd: elsewhere,
    env: { ...env, HOOK_SECRET: 'a secret of these tests' },
    encoding: 'utf8',
  });
  assert.equal(installed.status, 0, installed.stderr);
  const input = `${'0'.repeat(40)} ${'1'.repeat(40)} refs/heads/main\n`;
  const pushed = spawnSync(join(bare, 'hooks', 'post-receive'), { cwd: bare, env: { PATH: process.env['PATH'], GIT_DIR: bare }, input, encoding: 'utf8' });
  assert.equal(pushed.status, 0, 'a push is never held up');
  assert.match(pushed.stderr, /^slipway: not told yet \(connect ECONNREFUSED/);
  assert.equal(readdirSync(join(bare, 'slipway', 'spool')).length, 1);
});

test('it can do more than talk about itself: the schema and the list of runs', () => {
  const schema = slipway('schema', 'Runbook');
  assert.equal(schema.status, 0, schema.stderr);
  assert.ok('properties' in (JSON.parse(schema.stdout) as object));
  const runs = slipway('runs', '--json');
  assert.equal(runs.status, 0, runs.stderr);
  assert.deepEqual(JSON.parse(runs.stdout), []);
});

test('the package has what a run needs and nothing that is ours alone', () => {
  const top = join(prefix, 'lib/node_modules/slipway');
  for (const needed of [
    'dist/main.js',
    'policies',
    'tools/setup.mjs',
    'tools/versions.json',
    'tools/pulumi/go.sum',
    'tools/opa/go.mod',
    'README.md',
    'LICENSE',
  ]) {
    assert.ok(existsSync(join(top, needed)), `${needed} is missing`);
  }
  assert.deepEqual(
    readdirSync(top).filter((name) => ['src', 'test', 'bench', '.ci', '.slipway'].includes(name)),
    [],
  );
  // Nothing built may look for a TypeScript file beside itself: there is none.
  const left = readdirSync(join(top, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.d)\.ts$/.test(name));
  assert.deepEqual(left, []);
});

test('a Node that is too old is told apart before anything else is loaded', () => {
  const old = join(folder, 'old');
  mkdirSync(old);
  // The launcher asks process.version; a preload lets this Node claim to be an old one.
  writeFileSync(join(old, 'claim.cjs'), `Object.defineProperty(process, 'version', { value: 'v20.11.0' });`);
  const result = spawnSync(
    process.execPath,
    ['--require', join(old, 'claim.cjs'), join(prefix, 'lib/node_modules/slipway', manifest.bin.slipway), '--version'],
    { cwd: elsewhere, env, encoding: 'utf8' },
  );
  assert.equal(result.status, 2);
  assert.equal(result.stderr, 'slipway needs Node 22.18.0 or newer, and this is v20.11.0\nhint: install a newer Node: https://nodejs.org\n');
});

test('in a checkout an old Node hands over to the one npm installed, with arguments and exit code', () => {
  const checkout = join(folder, 'checkout');
  mkdirSync(join(checkout, 'src'), { recursive: true });
  mkdirSync(join(checkout, 'node_modules/node/bin'), { recursive: true });
  cpSync(join(root, 'tools'), join(checkout, 'tools'), { recursive: true });
  writeFileSync(join(checkout, 'src/main.ts'), '');
  const node = join(checkout, 'node_modules/node/bin/node');
  writeFileSync(node, '#!/bin/sh\necho "bundled: $*"\nexit 7\n');
  chmodSync(node, 0o755);
  writeFileSync(join(dirname(node), 'claim.cjs'), `Object.defineProperty(process, 'version', { value: 'v20.11.0' });`);
  const result = spawnSync(process.execPath, ['--require', join(dirname(node), 'claim.cjs'), join(checkout, 'tools/slipway.mjs'), 'plan', 'a b'], {
    env,
    encoding: 'utf8',
  });
  assert.equal(result.stdout, `bundled: ${join(checkout, 'src/main.ts')} plan a b\n`, result.stderr);
  assert.equal(result.status, 7);
  rmSync(node);
  const without = spawnSync(process.execPath, ['--require', join(dirname(node), 'claim.cjs'), join(checkout, 'tools/slipway.mjs')], { env, encoding: 'utf8' });
  assert.equal(without.status, 2);
  assert.match(without.stderr, /needs Node 24\.0\.0 or newer, and this is v20\.11\.0\nhint: run "npm run setup"/);
});
