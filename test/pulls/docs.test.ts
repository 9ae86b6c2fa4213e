import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ACCESS_ACTIONS, validateRepository } from '../../src/runbook/index.ts';
import { Secret } from '../../src/core/index.ts';
import { readServerSettings } from '../../src/server/index.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'pull-requests.md'), 'utf8');
const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '');

test('the set-up that the page about pull requests gives works as it stands, for GitHub and for Gitea', () => {
  const [settings = '', gitea = '', estate = ''] = blocks;
  const ports = { secretAt: () => new Secret('a secret of more than sixteen bytes'), textAt: () => '' };
  const forGitea = settings.replace(/hosts:\n(?: {2}.*\n)+/, gitea);
  assert.notEqual(forGitea, settings);
  for (const text of [settings, forGitea]) {
    const read = readServerSettings(text, 'slipway-server.yaml', ports);
    assert.ok(read.ok, JSON.stringify(read.problems));
  }
  const { problems } = validateRepository([{ path: 'runbooks/estate.yaml', text: estate }]);
  assert.deepEqual(problems, []);
  for (const [, action = ''] of page.matchAll(/\| `([a-z]+\.[a-z]+)` +\|$/gm))
    assert.ok(
      ACCESS_ACTIONS.some((known) => known === action),
      action,
    );
});
