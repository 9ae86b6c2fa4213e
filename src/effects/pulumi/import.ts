import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunPulumi } from './command.ts';
import type { Request } from './protocol.ts';

/** Take resources that exist into the state of the stack, without protection and without generating code. */
export async function importResources({ run, request }: { readonly run: RunPulumi; readonly request: Request }): Promise<void> {
  const { workDir, stack, items, options } = request;
  const file = join(workDir, 'import.json');
  const resources = items.map(({ type, name, id }) => ({ type, name, id }));
  writeFileSync(file, JSON.stringify({ resources }), { mode: 0o600 });
  const message = options.message === undefined ? [] : ['--message', options.message];
  const flags = ['--yes', '--skip-preview', '--generate-code=false', '--protect=false', '--suppress-outputs', '--suppress-progress', '--non-interactive'];
  await run(['import', ...flags, ...message, '--stack', stack, '--file', file], { cwd: workDir });
}
