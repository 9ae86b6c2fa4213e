import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from './app/index.ts';
import { diagnose } from './cli/diagnose.ts';
import type { Check } from './cli/index.ts';
import { type Config, findTool, packageDir } from './config/index.ts';
import { createMasker } from './core/index.ts';

/** `slipway doctor` on the real machine. */
export async function diagnoseMachine(config: Config, openApp: () => Promise<App>): Promise<readonly Check[]> {
  const path = `${config.children.base['PATH'] ?? ''}:/usr/sbin:/sbin`;
  return diagnose({
    nodeVersion: process.versions.node,
    leastNode: leastNode(),
    run: (program, args) => output(program, args, { ...config.children.base, PATH: path }),
    tool: async (name) => {
      const tool = await findTool(name, config);
      return tool.found ? { found: true, words: `${tool.version}, ${tool.path}` } : { found: false, words: tool.why, hint: tool.hint };
    },
    stateDir: config.stateDir,
    countRuns: async () => {
      await using app = await openApp();
      const { actor, teams, root, stateDir } = config;
      const session = { actor, teams, root, stateDir, masker: createMasker(), signal: new AbortController().signal, notice: () => undefined };
      return (await app.runs(session, {})).length;
    },
  });
}

function leastNode(): string {
  const versions = JSON.parse(readFileSync(join(packageDir, 'tools', 'versions.json'), 'utf8')) as { node: { least: string } }; // our own file
  return versions.node.least;
}

/** What a program says, on either stream: some print their version on stderr. A program that is there but complains still says something. */
async function output(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: 10_000 }, (error, stdout, stderr) => {
      resolve(error !== null && 'code' in error && error.code === 'ENOENT' ? undefined : stdout + stderr);
    });
  });
}
