// All benches, one after the other: each is a file beside this one that prints its own numbers and fails when it misses its limit.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runHere } from '../tools/setup/child.mjs';
import { setupOrExit, toolThatIsThere } from '../tools/setup.mjs';

const here = dirname(fileURLToPath(import.meta.url));
/** Shared by benches, no bench themselves. */
const PARTS = new Set(['graphs.ts']);
const wanted = process.argv.slice(2);
const { node } = await setupOrExit();
// One bench needs a tool that setup makes only when it is asked to.
const temporal = await toolThatIsThere('temporal');
const env = { ...process.env, ...(temporal === undefined ? {} : { SLIPWAY_TEMPORAL: temporal }) };
const benches = readdirSync(here)
  .filter((name) => name.endsWith('.ts') && !PARTS.has(name) && (wanted.length === 0 || wanted.includes(name.replace(/\.ts$/, ''))))
  .sort();
const failed = [];
for (const name of benches) {
  if ((await runHere(node, [join(here, name)], { cwd: join(here, '..'), env })) !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`bench: ${failed.join(', ')} failed or missed a limit`);
  process.exitCode = 1;
}
