import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isWithin, parseScope } from '../../src/access/index.ts';
import { createApp } from '../../src/app/index.ts';
import { createMasker, Secret } from '../../src/core/index.ts';
import { readServerSettings } from '../../src/server/index.ts';
import { openWiring } from '../../src/wire.ts';
import { ACCESS_ACTIONS } from '../../src/runbook/index.ts';
import { GREET } from './files.ts';
import { configOf, makeRepository, removeAll } from './site.ts';

const page = (name: string): string => readFileSync(join(import.meta.dirname, '..', '..', 'docs', name), 'utf8');
const blocks = (name: string): readonly string[] => [...page(name).matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '');
const ports = { secretAt: () => new Secret('a secret of more than sixteen bytes'), textAt: () => '' };

/** Mistakes in files that a page tells people to write. */
async function mistakesIn(files: { readonly [path: string]: string }): Promise<readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-docs-'));
  const wiring = openWiring(configOf(join(dir, 'repository'), join(dir, 'state')));
  try {
    makeRepository(join(dir, 'repository'), files);
    const { signal } = new AbortController();
    const session = { actor: 'user:test', teams: [], root: join(dir, 'repository'), stateDir: join(dir, 'state'), masker: createMasker(), signal };
    const { problems } = await createApp(wiring).validate({ ...session, notice: () => undefined }, []);
    return problems.map(({ file, line, message }) => `${file}:${line} ${message}`);
  } finally {
    await wiring.close();
    await removeAll(dir);
  }
}

describe('the pages about the server', () => {
  test('begin with a repository and settings that work as they stand', async () => {
    const [runbook = '', estate = '', settings = '', login = ''] = blocks('server.md');
    assert.deepEqual(await mistakesIn({ 'runbooks/hello.yaml': runbook, 'runbooks/estate.yaml': estate }), []);
    for (const text of [settings, `${settings}${login}`]) {
      const read = readServerSettings(text, 'slipway-server.yaml', ports);
      assert.ok(read.ok, JSON.stringify(read.problems));
    }
  });

  test('make a token that may do what they go on to do with it', () => {
    const scopes = [...page('server.md').matchAll(/--scope '?([\w.*@-]+)/g)].map(([, text]) => parseScope(text ?? ''));
    assert.ok(scopes.length > 0);
    for (const action of ['runbook.read', 'plan.create', 'plan.read', 'run.start', 'run.read', 'log.read'])
      assert.ok(isWithin({ action, runbook: 'hello' }, scopes), `${action} is in none of the scopes`);
  });

  test('show access files that hold, and name every action once', async () => {
    const [access = ''] = blocks('access.md');
    const environments = ['lab', 'staging'].map((name) => `\n---\napiVersion: slipway/v1\nkind: Environment\nmetadata: { name: ${name}, owner: team-web }\n`);
    assert.deepEqual(
      await mistakesIn({ 'runbooks/access.yaml': `${access}${environments.join('')}`, 'runbooks/new-vm.yaml': GREET.replace('name: greet', 'name: new-vm') }),
      [],
    );
    const named = page('access.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([a-z.]+)`/g)].map(([, action]) => action ?? ''));
    assert.deepEqual(named.toSorted(), [...ACCESS_ACTIONS].toSorted());
  });
});
