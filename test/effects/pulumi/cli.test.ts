import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findPulumi } from '../../../src/effects/pulumi/index.ts';

test('a missing or wrong Pulumi command is told with what to do; the cache is the second place', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
  try {
    const env = { PATH: dir, HOME: dir };
    await assert.rejects(findPulumi(env), { code: 'PULUMI_CLI_MISSING', hint: /setup/ });
    const script = (folder: string) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'pulumi'), '#!/bin/sh\necho v1.2.3\n');
      chmodSync(join(folder, 'pulumi'), 0o755);
      return join(folder, 'pulumi');
    };
    script(dir);
    await assert.rejects(findPulumi(env), { code: 'PULUMI_CLI_MISSING', message: /1\.2\.3/ });
    const { version } = await findPulumi(process.env);
    const cached = script(join(dir, '.cache', 'slipway', 'tools', `pulumi-${version}`));
    assert.deepEqual(await findPulumi(env), { path: cached, version });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
