import type { Clock } from '../../core/index.ts';
import type { Host } from '../../steps/index.ts';
import { DialReset } from './dial.ts';
import { createPace, type Pace } from './pace.ts';
import { createSlots, type Slots } from './slots.ts';
import { unreachableHost } from './unreachable.ts';

/** OpenSSH starts to refuse at 10 connections that have not logged in yet (MaxStartups 10:30:100). */
const FIRST_LIMIT = 8;
const MOST_LIMIT = 32;
/** Tries when others connect too, or have connected: then it is a storm. A server that hangs up on a lonely caller is not there. */
const STORM_TRIES = 10;
const LONELY_TRIES = 4;
const FIRST_WAIT_MS = 150;
const MOST_WAIT_MS = 5_000;

interface Server {
  readonly slots: Slots;
  /** Callers that want a connection now. */
  waiting: number;
  wasReached: boolean;
}

/** Keeps storms of new connections within what a server accepts, and within what this process can begin at once. */
export interface Gate {
  /** Dial, and dial again when the server hung up early. @throws {SlipwayError} `SSH_UNREACHABLE` when it keeps hanging up. */
  pass<T>(host: Host, dialOnce: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/**
 * One limit per server, which halves when the server hangs up on us and grows slowly with each success; and one for all of them together.
 *
 * @param random a number from 0 to 1 for the jitter.
 */
export function createGate(clock: Clock, random: () => number): Gate {
  const servers = new Map<string, Server>();
  const pace = createPace(clock);
  const waitAfter = (tries: number): number => random() * Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
  return {
    pass: async (host, dialOnce, signal) => {
      const key = [...host.jump, host].map((each) => `${each.address}:${each.port}`).join('>');
      const server = servers.get(key) ?? { slots: createSlots(FIRST_LIMIT), waiting: 0, wasReached: false };
      servers.set(key, server);
      server.waiting++;
      try {
        for (let tries = 1; ; tries++) {
          const result = await tryOnce({ server, pace }, dialOnce, signal);
          if (!(result instanceof DialReset)) return result;
          if (tries >= (server.wasReached || server.waiting > 1 ? STORM_TRIES : LONELY_TRIES)) throw unreachableHost(host, result);
          await clock.sleep(waitAfter(tries), signal);
        }
      } finally {
        server.waiting--;
      }
    },
  };
}

async function tryOnce<T>({ server, pace }: { server: Server; pace: Pace }, dialOnce: () => Promise<T>, signal: AbortSignal): Promise<T | DialReset> {
  const { slots } = server;
  const leave = await slots.take(signal);
  try {
    const result = await pace.run(dialOnce, signal);
    server.wasReached = true;
    slots.resize(Math.min(MOST_LIMIT, slots.limit() + 1 / slots.limit()));
    return result;
  } catch (thrown) {
    if (!(thrown instanceof DialReset)) throw thrown;
    slots.resize(slots.limit() / 2);
    return thrown;
  } finally {
    leave();
  }
}
