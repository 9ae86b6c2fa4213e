import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const SETUP = join(import.meta.dirname, '../../tools/setup');
const folder = mkdtempSync(join(tmpdir(), 'slipway-lock-'));
after(() => rmSync(folder, { recursive: true }));

function run(code: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

test('a long job says how far it is again and again', () => {
  const output = run(`import { ticker } from ${JSON.stringify(join(SETUP, 'say.mjs'))};
    process.stderr.write = (text) => process.stdout.write(text);
    const progress = ticker('pulumi', () => 'Go is compiling x, package 3 of at most 9', 20);
    setTimeout(() => progress.stop(), 150);`);
  assert.ok(output.split('\n').length >= 3, output);
  assert.match(output, /^pulumi: Go is compiling x, package 3 of at most 9 \(0 s\)$/m);
});

test('the time between two lines is less than ten seconds', () => {
  const everyMs = /everyMs = (\d+)_?(\d*)/.exec(readFileSync(join(SETUP, 'say.mjs'), 'utf8'));
  assert.ok(Number(`${everyMs?.[1]}${everyMs?.[2]}`) < 10_000);
});

const takeLock = (file: string) => `import { withLock } from ${JSON.stringify(join(SETUP, 'lock.mjs'))};
  await withLock(${JSON.stringify(file)}, 'opa', async () => console.log('mine'));`;

test('a lock that nobody touched for half a minute is taken over, whatever machine it came from', () => {
  const file = join(folder, 'old.lock');
  writeFileSync(file, JSON.stringify({ pid: 1, host: 'another-machine', id: 'x' }));
  const past = new Date(Date.now() - 31_000);
  utimesSync(file, past, past);
  assert.equal(run(takeLock(file)), 'mine\n');
  assert.throws(() => statSync(file), /ENOENT/);
});

test('a lock whose process is gone is taken over at once, a torn one too once it is old', () => {
  const file = join(folder, 'dead.lock');
  const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
  writeFileSync(file, JSON.stringify({ pid: dead, host: hostname(), id: 'x' }));
  assert.equal(run(takeLock(file)), 'mine\n');
  writeFileSync(file, '');
  utimesSync(file, new Date(0), new Date(0));
  assert.equal(run(takeLock(file)), 'mine\n');
});

test('a lock that is alive is waited for', () => {
  const file = join(folder, 'alive.lock');
  writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname(), id: 'x' }));
  const output = run(`${takeLock(file).replace('await withLock', 'const held = withLock')}
    import { rmSync } from 'node:fs';
    setTimeout(() => { console.log('released'); rmSync(${JSON.stringify(file)}); }, 300);
    await held;`);
  assert.equal(output, 'released\nmine\n');
});
