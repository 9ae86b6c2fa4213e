import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, type Secret } from '../../src/core/index.ts';
import type { HookInstall } from '../../src/cli/types.ts';
import { slipway } from './fake.ts';

const URL = 'https://slipway.example.com/hooks/site';

/** What reaches whoever writes the hook. */
async function install(...argv: string[]) {
  const asked: HookInstall[] = [];
  const hooks = {
    install: async (request: HookInstall) => {
      asked.push(request);
      return { hook: '/srv/git/estate.git/hooks/post-receive' };
    },
    send: async () => ({ sent: 0, waiting: 3, why: 'it answers 503' }),
    remove: async () => undefined,
  };
  return { ...(await slipway(['hook', ...argv], { deps: { hooks } })), asked };
}
const reveal = (secret: Secret | undefined) => secret?.reveal();

test('hook install: the secret comes from a variable or from standard input, and the name from the folder', async () => {
  const { code, stdout, stderr, asked } = await install('install', '/srv/git/estate.git', '--url', URL, '--secret-variable', 'DB_PASSWORD');
  assert.equal(code, EXIT.ok, stderr);
  assert.match(stdout, /wrote \/srv\/git\/estate\.git\/hooks\/post-receive/);
  assert.deepEqual(
    [asked[0]?.folder, asked[0]?.url, asked[0]?.repository, reveal(asked[0]?.secret)],
    ['/srv/git/estate.git', URL, 'estate', 'hunter2-hunter2'],
  );
  const piped = await install('install', '/srv/git/x.git', '--url', URL, '--name', 'team/x', '--json');
  assert.deepEqual([piped.asked[0]?.repository, reveal(piped.asked[0]?.secret)], ['team/x', 'from-standard-input']);
  assert.ok(!`${piped.stdout}${piped.stderr}`.includes('from-standard-input'));
  assert.deepEqual(JSON.parse(piped.stdout), { repository: 'team/x', hook: '/srv/git/estate.git/hooks/post-receive' });
});

test('hook install: without an address or with a variable that is not set, nothing is written', async () => {
  for (const argv of [
    ['install', '/srv/git/x.git'],
    ['install', '/srv/git/x.git', '--url', URL, '--secret-variable', 'NOT_SET'],
    ['install', '--url', URL],
  ]) {
    const { code, asked } = await install(...argv);
    assert.deepEqual([code, asked.length], [EXIT.usage, 0], argv.join(' '));
  }
});

test('hook send fails while something waits, and says why', async () => {
  const { code, stdout } = await install('send', '/srv/git/x.git');
  assert.deepEqual([code, stdout], [EXIT.error, '0 sent, 3 waiting: it answers 503\n']);
  assert.equal((await slipway(['hook', 'send', '/srv/git/x.git'])).code, EXIT.ok);
  assert.equal((await install('remove', '/srv/git/x.git')).code, EXIT.ok);
});
