// What is published: dist/ mirrors src/, as JavaScript that Node 22.18 runs.
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runHere } from './setup/child.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [src, dist] = [join(root, 'src'), join(root, 'dist')];

rmSync(dist, { recursive: true, force: true });
process.exitCode = await runHere(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, 'tools', 'tsconfig.build.json')], {
  stdio: ['ignore', 2, 2], // npm pack --json owns stdout
});
for (const name of readdirSync(src, { recursive: true, withFileTypes: true })) {
  if (!name.isFile() || /\.[cm]?ts$/.test(name.name)) continue;
  const folder = join(dist, name.parentPath.slice(src.length));
  mkdirSync(folder, { recursive: true });
  cpSync(join(name.parentPath, name.name), join(folder, name.name));
}
