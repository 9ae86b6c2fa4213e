// The quick start: set up, then rehearse the example from end to end.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runHere } from './setup/child.mjs';
import { setupOrExit } from './setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { node } = await setupOrExit();
process.exitCode = await runHere(node, [join(root, 'tools', 'slipway.mjs'), 'rehearse', 'erp-to-cloud', '--and-back', ...process.argv.slice(2)], { cwd: root });
