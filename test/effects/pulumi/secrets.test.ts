import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import { childEnvironment } from '../../../src/effects/pulumi/environment.ts';
import { filesWith, sandbox } from './sandbox.ts';

const CANARY = 'canary-7f3a91c25e';
const WITH_SECRET = `
  import { Parameter } from '@pulumi/aws/ssm/parameter.js';
  import { Config, secret } from '@pulumi/pulumi';
  export async function program() {
    const password = new Config().requireSecret('password');
    const parameter = new Parameter('password', { type: 'SecureString', value: password });
    return { plain: 'open', password: parameter.value, nested: { inner: password }, length: password.apply((text) => text.length) };
  }
`;

test('a secret goes through a stack and comes out as a secret, and is nowhere in the clear', async () => {
  using box = sandbox(WITH_SECRET);
  const target = box.target({ password: new Secret(CANARY), 'aws:token': new Secret(`${CANARY}-provider`) });
  const preview = await box.pulumi.preview(target, 'up', box.control());
  const result = await box.pulumi.up(target, box.control());
  const { password, nested, plain } = result.outputs;
  assert.ok(password instanceof Secret && nested instanceof Secret);
  assert.equal(password.reveal(), CANARY);
  assert.equal(nested.reveal(), JSON.stringify({ inner: CANARY }));
  assert.equal(plain, 'open');
  const state = await box.pulumi.state(target, box.control());
  assert.equal((state.outputs['password'] as Secret).reveal(), CANARY, 'the state remembers it, encrypted');

  const again = await box.pulumi.up(target, box.control());
  assert.deepEqual(again.counts, { same: 1 });
  const changed = await box.pulumi.up(box.target({ password: new Secret(`${CANARY}-new`) }), box.control());
  assert.deepEqual(changed.counts, { update: 1 }, 'another secret is a change');

  box.cloud.setFaults([{ match: {}, op: 'delete', effect: 'fail', message: `cannot delete, password was ${CANARY}`, count: 1 }]);
  const failure = await box.pulumi.destroy(target, box.control()).then(
    () => assert.fail('the delete was made to fail'),
    (thrown: Error) => thrown,
  );
  assert.match(failure.message, /password was \[secret\]/);
  box.cloud.setFaults([]); // the fault itself was written with it
  assert.deepEqual(filesWith(box.dir, CANARY), [], 'neither state, nor world, nor working folders hold it');
  assert.equal(JSON.stringify([preview, box.lines, failure]).includes(CANARY), false);
});

test('the generated passphrase is readable by its owner only, and a wrong one is told', async () => {
  using box = sandbox(WITH_SECRET);
  const target = box.target({ password: new Secret(CANARY) });
  await box.pulumi.up(target, box.control());
  assert.equal(statSync(join(box.options.stateDir, 'pulumi-passphrase.key')).mode & 0o777, 0o600);
  const { createPulumi } = await import('../../../src/effects/pulumi/index.ts');
  const other = createPulumi({ ...box.options, env: { ...process.env, PULUMI_CONFIG_PASSPHRASE: 'not-the-one' } });
  await assert.rejects(other.up(target, box.control()), { code: 'PULUMI_PASSPHRASE' });
});

test('a child sees nothing of the orchestrator, and in a rehearsal no credentials of clouds', async () => {
  const program = `export async function program() { return { names: Object.keys(process.env).sort(), argv: process.argv.slice(1) }; }`;
  using box = sandbox(program, {
    env: {
      ...process.env,
      SLIPWAY_TOKEN: CANARY,
      GITHUB_TOKEN: CANARY,
      NODE_OPTIONS: '',
      AWS_PROFILE: 'audit',
      ARM_CLIENT_SECRET: CANARY,
      PULUMI_CONFIG_PASSPHRASE: CANARY,
    },
  });
  const { outputs } = await box.pulumi.up(box.target({ password: new Secret(CANARY) }), box.control());
  const names = outputs['names'] as readonly string[];
  assert.deepEqual(
    names.filter((name) => /TOKEN|PASSPHRASE|NODE_OPTIONS|AWS_PROFILE|ARM_/.test(name)),
    [],
  );
  assert.equal(JSON.stringify(outputs['argv']).includes(CANARY), false);
});

test('outside a rehearsal a child gets the credentials of clouds, and still nothing else', () => {
  const env = {
    PATH: '/bin',
    HOME: '/home/a',
    AWS_PROFILE: 'audit',
    ARM_CLIENT_SECRET: 'x',
    GITHUB_TOKEN: 'y',
    SLIPWAY_TOKEN: 'z',
    PULUMI_CONFIG_PASSPHRASE: 'p',
    HTTPS_PROXY: 'q',
  };
  const made = childEnvironment(env, { cli: '/tools/pulumi', pluginPath: [], home: '/home/a/.pulumi' });
  assert.deepEqual(Object.keys(made).sort(), ['ARM_CLIENT_SECRET', 'AWS_PROFILE', 'HOME', 'HTTPS_PROXY', 'PATH', 'PULUMI_HOME', 'PULUMI_SKIP_UPDATE_CHECK']);
  assert.equal(made['PATH'], '/tools:/bin');
});
