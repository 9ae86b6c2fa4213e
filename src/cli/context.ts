import type { App, Session } from '../app/index.ts';
import type { Masker } from '../core/index.ts';
import { colourStyle, plainStyle } from '../report/index.ts';
import { listenForStop } from './stop.ts';
import type { CliDeps, Context, Settings } from './types.ts';

interface ContextOptions {
  readonly deps: CliDeps;
  readonly settings: Settings;
  readonly masker: Masker;
  readonly json: boolean;
  readonly noColour: boolean;
  readonly server: string | undefined;
}

/** Open what a command works with; disposing closes the app, if the command used it. */
export function openContext({ deps, settings, masker, json, noColour, server }: ContextOptions): AsyncDisposable & { readonly context: Context } {
  let app: Promise<App> | undefined;
  const note = (line: string) => deps.stderr(`${masker.mask(line)}\n`);
  const stop = listenForStop({ onInterrupt: deps.onInterrupt, onTerminate: deps.onTerminate, exitNow: deps.exitNow, note });
  const style = (stream: 'stdout' | 'stderr') => (settings.terminal.colour[stream] && !noColour ? colourStyle : plainStyle);
  return {
    context: {
      deps,
      settings,
      masker,
      stop,
      json,
      app: () => (app ??= deps.openApp(server)),
      style: { stdout: style('stdout'), stderr: style('stderr') },
      print: (text) => deps.stdout(masker.mask(text)),
      note,
    },
    [Symbol.asyncDispose]: async () => {
      stop[Symbol.dispose]();
      // One that could not be opened has told so already.
      await (await app?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

/** Who asks, where, and until when. */
export function sessionOf({ settings, masker, stop, note }: Context, signal: AbortSignal = stop.signal): Session {
  const { actor, teams, root, stateDir } = settings;
  return { actor, teams, root, stateDir, masker, signal, drain: stop.drain, notice: note };
}

/** Print data as JSON, or words made from it. */
export function printResult(context: Context, data: unknown, words: () => string): void {
  const text = context.json ? JSON.stringify(data, undefined, 2) : words();
  if (text !== '') context.print(text.endsWith('\n') ? text : `${text}\n`);
}
