import type { EngineEvent } from '@pulumi/pulumi/automation/index.js'; // types only
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunPulumi } from './command.ts';
import type { Collector } from './events.ts';
import type { Request } from './protocol.ts';

/** Take resources that exist into the state of the stack, without protection and without generating code. */
export async function importResources({
  run,
  request,
  collector,
}: {
  readonly run: RunPulumi;
  readonly request: Request;
  readonly collector: Collector;
}): Promise<void> {
  const { workDir, stack, items, options } = request;
  const file = join(workDir, 'import.json');
  const events = join(workDir, 'events.jsonl');
  writeFileSync(file, JSON.stringify({ resources: items.map(({ type, name, id }) => ({ type, name, id })) }), { mode: 0o600 });
  const message = options.message === undefined ? [] : ['--message', options.message];
  const flags = ['--yes', '--skip-preview', '--generate-code=false', '--protect=false', '--suppress-outputs', '--suppress-progress', '--non-interactive'];
  const PATH = [process.env['PATH'] ?? '', languageHost(workDir)].join(delimiter);
  try {
    await run(['import', ...flags, ...message, '--stack', stack, '--file', file, '--event-log', events], {
      cwd: workDir,
      env: { PATH, PULUMI_DEBUG_COMMANDS: 'true' },
    });
  } finally {
    // Events come at the end: an import has few, and this command tells them to a file only.
    const lines = existsSync(events) ? readFileSync(events, 'utf8').split('\n') : [];
    for (const line of lines) if (line.trim() !== '') collector.onEvent(JSON.parse(line) as EngineEvent); // written by the engine
  }
}

/** A folder with an executable that Pulumi takes for the language host; see language.ts. */
function languageHost(workDir: string): string {
  const folder = join(workDir, 'bin');
  mkdirSync(folder, { mode: 0o700 });
  const file = join(folder, 'pulumi-language-nodejs');
  const script = fileURLToPath(new URL(`./language${extname(import.meta.url)}`, import.meta.url));
  writeFileSync(file, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(script)}\n`);
  chmodSync(file, 0o700);
  return folder;
}

/** One word of a POSIX shell, whatever it contains. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
