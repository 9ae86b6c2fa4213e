import type { App, RunHandle, Session } from '../app/index.ts';
import { EXIT, type ExitCode, messageOf, SlipwayError } from '../core/index.ts';
import { type Live, reportOf, runJson, startLive, summaryText } from '../report/index.ts';
import { printResult, sessionOf } from './context.ts';
import { exitOfRun } from './exit.ts';
import { openScreen, type Screen } from './screen.ts';
import type { Context } from './types.ts';

const REDRAW_MS = 250;
/** Where nothing can be redrawn, say after this long without news what is going on. */
const QUIET_MS = 30_000;

/** Show a run that this process drives until it ends; Ctrl-C cancels it in good order. */
export async function driveRun(context: Context, begin: (app: App, session: Session) => Promise<RunHandle>): Promise<ExitCode> {
  const app = await context.app();
  const session = sessionOf(context);
  const handle = await begin(app, session);
  using _release = cancelOnStop(context, app, handle.runId);
  await showUntil(context, handle.runId, handle.done);
  if (context.stop.drain.aborted && handle.isElsewhere === true) {
    context.note(`stopped watching; the run goes on, see "slipway watch ${handle.runId}"`);
    return EXIT.ok;
  }
  if (context.stop.drain.aborted) throw handedOver(handle.runId);
  return await printEnd(context, handle.runId);
}

/** A run that had ended all the same says so when it is asked for. */
function handedOver(runId: string): SlipwayError {
  return new SlipwayError('HANDED_OVER', `${runId} was left where it stands, because this process was asked to go`, {
    hint: `"slipway resume ${runId}" goes on with it, here or on another machine with the same state`,
  });
}

/** Show a run that somebody drives until `ended` resolves, or until its last event. */
export async function showUntil(context: Context, runId: string, ended?: Promise<unknown>): Promise<void> {
  const app = await context.app();
  const quit = new AbortController();
  const signal = AbortSignal.any([context.stop.signal, quit.signal]);
  const { settings, style } = context;
  const live = startLive(style.stderr);
  using screen = openScreen({ write: (text) => context.deps.stderr(context.masker.mask(text)), ...settings.terminal });
  screen.add([`run ${runId}`]);
  const shown = show({ context, live, screen, signal }, app.follow(sessionOf(context, signal), runId, 0));
  shown.catch(() => undefined); // told once the run has ended: a screen that fails must not end the process that drives
  try {
    await (ended ?? shown);
  } finally {
    quit.abort();
    await shown;
  }
  const { events } = await app.facts(sessionOf(context), runId);
  for (const event of events.slice(live.report.events)) screen.add(live.push(event));
}

interface Shown {
  readonly context: Context;
  readonly live: Live;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

async function show(shown: Shown, events: ReturnType<App['follow']>): Promise<void> {
  const done = new AbortController();
  const drawing = drawAgain(shown, AbortSignal.any([shown.signal, done.signal]));
  try {
    for await (const event of events) {
      shown.screen.add(shown.live.push(event));
      if (event.body.type === 'runFinished') return;
    }
  } catch (error) {
    if (!shown.signal.aborted) throw error;
  } finally {
    done.abort();
    await drawing;
  }
}

async function drawAgain({ context, live, screen }: Shown, signal: AbortSignal): Promise<void> {
  const { clock } = context.deps;
  const { redraw, rows } = context.settings.terminal;
  let seen = 0;
  let newsAt = clock.now();
  while (!signal.aborted) {
    const now = clock.now();
    screen.draw(live.running(now, rows - 2));
    if (live.report.events !== seen) {
      seen = live.report.events;
      newsAt = now;
    } else if (!redraw && now - newsAt >= QUIET_MS) {
      screen.add(live.running(now));
      newsAt = now;
    }
    await clock.sleep(REDRAW_MS, signal).catch(() => undefined); // an aborted sleep ends the loop
  }
}

function cancelOnStop(context: Context, app: App, runId: string): Disposable {
  const end = context.stop.instead(() => {
    context.note('cancelling: running steps are stopped and cleaned up; Ctrl-C again stops at once');
    app.cancel(sessionOf(context), runId, 'Ctrl-C').catch((error: unknown) => context.note(`cannot cancel: ${messageOf(error)}`));
  });
  return { [Symbol.dispose]: end };
}

/** Print how a run ended, or how it stands. */
export async function printEnd(context: Context, runId: string): Promise<ExitCode> {
  const facts = await (await context.app()).facts(sessionOf(context), runId);
  printResult(context, runJson(facts), () => summaryText(facts, textOptions(context)));
  return exitOfRun(reportOf(facts));
}

/** How to write about runs here. */
export function textOptions({ style, deps, settings }: Context) {
  return { style: style.stdout, now: deps.clock.now(), journal: settings.journal?.shown ?? settings.stateDir };
}
