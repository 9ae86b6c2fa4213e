#!/usr/bin/env node
// The command `slipway`. Plain JavaScript, so that a Node too old for the rest can still say so.
import { existsSync, readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runHere } from './setup/child.mjs';
import { cacheDir } from './setup/log.mjs';
import { bundledNode } from './setup/node.mjs';
import { atLeast } from './setup/programs.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = join(root, 'src', 'main.ts');
const built = join(root, 'dist', 'main.js');

/** A checkout runs its sources, which need a newer Node than what is published. */
const fromSources = existsSync(sources);
const entry = fromSources ? sources : built;
const versions = JSON.parse(readFileSync(join(root, 'tools', 'versions.json'), 'utf8')).node;
const least = fromSources ? versions.leastForSources : versions.least;

if (atLeast(process.version.slice(1), least)) {
  process.argv[1] = entry;
  // A second start then takes half the time. In the user's own cache: others may write to the common temporary folder.
  nodeModule.enableCompileCache(join(cacheDir(process.env), 'compile'));
  await import(pathToFileURL(entry).href);
} else if (existsSync(bundledNode(root))) {
  process.exitCode = await runHere(bundledNode(root), [entry, ...process.argv.slice(2)]);
} else {
  process.stderr.write(`slipway needs Node ${least} or newer, and this is ${process.version}\n`);
  process.stderr.write(fromSources ? 'hint: run "npm run setup", which installs one for this checkout\n' : 'hint: install a newer Node: https://nodejs.org\n');
  process.exitCode = 2;
}
