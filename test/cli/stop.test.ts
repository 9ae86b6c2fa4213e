import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import type { App } from '../../src/app/index.ts';
import { EXIT } from '../../src/core/index.ts';
import { created, facts, type Moment } from '../report/run/story.ts';
import { RUN, slipway, withRun } from './fake.ts';

/** A run that goes on until somebody cancels it. */
function endless(onCancel: () => void = () => undefined) {
  const { promise, resolve } = Promise.withResolvers<{ state: 'cancelled' }>();
  const moments: readonly Moment[] = [created, [5, { type: 'runFinished', state: 'cancelled', outputs: {} }]];
  const app: Partial<App> = {
    ...withRun(moments, 'cancelled'),
    follow: async function* () {
      yield* facts([created]).events;
      await promise;
    },
    rehearse: async () => ({ runId: RUN, done: promise }),
    cancel: async () => {
      onCancel();
      resolve({ state: 'cancelled' });
    },
  };
  return app;
}

test('Ctrl-C once cancels the run in good order: says so, waits for its end, exits 8', async () => {
  let press = () => undefined as void;
  const going = slipway(['rehearse', 'erp'], { app: endless(), onOpen: (it) => (press = it) });
  await delay(30);
  press();
  const { code, stderr, stdout, calls } = await going;
  assert.equal(code, EXIT.cancelled);
  assert.match(stderr, /cancelling: running steps are stopped and cleaned up; Ctrl-C again stops at once/);
  assert.match(stdout, /was cancelled/);
  assert.deepEqual(
    calls.filter((call) => /^(cancel|exitNow)/.test(call)),
    [`cancel("${RUN}", "Ctrl-C")`],
  );
});

test('Ctrl-C twice ends the process at once with 130', async () => {
  let press = () => undefined as void;
  const going = slipway(['rehearse', 'erp'], {
    app: endless(() => {
      press(); // while it is being cancelled
    }),
    onOpen: (it) => (press = it),
  });
  await delay(30);
  press();
  const { stderr, calls } = await going;
  assert.ok(calls.includes('exitNow(130)'));
  assert.match(stderr, /"slipway resume <run>" goes on with it/);
});

test('Ctrl-C before a run exists stops what is being prepared, exits 8', async () => {
  let press = () => undefined as void;
  const going = slipway(['rehearse', 'erp'], {
    app: {
      rehearse: (session) =>
        new Promise((_, reject) => {
          session.signal.addEventListener('abort', () => reject(new Error('interrupted')));
        }),
    },
    onOpen: (it) => (press = it),
  });
  await delay(30);
  press();
  const { code, stderr } = await going;
  assert.equal(code, EXIT.cancelled);
  assert.match(stderr, /stopping; Ctrl-C again stops at once\nerror: stopped by Ctrl-C \(CANCELLED\)\n$/);
});

test('Ctrl-C while watching leaves the run alone', async () => {
  let press = () => undefined as void;
  const run = facts([created]);
  const going = slipway(['watch', RUN], {
    app: {
      facts: async () => run,
      follow: async function* (session) {
        yield* run.events;
        await new Promise<void>((resolve) => session.signal.addEventListener('abort', () => resolve()));
      },
    },
    onOpen: (it) => (press = it),
  });
  await delay(30);
  press();
  const { code, stderr, calls } = await going;
  assert.equal(code, 0);
  assert.match(stderr, /no process drives this run just now; "slipway resume run-20261123-7k2m9qz4ab" does/);
  assert.match(stderr, /stopped watching; the run goes on\n$/);
  assert.equal(
    calls.some((call) => call.startsWith('cancel')),
    false,
  );
});

test('SIGTERM leaves the run to be resumed and says how; a second one ends the process at once with 143', async () => {
  let press: (signal?: 'SIGINT' | 'SIGTERM') => void = () => undefined;
  const { promise, resolve } = Promise.withResolvers<{ state: 'running' }>();
  const going = slipway(['rehearse', 'erp'], {
    app: {
      ...endless(),
      follow: async function* () {
        yield* facts([created]).events;
        await promise;
      },
      rehearse: async (session) => {
        session.drain?.addEventListener('abort', () => {
          press('SIGTERM'); // while it is handed over
          resolve({ state: 'running' });
        });
        return { runId: RUN, done: promise };
      },
    },
    onOpen: (it) => (press = it),
  });
  await delay(30);
  press('SIGTERM');
  const { code, stderr, calls } = await going;
  assert.equal(code, EXIT.error);
  assert.match(stderr, new RegExp(`asked to go[^]*HANDED_OVER[^]*"slipway resume ${RUN}"`));
  assert.deepEqual(
    calls.filter((call) => /^(cancel|exitNow)/.test(call)),
    ['exitNow(143)'],
  );
});

test('SIGTERM ends a command that drives nothing', async () => {
  let press: (signal?: 'SIGINT' | 'SIGTERM') => void = () => undefined;
  const going = slipway(['rehearse', 'erp'], {
    app: {
      rehearse: (session) =>
        new Promise((_, reject) => {
          session.signal.addEventListener('abort', () => reject(new Error('interrupted')));
        }),
    },
    onOpen: (it) => (press = it),
  });
  await delay(30);
  press('SIGTERM');
  const { code, stderr } = await going;
  assert.equal(code, EXIT.error);
  assert.match(stderr, /error: stopped by SIGTERM \(TERMINATED\)\n$/);
});
