import { join } from 'node:path';
import type { RunPulumi } from './command.ts';
import type { Collector } from './events.ts';
import { followEvents } from './event-log.ts';
import { importArguments, languageHostPath } from './import.ts';
import type { Request } from './protocol.ts';

interface Direct {
  readonly run: RunPulumi;
  readonly request: Request;
  readonly collector: Collector;
}

/** Operations that run no program are plain commands: neither the SDK nor the Automation API has to be loaded. */
export async function runDirect({ run, request, collector }: Direct, { settlePending }: { readonly settlePending: boolean }): Promise<void> {
  const log = join(request.workDir, 'events.jsonl');
  const stop = followEvents(log, collector.onEvent);
  const args = [
    ...commandOf(request, settlePending),
    ...wishes(request),
    '--stack',
    request.stack,
    '--event-log',
    log,
    '--non-interactive',
    '--color',
    'never',
    '--suppress-outputs',
    '--suppress-progress',
  ];
  const path = request.operation === 'import' ? { PATH: languageHostPath(request.workDir) } : {};
  try {
    await run(args, { cwd: request.workDir, env: { PULUMI_DEBUG_COMMANDS: 'true', ...path } });
  } finally {
    stop();
  }
}

function commandOf(request: Request, settlePending: boolean): readonly string[] {
  const { operation, options } = request;
  if (operation === 'import') return importArguments(request);
  if (operation === 'previewDestroy') return ['destroy', '--preview-only'];
  if (operation === 'previewRefresh') return ['refresh', '--preview-only'];
  if (operation === 'destroy') return ['destroy', '--yes', '--skip-preview', ...(settlePending ? ['--refresh'] : [])];
  return ['refresh', '--yes', '--skip-preview', ...(options.clearPendingCreates === true ? ['--clear-pending-creates'] : [])];
}

function wishes({ options, operation }: Request): readonly string[] {
  const message = options.message === undefined ? [] : ['--message', options.message];
  const targets = operation === 'import' ? [] : (options.targets ?? []).flatMap((urn) => ['--target', urn]);
  return [...message, ...targets];
}
