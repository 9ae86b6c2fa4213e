import { text } from 'node:stream/consumers';
import type { CliDeps, CliIo, ServeRequest } from './cli/index.ts';
import { EXIT, type Secret, SlipwayError, systemClock } from './core/index.ts';
import type { Watching } from './wire.ts';

/** Outside settings, read when the first command needs them. */
async function settings() {
  const { loadConfig } = await import('./config/index.ts');
  return loadConfig(process.env, process.cwd());
}

async function config() {
  const loaded = await settings();
  if (loaded.ok) return loaded.value;
  throw new SlipwayError('BAD_SETTING', loaded.problems.map(({ message }) => message).join('; '), { exitCode: 2 });
}

async function openApp(watching?: Watching, given?: string) {
  const settings = await config();
  const server = given ?? settings.server.url;
  if (server !== undefined) return openRemote(server, settings.server.token);
  const { openApp: open } = await import('./wire.ts');
  return open(settings, watching);
}

async function openRemote(server: string, token: Secret | undefined) {
  if (!token)
    throw new SlipwayError('TOKEN_NEEDED', `${server} wants to know who asks`, {
      exitCode: EXIT.usage,
      hint: 'set SLIPWAY_TOKEN or SLIPWAY_TOKEN_FILE; "slipway token create" makes one',
    });
  const { createRemoteApp } = await import('./remote/index.ts');
  return createRemoteApp({ server, token, fetch: (url, options) => fetch(url, options), clock: systemClock });
}

async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(question)).trim());
  } finally {
    lines.close();
  }
}

async function diagnose() {
  const { diagnoseMachine } = await import('./diagnose.ts');
  return diagnoseMachine(await config(), () => openApp());
}

async function serve(request: ServeRequest, watching?: Watching): Promise<void> {
  const { serveFrom } = await import('./serve.ts');
  return serveFrom(await config(), request, watching);
}

async function openApi() {
  const [{ openApiDocument }, { slipwayVersion }] = await Promise.all([import('./server/index.ts'), import('./wire.ts')]);
  return openApiDocument(slipwayVersion());
}
/** Loaded when a hook command needs them. */
const hooks: CliDeps['hooks'] = {
  install: async (request) => (await import('./githost/index.ts')).installHook(request, process.execPath),
  send: async (folder) => (await import('./githost/index.ts')).sendHook(folder),
  remove: async (folder) => (await import('./githost/index.ts')).removeHook(folder),
};

function onSignal(name: 'SIGINT' | 'SIGTERM', handler: () => void): () => void {
  process.on(name, handler);
  return () => void process.off(name, handler);
}

/** What commands need, from this process. */
export function processDeps(io: CliIo, watching?: Watching): CliDeps {
  return {
    ...io,
    clock: systemClock,
    stdin: () => text(process.stdin),
    ...(process.stdin.isTTY ? { confirm } : {}),
    settings,
    openApp: (server) => openApp(watching, server),
    diagnose,
    serve: (request) => serve(request, watching),
    openApi,
    hooks,
    onInterrupt: (handler) => onSignal('SIGINT', handler),
    onTerminate: (handler) => onSignal('SIGTERM', handler),
    exitNow: (code) => process.exit(code),
  };
}
