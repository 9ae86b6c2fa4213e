import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { capabilities } from '../../src/policy/capabilities.ts';
import { testPolicies } from '../../src/policy/index.ts';
import { folder, judgedBy, OPA, policiesOf, SHIPPED } from './support.ts';

const BuiltinList = z.looseObject({ builtins: z.array(z.looseObject({ name: z.string() })) });
const run = promisify(execFile);
const test = (dir: string) => testPolicies({ dir, opaPath: OPA, signal: AbortSignal.timeout(120_000) });
const DENY = 'package slipway.a\n\ndeny contains "no" if input.bad\n';
const suite = (input: string) => `package slipway.a_test\n\nimport data.slipway.a\n\ntest_bad if count(a.deny) == 1 with input as ${input}\n`;

describe('testing policies', () => {
  it('passes for the shipped ones', async () => {
    const { ok, text } = await test(SHIPPED);
    assert.ok(ok, text);
    assert.ok(Number(/PASS: (\d+)\//.exec(text)?.[1]) > 100, text.slice(-200));
  });

  it('says which test passes and which fails', async (context) => {
    assert.equal((await test(await policiesOf(context, { 'a.rego': DENY, 'a_test.rego': suite('{"bad": true}') }))).ok, true);
    const { ok, text } = await test(await policiesOf(context, { 'a.rego': DENY, 'a_test.rego': suite('{}') }));
    assert.equal(ok, false);
    assert.match(text, /test_bad: FAIL/);
  });

  it('is no pass without a test, without a folder, or with a mistake', async (context) => {
    const none = await test(await policiesOf(context, { 'a.rego': DENY }));
    assert.equal(none.ok, false);
    assert.match(none.text, /no tests in/);
    assert.equal((await test(join(await folder(context), 'nothing'))).ok, false);
    assert.equal((await test(await policiesOf(context, { 'a.rego': `${DENY}\nbroken {`, 'a_test.rego': suite('{}') }))).ok, false);
  });

  it('has a test file beside each shipped policy', () => {
    const files = new Set(readdirSync(SHIPPED));
    const rules = [...files].filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'));
    assert.deepEqual(
      rules.filter((name) => !files.has(name.replace('.rego', '_test.rego'))),
      [],
    );
  });

  it('finds the shipped policies formatted and strict', async () => {
    assert.equal((await run(OPA, ['fmt', '--list', SHIPPED])).stdout, '');
    await run(OPA, ['check', '--strict', SHIPPED]);
  });
});

describe('docs/policies.md', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'policies.md'), 'utf8');

  it('lists the builtins there are', async () => {
    const allowed = BuiltinList.parse(JSON.parse(await capabilities({ path: OPA, signal: AbortSignal.timeout(60_000) })));
    const listed = /\n\n(`abs`, [^\n]*(?:\n[^\n]+)*)\n\n/.exec(page)?.[1] ?? '';
    assert.deepEqual(
      [...listed.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
      allowed.builtins.map(({ name }) => name).filter((name) => !name.startsWith('internal.')),
    );
  });

  it('has each shipped package and each limit in its tables', async () => {
    const packages = readdirSync(SHIPPED).flatMap((name) => /^(?!.*_test)(.*)\.rego$/.exec(name)?.[1] ?? []);
    for (const name of packages) assert.match(page, new RegExp(`\`(slipway\\.)?${name}\``), name);
    for (const [, limit] of readFileSync(join(SHIPPED, 'data.yaml'), 'utf8').matchAll(/^ {4}(\w+):/gm))
      assert.match(page, new RegExp(`\\| \`${limit}[.\`]`), limit);
  });

  it('has an example that compiles and denies', async (context) => {
    const rego = /```rego\n(.*?)```/s.exec(page)?.[1] ?? '';
    const plan = { steps: [{ path: 'p/s', uses: 'ssh.run', with: { cmd: 'curl http://archive.example.org' } }] };
    assert.deepEqual(
      (await judgedBy(context, rego, plan)).findings.map(({ msg }) => msg),
      ['p/s installs packages from the internet'],
    );
  });
});
