import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findTool, packageDir, toolPaths, toolVersion } from '../../src/config/index.ts';
import { SlipwayError } from '../../src/core/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-tools-'));
after(() => rmSync(folder, { recursive: true }));

function program(path: string, prints: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nprintf '%b' '${prints}'\n`);
  chmodSync(path, 0o755);
  return path;
}
function places(name: string) {
  const home = join(folder, name);
  return {
    bin: join(home, 'bin'),
    cacheDir: join(home, 'cache'),
    children: { base: { PATH: `${join(home, 'empty')}:${join(home, 'bin')}:/usr/bin:/bin` }, clouds: {} },
  };
}

test('the versions are the ones package.json and the Go modules name', () => {
  const manifest = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  assert.equal(toolVersion('pulumi'), manifest.dependencies['@pulumi/pulumi']);
  assert.match(readFileSync(join(packageDir, 'tools/pulumi/go.mod'), 'utf8'), new RegExp(`pulumi/pkg/v3 v${toolVersion('pulumi')}`));
  assert.match(readFileSync(join(packageDir, 'tools/opa/go.mod'), 'utf8'), new RegExp(`opa v${toolVersion('opa')}`));
});

test('a program on PATH wins when its version is right', async () => {
  const at = places('path');
  program(join(at.bin, 'pulumi'), `v${toolVersion('pulumi')}\\n`);
  program(join(at.bin, 'opa'), `Version: ${toolVersion('opa')}\\nBuild Commit: \\n`);
  program(join(at.cacheDir, 'tools', `opa-${toolVersion('opa')}`, 'opa'), 'unused');
  assert.deepEqual(await toolPaths(at), { pulumi: join(at.bin, 'pulumi'), opa: join(at.bin, 'opa') });
});

test('a wrong version on PATH is passed over for the one in the cache', async () => {
  const at = places('cache');
  program(join(at.bin, 'opa'), 'Version: 0.1.2\\n');
  const cached = program(join(at.cacheDir, 'tools', `opa-${toolVersion('opa')}`, 'opa'), 'unused');
  assert.deepEqual(await findTool('opa', at), { found: true, path: cached, version: toolVersion('opa'), from: 'cache' });
});

test('a version is matched whole', async () => {
  const at = places('prefix');
  program(join(at.bin, 'pulumi'), `v${toolVersion('pulumi')}-alpha.1\\n`);
  const found = await findTool('pulumi', at);
  assert.ok(!found.found && found.why.includes('-alpha.1'), JSON.stringify(found));
});

test('everything that is missing is named in one error with what to do', async () => {
  const at = places('none');
  program(join(at.bin, 'opa'), 'Version: 0.1.2\\n');
  await assert.rejects(toolPaths(at), (error) => {
    assert.ok(error instanceof SlipwayError);
    assert.equal(error.code, 'TOOL_MISSING');
    assert.equal(error.exitCode, 2);
    assert.match(error.message, /pulumi .* neither on PATH nor in the cache; opa .* PATH has 0\.1\.2/);
    assert.match(error.hint ?? '', /npm run setup/);
    return true;
  });
});
