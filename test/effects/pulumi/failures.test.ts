import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sandbox, TWO_RESOURCES } from './sandbox.ts';

test('a failing resource is named, what succeeded is kept, and throttling is tried again', async () => {
  using box = sandbox(TWO_RESOURCES);
  box.cloud.setFaults([{ match: { type: 'iam/role' }, op: 'create', effect: 'fail', message: 'ThrottlingException: Rate exceeded', count: 1 }]);
  await assert.rejects(box.pulumi.up(box.target(), box.control()), {
    code: 'PULUMI_PROVIDER',
    retry: 'afterBackoff',
    message: /reader \(aws:iam\/role:Role\): .*ThrottlingException/,
  });
  box.cloud.setFaults([{ match: { type: 'iam/role' }, op: 'create', effect: 'fail', message: 'MalformedPolicyDocument', count: 1 }]);
  await assert.rejects(box.pulumi.up(box.target(), box.control()), { code: 'PULUMI_PROVIDER', retry: 'never' });
  assert.deepEqual((await box.pulumi.up(box.target(), box.control())).counts, { create: 1, same: 1 });
  assert.equal(box.cloud.ledger().length, 2);
});

test('a program that throws is told with file and line', async () => {
  using box = sandbox(`\n\nexport async function program() {\n  throw new Error('no such plan');\n}\n`);
  await assert.rejects(box.pulumi.preview(box.target(), 'up', box.control()), {
    code: 'PULUMI_PROGRAM',
    message: 'the program of the stack failed at stacks/demo/index.ts:4:9: no such plan',
  });
  box.write(
    `import { output } from '@pulumi/pulumi';\nexport async function program() {\n  output(1).apply(() => { throw new Error('later'); });\n  return {};\n}\n`,
  );
  await assert.rejects(box.pulumi.preview(box.target(), 'up', box.control()), { code: 'PULUMI_PROGRAM', message: /stacks\/demo\/index\.ts:3:\d+: later/ });
  box.write('export const nothing = 1;');
  await assert.rejects(box.pulumi.preview(box.target(), 'up', box.control()), { code: 'PULUMI_NO_PROGRAM', message: /exports no function "program"/ });
  box.write('const broken: = 1;');
  await assert.rejects(box.pulumi.preview(box.target(), 'up', box.control()), { code: 'PULUMI_PROGRAM', message: /failed at stacks\/demo\/index\.ts:1/ });
  await assert.rejects(box.pulumi.preview({ ...box.target(), program: 'absent' }, 'up', box.control()), { code: 'PULUMI_NO_PROGRAM', exitCode: 6 });
});

test('missing configuration is told in words', async () => {
  using box = sandbox(`import { Config } from '@pulumi/pulumi';\nexport async function program() { return { size: new Config().require('size') }; }`);
  await assert.rejects(box.pulumi.preview(box.target(), 'up', box.control()), {
    code: 'PULUMI_CONFIG',
    message: 'configuration "demo:size" is missing',
    exitCode: 2,
  });
});

test('a name that is no stack never reaches a path or an argument', async () => {
  using box = sandbox(TWO_RESOURCES);
  for (const [program, name] of [
    ['../demo', 'x'],
    ['demo', '--help me'],
    ['demo', '..'],
    ['', 'x'],
  ] as const) {
    await assert.rejects(box.pulumi.state({ ...box.target(), program, name }, box.control()), { code: 'PULUMI_CONFIG' });
  }
});
