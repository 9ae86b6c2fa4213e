import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Secret } from '../../../src/core/index.ts';
import { createCommand } from '../../../src/effects/pulumi/command.ts';
import { findPulumi } from '../../../src/effects/pulumi/index.ts';
import { digestOfState } from '../../../src/effects/pulumi/deployment.ts';
import { exportByCommand } from '../../../src/effects/pulumi/export.ts';
import type { Request } from '../../../src/effects/pulumi/protocol.ts';
import { readStateFile } from '../../../src/effects/pulumi/state-file.ts';
import { sandbox } from './sandbox.ts';

const PROGRAM = `
  import { Parameter } from '@pulumi/aws/ssm/parameter.js';
  import { Config } from '@pulumi/pulumi';
  export async function program() {
    const parameter = new Parameter('p', { type: 'SecureString', value: new Config().requireSecret('password') });
    return { password: parameter.value };
  }
`;

test('a state read from its file is the state that the command exports', async () => {
  using box = sandbox(PROGRAM);
  const { stateDigest } = await box.pulumi.up(box.target({ password: new Secret('canary-1234567'), 'aws:token': new Secret('canary-7654321') }), box.control());
  const backendUrl = pathToFileURL(join(box.options.stateDir, 'pulumi')).href;
  const told = readStateFile(backendUrl, { project: 'demo', stack: 'test' });
  assert.ok(told.known && told.deployment);

  const workDir = join(box.dir, 'work');
  mkdirSync(workDir);
  writeFileSync(join(workDir, 'Pulumi.yaml'), '{"name":"demo","runtime":"nodejs"}');
  const { path } = await findPulumi(process.env);
  const run = createCommand({
    cli: path,
    env: { ...process.env, PULUMI_BACKEND_URL: backendUrl, PULUMI_HOME: join(box.dir, 'home') },
    signal: new AbortController().signal,
    graceMs: 1_000,
  });
  const exported = await exportByCommand(run, { stack: 'test', workDir } as Request); // it reads these two only
  assert.deepEqual(told.deployment, exported);
  assert.equal(digestOfState(told.deployment.resources), stateDigest);
  assert.equal(await exportByCommand(run, { stack: 'other', workDir } as Request), undefined);

  const provider = told.deployment.resources.find((resource) => resource['type'] === 'pulumi:providers:aws');
  const token = (provider?.['inputs'] as { readonly token?: { readonly ciphertext?: string } } | undefined)?.token;
  assert.equal(typeof token?.ciphertext, 'string', 'the secret of the provider arrived, encrypted');

  writeFileSync(join(box.options.stateDir, 'pulumi', '.pulumi', 'stacks', 'demo', 'test.json.gz'), '');
  assert.deepEqual(readStateFile(backendUrl, { project: 'demo', stack: 'test' }), { known: false }, 'compressed states are left to the command');
  rmSync(join(box.options.stateDir, 'pulumi', '.pulumi', 'meta.yaml'));
  assert.deepEqual(readStateFile(backendUrl, { project: 'demo', stack: 'test' }), { known: false }, 'old layouts too');
});

test('other backends are left to the command', () => {
  for (const url of ['s3://states', 'https://api.example.com', 'file://~/states', 'file:///states?no_tmp_dir=true'])
    assert.deepEqual(readStateFile(url, { project: 'a', stack: 'b' }), { known: false });
  assert.deepEqual(readStateFile('file:///does/not/exist', { project: 'a', stack: 'b' }), { known: true, deployment: undefined });
});
