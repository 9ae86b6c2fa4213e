import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SlipwayError, type Problem } from '../../src/core/index.ts';
import { loadPolicies } from '../../src/policy/index.ts';
import { folder, load, OPA, policiesOf, SHIPPED, verdict } from './support.ts';

const DENY = 'package slipway.a\n\ndeny contains "no" if input.bad\n';

/** An opa that writes down what it is asked and asks the real one. */
async function spyOpa(context: TestContext): Promise<{ readonly path: string; readonly calls: () => Promise<readonly string[]> }> {
  const dir = await folder(context);
  const [path, log] = [join(dir, 'opa'), join(dir, 'log')];
  await writeFile(path, `#!/bin/sh\nprintf '%s\\n' "$1" >>'${log}'\nexec '${OPA}' "$@"\n`);
  await chmod(path, 0o755);
  return { path, calls: async () => (await readFile(log, 'utf8')).trim().split('\n') };
}

async function refusalOf(context: TestContext, files: { readonly [name: string]: string }): Promise<SlipwayError & { readonly problems: readonly Problem[] }> {
  const dir = await policiesOf(context, files);
  const error: unknown = await load(context, dir).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof SlipwayError && 'problems' in error, String(error));
  return error as SlipwayError & { readonly problems: readonly Problem[] }; // asserted above
}

describe('loading policies', () => {
  it('compiles the shipped ones', async (context) => {
    const set = await load(context, SHIPPED);
    assert.match(set.digest, /^sha256:[0-9a-f]{64}$/);
    assert.ok(set.packages.includes('slipway.approval') && set.packages.includes('slipway.zones'), set.packages.join());
    assert.ok(!set.packages.includes('slipway.plan'), 'words without rules are not asked');
  });

  it('compiles once for the same sources, and anew when they change', async (context) => {
    const [opa, cacheDir] = [await spyOpa(context), await folder(context)];
    const dir = await policiesOf(context, { 'a.rego': DENY });
    const first = await load(context, dir, { opaPath: opa.path, cacheDir });
    const second = await load(context, dir, { opaPath: opa.path, cacheDir });
    assert.equal((await opa.calls()).filter((call) => call === 'build').length, 1);
    assert.equal(second.digest, first.digest);
    assert.equal((await verdict(second, { bad: true })).decision, 'deny');
    await writeFile(join(dir, 'a.rego'), DENY.replace('input.bad', 'input.worse'));
    const third = await load(context, dir, { opaPath: opa.path, cacheDir });
    assert.equal((await opa.calls()).filter((call) => call === 'build').length, 2);
    assert.notEqual(third.digest, first.digest);
    assert.equal((await verdict(third, { bad: true })).decision, 'allow');
  });

  for (const [what, damage] of Object.entries({
    'a bundle that was cut off': async (entry: string) => writeFile(join(entry, 'bundle.tar.gz'), 'short'),
    'a bundle that is gone': async (entry: string) => rm(join(entry, 'bundle.tar.gz')),
    'words of another form': async (entry: string) => writeFile(join(entry, 'stored.json'), '{"packages":[{"name":"slipway.a"}],"bundle":"x"}'),
    'an empty file': async (entry: string) => writeFile(join(entry, 'stored.json'), ''),
  })) {
    it(`compiles anew when the cache holds ${what}`, async (context) => {
      const [opa, cacheDir] = [await spyOpa(context), await folder(context)];
      const dir = await policiesOf(context, { 'a.rego': DENY });
      await load(context, dir, { opaPath: opa.path, cacheDir });
      const [entry = ''] = await readdir(cacheDir);
      await damage(join(cacheDir, entry));
      const again = await load(context, dir, { opaPath: opa.path, cacheDir });
      assert.equal((await verdict(again, { bad: true })).decision, 'deny');
      assert.equal((await verdict(again, {})).decision, 'allow');
      assert.equal((await opa.calls()).filter((call) => call === 'build').length, 2);
      assert.deepEqual(await readdir(cacheDir), [entry], 'no drafts are left');
    });
  }

  it('lets many load at once', async (context) => {
    const cacheDir = await folder(context);
    const dir = await policiesOf(context, { 'a.rego': DENY });
    const sets = await Promise.all([1, 2, 3].map(() => load(context, dir, { cacheDir })));
    for (const set of sets) assert.equal((await verdict(set, { bad: true })).decision, 'deny');
    assert.equal((await readdir(cacheDir)).length, 1);
  });

  it('says what to do when there is no opa', async (context) => {
    await assert.rejects(load(context, SHIPPED, { opaPath: '/nowhere/opa' }), (error) => {
      assert.ok(error instanceof SlipwayError);
      assert.deepEqual([error.code, error.message, error.hint], ['OPA_MISSING', 'there is no opa at /nowhere/opa', 'run "slipway doctor"']);
      return true;
    });
  });

  it('says so when opa ends badly', async (context) => {
    const dir = await folder(context);
    await writeFile(join(dir, 'opa'), '#!/bin/sh\nkill -9 $$\n');
    await chmod(join(dir, 'opa'), 0o755);
    await assert.rejects(load(context, SHIPPED, { opaPath: join(dir, 'opa') }), { code: 'OPA_FAILED' });
  });

  it('stops when it is told to', async (context) => {
    const cacheDir = await folder(context);
    await assert.rejects(loadPolicies({ dir: SHIPPED, opaPath: OPA, cacheDir, signal: AbortSignal.abort() }), { code: 'OPA_FAILED' });
    assert.deepEqual(await readdir(cacheDir), []);
  });

  it('tells every mistake at once, where it is and what to do', async (context) => {
    const { code, message, hint, exitCode, problems } = await refusalOf(context, {
      'clock.rego': 'package slipway.a\n\ndeny contains "late" if time.now_ns() > 5\n',
      'sub/net.rego': 'package slipway.b\n\ndeny contains "down" if {\n\tx := http.send({"url": "http://x"})\n\tx.status == 500\n}\n',
      'own.rego': 'package slipway.c\n\ndeny contains "x" if is_bad(input)\n',
    });
    assert.deepEqual([code, exitCode], ['POLICY_INVALID', 2]);
    assert.deepEqual(problems.map((problem) => `${problem.file}:${problem.line}:${problem.column} ${problem.code} ${problem.message}`).sort(), [
      'policies/clock.rego:3:25 POLICY_UNKNOWN_BUILTIN undefined function time.now_ns',
      'policies/own.rego:3:22 POLICY_UNKNOWN_BUILTIN undefined function is_bad',
      'policies/sub/net.rego:4:7 POLICY_UNKNOWN_BUILTIN undefined function http.send',
    ]);
    assert.match(message, /^3 mistakes in the policies; policies\//);
    assert.ok(hint !== undefined && problems.every((problem) => problem.hint !== undefined));
  });

  it('leaves nothing in the cache of what is wrong', async (context) => {
    const cacheDir = await folder(context);
    await assert.rejects(load(context, await policiesOf(context, { 'a.rego': 'package a\n\ndeny {' }), { cacheDir }), { code: 'POLICY_INVALID' });
    assert.deepEqual(await readdir(cacheDir), []);
  });

  it('takes data of folders as opa test does', async (context) => {
    const dir = await policiesOf(context, {
      'team/data.yaml': 'limit: 3\n',
      'team/a.rego': 'package slipway.a\n\ndeny contains "too many" if input.n > data.team.limit\n',
      'team/notes.yaml': 'not: policy data\n',
    });
    const set = await load(context, dir);
    assert.equal((await verdict(set, { n: 4 })).decision, 'deny');
    assert.equal((await verdict(set, { n: 3 })).decision, 'allow');
  });

  it('leaves tests and hidden folders out, follows links inside, refuses links outside', async (context) => {
    const dir = await policiesOf(context, { 'real/a.txt': DENY, 'a_test.rego': 'package x\n\nbroken {', '.git/b.rego': 'nonsense' });
    await rename(join(dir, 'real', 'a.txt'), join(dir, 'real', 'kept'));
    await symlink('real/kept', join(dir, 'a.rego'));
    assert.deepEqual((await load(context, dir)).packages, ['slipway.a']);
    const outside = await folder(context);
    await writeFile(join(outside, 'b.rego'), DENY);
    await symlink(join(outside, 'b.rego'), join(dir, 'b.rego'));
    await assert.rejects(load(context, dir), { code: 'POLICY_INVALID', message: /b\.rego is a link that leads out/ });
    await rm(join(dir, 'b.rego'));
    await symlink('nowhere', join(dir, 'c.rego'));
    await assert.rejects(load(context, dir), { code: 'POLICY_INVALID' });
    await rm(join(dir, 'c.rego'));
    await mkdir(join(dir, 'd.rego'));
    assert.deepEqual((await load(context, dir)).packages, ['slipway.a']);
  });
});
