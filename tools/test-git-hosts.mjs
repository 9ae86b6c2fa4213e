// The contract of Git hosts against a real Gitea, with real webhooks and real Git over HTTP. Builds it when it is not there, unless told not to.
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runHere } from './setup/child.mjs';
import { say } from './setup/say.mjs';
import { existing } from './setup/tool.mjs';
import { setupOrExit } from './setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { gitea } = JSON.parse(readFileSync(join(root, 'tools', 'versions.json'), 'utf8'));
const isThere = (await existing({ name: 'gitea', tool: gitea, env: process.env })) !== undefined;

if (!isThere && process.argv.includes('--if-built')) {
  say(
    `git-hosts: gitea ${gitea.version} is neither on PATH nor in the tool cache, so that its tests do not run; "npm run setup -- --gitea" builds it, in about ten minutes`,
  );
} else {
  const tools = await setupOrExit(['--gitea']);
  const env = { ...process.env, SLIPWAY_GITEA: tools.gitea, PATH: [dirname(tools.node), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) };
  const flags = ['--test', '--test-reporter=spec', '--test-timeout=600000'];
  process.exitCode = await runHere(tools.node, [...flags, join('test', 'githost', 'gitea-live.ts'), join('test', 'pulls', 'gitea-live.ts')], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
