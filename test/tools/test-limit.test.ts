import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const LIMIT = pathToFileURL(join(import.meta.dirname, '../../tools/test-limit.mjs')).href;

test('a test file that leaves a server open is ended, and told what keeps it open', (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-limit-'));
  context.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'left-open.mjs');
  writeFileSync(
    file,
    `import { createServer } from 'node:http';\nimport { test } from 'node:test';\ntest('passes', () => void createServer().listen(0, '127.0.0.1'));\n`,
  );
  const { NODE_TEST_CONTEXT: _ours, ...env } = process.env;
  const ended = spawnSync(process.execPath, ['--test', '--test-reporter=spec', `--import=${LIMIT}`, file], {
    env: { ...env, SLIPWAY_TEST_FILE_LIMIT_MS: '500' },
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(ended.status, 1, ended.stdout);
  assert.match(ended.stdout, /left-open\.mjs is still open after 0\.5 s; what keeps it open: .*TCPServerWrap/);
});
